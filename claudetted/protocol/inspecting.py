"""Owns the lines for agents that are started without a chat: what one is, what it is to forget."""

from claudetted.protocol.base import Line
from claudetted.protocol.signing import Record


class Inspect(Line, tag="inspect", frozen=True):
    """Finds out what the agent is, with a session in `cwd` that nothing is said in. Answered with
    an `Inspected`; needs no session of its own."""

    id: int
    cwd: str


class Forget(Line, tag="forget", frozen=True):
    """Has the agent remove a session from its own history, in a process that has none open. The
    `cwd` is where the agent is started."""

    id: int
    cwd: str
    session: str


class Inspected(Record, frozen=True):
    """Result of `inspect`. `problem` says what keeps it from being used, and what to do."""

    calls_itself: str = ""
    version: str = ""
    signed_in: bool = True
    modes: list[str] = []
    mode: str = ""
    models: list[str] = []
    like: str = ""
    problem: str = ""
