"""Owns a daemon in a process of its own, as a user runs it: started, killed, started again.

Its places come from the environment of the test (see `tests.daemon.world.made_home`), which also
ends the keeper and the agents and checks that nothing is left.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0
"""Seconds after which what should happen is given up."""

OUTPUT_ENDS = 4000
"""Characters of what a daemon printed that are shown when it fails."""


class DidNotStart(Exception):
    """The daemon said why, or ended without a word."""


class RunningDaemon:
    """`python -m claudetted`. Use as a context: it is killed at the end."""

    def __init__(self, output: Path, **env: str) -> None:
        self._output = output
        self._env = {**os.environ, **env}
        self.program = ["-m", "claudetted"]
        """What Python is told to run; it understands the daemon's arguments."""
        self._process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # also what a signal raises while it starts
            if self._process:
                self.kill9()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process:
            self.kill9()

    @property
    def socket(self) -> Path:
        return Path(self.ready["socket"])

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when clients can connect."""
        reader, writer = os.pipe()
        try:
            with self._output.open("ab") as output:
                self._process = subprocess.Popen(
                    [sys.executable, *self.program, "--verbose", "--ready-fd", str(writer)],
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(writer,),
                    start_new_session=True,
                    cwd="/",
                )
            os.close(writer)
            self._read_ready(reader)
        finally:
            os.close(reader)

    def _read_ready(self, reader: int) -> None:
        said = b""
        while not said.endswith(b"\n"):
            if not select.select([reader], [], [], PATIENCE)[0]:
                raise DidNotStart(self.printed())
            piece = os.read(reader, 4096)
            if not piece:
                break
            said += piece
        self.ready = json.loads(said or b"{}")
        if "socket" not in self.ready:
            assert self._process
            self._process.wait(PATIENCE)
            raise DidNotStart(self.ready.get("error") or self.printed())

    def kill9(self) -> None:
        """Pulls the plug. The keeper and the agents live on; a program that the daemon was asking
        something ends by itself, and has ended."""
        with ExitStack() as held:
            asked = [held.enter_context(_process(pid)) for pid in self._children_at_a_stop()]
            self._end(signal.SIGKILL)
            for descriptor in asked:
                if descriptor is not None:
                    select.select([descriptor], [], [], PATIENCE)

    def stop(self) -> int:
        """In order, as a service manager does it; the exit code."""
        return self._end(signal.SIGTERM)

    def restart(self) -> None:
        self.stop()
        self.start()

    def wait(self) -> int:
        """The exit code, once it has ended by itself."""
        assert self._process
        code = self._process.wait(PATIENCE)
        self._process = None
        return code

    def printed(self) -> str:
        """The end of what it printed, for the message of a failing test."""
        return self._output.read_text(errors="replace")[-OUTPUT_ENDS:]

    def _children_at_a_stop(self) -> list[int]:
        """It starts no others until it is told to go on."""
        if sys.platform != "linux" or not self.alive:
            return []
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return _children(self.pid)

    def _end(self, number: signal.Signals) -> int:
        assert self._process
        self._process.send_signal(number)
        return self.wait()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.glob("*/children") for child in task.read_text().split()]


@contextmanager
def _process(pid: int) -> Iterator[int | None]:
    """A descriptor that can be read when it has ended; none when it has already."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
