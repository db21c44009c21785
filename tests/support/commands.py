"""Owns running `claudette` as a script or a person does: in a pipe, or on a real terminal."""

import json
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pexpect
import pyte

from claudetted.protocol import places

CLAUDETTE = [sys.executable, "-m", "claudette_cli"]
PATIENCE = 60.0
LINES = 40
_STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Commands:
    """Runs commands in one directory. As a context it ends the daemon they have started."""

    def __init__(self, directory: Path, program: Sequence[str] = CLAUDETTE) -> None:
        self._directory = directory
        self._program = program

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run("shutdown", "--agents")

    def run(self, *arguments: str, typed: str | bytes = "", code: int | None = 0) -> Ended:
        """In a pipe. With a `code` of None any end will do."""
        done = subprocess.run(
            [*self._program, *arguments],
            cwd=self._directory,
            input=typed if isinstance(typed, bytes) else typed.encode(),
            capture_output=True,
            timeout=PATIENCE,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert code is None or ended.code == code, ended
        return ended

    @contextmanager
    def started(self, *arguments: str) -> Iterator[IO[bytes]]:
        """What it prints, while it runs; it has to end by itself."""
        with subprocess.Popen(
            [*self._program, *arguments],
            cwd=self._directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        ) as running:
            assert running.stdout
            yield running.stdout
            assert running.wait(PATIENCE) == 0

    def new(self, *arguments: str) -> str:
        """A chat's id."""
        return self.run("new", ".", *arguments).out.strip()

    def terminal(
        self,
        *arguments: str,
        program: Sequence[str] = (),
        columns: int = 120,
        **env: str,
    ) -> "Terminal":
        used = program or self._program
        return Terminal(self._directory, *arguments, program=used, columns=columns, **env)

    def kill9_daemon(self) -> int:
        """Pulls the plug of the daemon that the lock file names; its pid."""
        pid = int(json.loads(places.lock_path().read_bytes())["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid


class Terminal:
    """A command on a terminal of its own. Use as a context: it is closed at the end, which every
    command has to end by itself."""

    def __init__(
        self,
        directory: Path,
        *arguments: str,
        program: Sequence[str] = CLAUDETTE,
        columns: int = 120,
        **env: str,
    ) -> None:
        # No terminal answers here where the cursor is.
        fixed = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "NO_COLOR": "1"}
        self._child = pexpect.spawn(
            program[0],
            [*program[1:], *arguments],
            cwd=os.fspath(directory),
            env={**os.environ, **fixed, **env},
            dimensions=(LINES, columns),
            encoding="utf-8",
            timeout=PATIENCE,
        )
        self._screen = pyte.Screen(columns, LINES)
        self._child.logfile_read = _Drawing(pyte.Stream(self._screen))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._child.closed:
            self.hang_up()

    def expect(self, text: str) -> str:
        """Returns once this was written, with what was written before it, without styles."""
        self._child.expect_exact(text)
        return _STYLES.sub("", self._child.before or "")

    def shows(self, text: str) -> None:
        """Returns once this stands on the screen. Of a line that changes only what is new is
        written."""
        while not any(text in line for line in self._screen.display):
            self._child.expect(r"(?s).+")

    def lacks(self, text: str) -> None:
        """Returns once this stands nowhere on the screen."""
        while any(text in line for line in self._screen.display):
            self._child.expect(r"(?s).+")

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def enter(self, text: str) -> None:
        """A message of one or several lines, sent."""
        self.type(text.replace("\n", "\x0a") + "\r")

    def resize(self, lines: int, columns: int) -> None:
        self._screen.resize(lines, columns)
        self._child.setwinsize(lines, columns)

    def signal(self, signum: int) -> None:
        self._child.kill(signum)

    def signal_job(self, signum: int) -> None:
        """For the command that the shell on this terminal runs."""
        shell = self._child.pid
        (job,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        os.kill(int(job), signum)

    def suspend(self, how: str) -> None:
        """The command that the shell on this terminal runs: by its key, or by a signal."""
        if how == "key":
            self.type("\x1a")
        else:
            self.signal_job(signal.SIGTSTP)

    def hang_up(self) -> int:
        """The terminal is closed; the exit code, once the command has ended."""
        self._child.ptyproc.fileobj.close()
        self._child.wait()
        self._child.close()
        code = self._child.exitstatus
        return 128 + self._child.signalstatus if code is None else int(code)

    @property
    def modes(self) -> list[Any]:
        """How the terminal is set, as termios has it."""
        return termios.tcgetattr(self._child.child_fd)

    def ended(self, *, close: bool = True) -> tuple[int, str]:
        """The exit code as a shell tells it, and what was written last.

        Under `-m` Python ends by SIGINT itself when Ctrl-C came inside an `exec`, such as that of
        a dataclass being made, whatever exit code is asked for then.
        """
        self._child.expect(pexpect.EOF)
        rest = _STYLES.sub("", self._child.before or "")
        if close:
            self._child.close()
        else:
            self._child.wait()
        code = self._child.exitstatus
        return (128 + self._child.signalstatus if code is None else code), rest


class _Drawing:
    """A file that is a terminal's screen."""

    def __init__(self, screen: pyte.Stream) -> None:
        self._screen = screen

    def write(self, written: str) -> None:
        self._screen.feed(written)

    def flush(self) -> None:
        """Nothing is held back."""
