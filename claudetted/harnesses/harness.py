"""Owns what a harness is to the daemon: one record a kind of agent, and nothing of its dialect."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from claudetted.protocol.base import ChatId
from claudetted.protocol.harnesses import Capabilities
from claudetted.sidecar.environment import Launch

Prepare = Callable[[ChatId, Mapping[str, str], Mapping[str, str]], Launch]
"""(chat, its environment, the daemon's) -> what to run. Raises HarnessMissing, which says what to
install."""


class Program(msgspec.Struct, frozen=True):
    """The vendor's own program, which is asked about itself."""

    find: Callable[[Mapping[str, str], Mapping[str, str]], str]
    """(a chat's environment, the daemon's) -> its path. Raises HarnessMissing."""
    status: tuple[str, ...]
    """The words with which it exits with 0 when it is signed in."""
    quiet: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Variables that keep it from doing anything else meanwhile."""


class Harness(msgspec.Struct, frozen=True):
    """One kind of agent. `capabilities` hold until its process says hello with its own."""

    id: str
    name: str
    prepare: Prepare
    capabilities: Capabilities
    copied: bool = False
    """Its program is ours, and runs from a copy that no upgrade changes."""
    tested: str = ""
    """The versions of the vendor's program that were tested."""
    vendor_history: Callable[[Path], list[str]] = lambda _sessions: []
    """What the vendor's program keeps in a place of its own of the sessions that are in a chat's
    directory of them."""
    vendor_sessions: Callable[[Path], list[str]] = lambda _sessions: []
    """The names of such sessions, where only the vendor's program can remove them."""
    sign_in: str = ""
    """The command that signs in with the vendor's own program; empty when the daemon does it."""
    program: Program | None = None
    """None for one that comes with us, and for one that is asked by its adapter."""
    command: tuple[str, ...] = ()
    """What the user has said that starts it, of an agent that was added."""
    hosted: tuple[str, ...] = ()
    """Tools, as rules call them, that its service runs without asking anybody: its model is given
    those that would run unasked."""
    like: str = ""
    """Which known agent that is."""
