"""Owns the surroundings in which a command may find itself: every two of their kinds meet once."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from claudette_cli import exits

_ASCII = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@dataclass(frozen=True)
class Surroundings:
    """Without a daemon none can be started either: its data directory cannot be made."""

    output: Literal["null", "closed", "full", "broken"]
    directory: Literal["usual", "gone", "too long"]
    errors: Literal["null", "closed", "full"]
    input: Literal["null", "closed"]
    utf8: bool
    home: bool
    daemon: bool

    @contextmanager
    def streams(self) -> Iterator[dict[str, Any]]:
        """For `subprocess.run`. Those that are closed are closed by `enter`."""
        reading, broken = os.pipe()
        os.close(reading)
        with open("/dev/full", "wb") as full:
            place = {"null": subprocess.DEVNULL, "closed": None, "full": full, "broken": broken}
            try:
                yield {
                    "stdin": subprocess.DEVNULL,
                    "stdout": place[self.output],
                    "stderr": place[self.errors],
                }
            finally:
                os.close(broken)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        env = {**base, **({} if self.utf8 else _ASCII)}
        if not self.daemon:
            env["CLAUDETTED_DATA_DIR"] = "/dev/null/none"
        if not self.home:
            del env["HOME"]
        return env

    def enter(self) -> None:
        """In the process, before its program."""
        for descriptor, what in enumerate((self.input, self.output, self.errors)):
            if what == "closed":
                os.close(descriptor)
        if self.directory == "gone":
            vanish()
        elif self.directory == "too long":
            dig()

    @property
    def expected(self) -> set[int]:
        """The exit codes of a command that prints something and needs a daemon."""
        if not self.daemon:
            return {exits.FAILED, exits.NO_DAEMON}
        return {{"full": exits.FAILED, "broken": exits.PIPE_CLOSED}.get(self.output, exits.DONE)}


def vanish() -> None:
    """The directory we are in is removed."""
    gone = tempfile.mkdtemp()
    os.chdir(gone)
    os.rmdir(gone)


def dig() -> None:
    """Into a directory whose whole path no call takes, below the one we are in."""
    for _ in range(20):
        os.makedirs("x" * 250, exist_ok=True)
        os.chdir("x" * 250)


ALL = [
    Surroundings("null", "usual", "null", "null", utf8=False, home=True, daemon=True),
    Surroundings("null", "gone", "closed", "closed", utf8=True, home=False, daemon=False),
    Surroundings("null", "too long", "full", "null", utf8=True, home=False, daemon=True),
    Surroundings("closed", "usual", "closed", "null", utf8=False, home=False, daemon=True),
    Surroundings("closed", "gone", "full", "null", utf8=True, home=True, daemon=True),
    Surroundings("closed", "too long", "null", "closed", utf8=False, home=True, daemon=False),
    Surroundings("full", "usual", "full", "closed", utf8=True, home=True, daemon=True),
    Surroundings("full", "gone", "null", "null", utf8=False, home=False, daemon=True),
    Surroundings("full", "too long", "closed", "null", utf8=True, home=True, daemon=False),
    Surroundings("broken", "gone", "null", "closed", utf8=True, home=False, daemon=True),
    Surroundings("broken", "usual", "full", "null", utf8=False, home=True, daemon=False),
    Surroundings("broken", "too long", "closed", "null", utf8=False, home=True, daemon=True),
]
"""Each value of one kind meets each of every other."""
