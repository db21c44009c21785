"""Owns what the link tells about a sidecar, and what can go wrong with a keeper."""

import msgspec

from claudetted.protocol.base import SidecarId


class Output(msgspec.Struct, frozen=True):
    sidecar: SidecarId
    offset: int
    """Of the first byte of `data` in the sidecar's standard output."""
    data: bytes


class Exit(msgspec.Struct, frozen=True):
    """The process has ended; told after all of its output."""

    sidecar: SidecarId
    code: int | None
    signal: int | None
    stderr: bytes
    """The last of it."""

    @property
    def reason(self) -> str:
        return f"exit code {self.code}" if self.signal is None else f"signal {self.signal}"

    @property
    def last_lines(self) -> list[str]:
        """What it said last, for a person."""
        lines = self.stderr.decode(errors="replace").split("\n")
        return [line for line in lines if line.strip()][-10:]


class Lost(msgspec.Struct, frozen=True):
    """The keeper is gone, and the sidecar with it."""

    sidecar: SidecarId


class Running(msgspec.Struct, frozen=True):
    """A sidecar that the keeper has when the daemon comes."""

    sidecar: SidecarId
    base: int
    """Offset of the first byte that nobody acknowledged."""
    end: int
    input_n: int
    """Number of the last input line that the keeper has."""
    pid: int
    exited: bool


Report = Output | Exit | Lost


class LaunchFailed(Exception):
    """The program did not start; the message says why."""


class KeeperFailed(Exception):
    """There is no keeper, or none we understand; the message says what to do."""


class Fenced(Exception):
    """A newer daemon has taken over the sidecars. This one must end and touch nothing."""
