"""Owns what a translation wants done, and what it is told of the vendor's program."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

END_SECONDS = 2.0
"""The vendor's program has so long to end before it is killed."""


class ToVendor(msgspec.Struct, frozen=True):
    """Bytes for the vendor's stdin."""

    data: bytes


class StartVendor(msgspec.Struct, frozen=True):
    """Starts the vendor's program. Answered by `vendor_ended` when it cannot be started."""

    argv: list[str]
    env: dict[str, str]
    cwd: str


class EndVendor(msgspec.Struct, frozen=True):
    """Closes the vendor's stdin and ends the program that many seconds later."""

    grace: float = END_SECONDS


class Wake(msgspec.Struct, frozen=True):
    """Calls `woken` with `what`, that many seconds from now."""

    seconds: float
    what: str


class Exit(msgspec.Struct, frozen=True):
    """Ends the adapter, after all that was said before is written."""

    code: int = 0


class Listen(msgspec.Struct, frozen=True):
    """Makes a socket for callers, in a directory of the chat's."""

    directory: str
    name: str


class AnswerCaller(msgspec.Struct, frozen=True):
    caller: int
    data: bytes


Action = Line | ToVendor | StartVendor | EndVendor | Wake | Exit | Listen | AnswerCaller
"""What a translation wants done; a `Line` goes to the daemon."""


class VendorEnd(msgspec.Struct, frozen=True):
    """How the vendor's program ended. `code` is negative for a signal; `error` says why it did not
    start."""

    code: int
    stderr: str
    error: str = ""


class Translation(Protocol):
    """One agent's dialect, without any input or output. Each call gives what is to be done, in
    order. `now` is in seconds, of no particular clock."""

    def begun(self) -> Iterable[Action]: ...

    def line(self, line: sc.ToSidecar, now: float) -> Iterable[Action]: ...

    def vendor_line(self, data: bytes, now: float) -> Iterable[Action]: ...

    def vendor_ended(self, end: VendorEnd) -> Iterable[Action]: ...

    def woken(self, what: str, now: float) -> Iterable[Action]: ...
