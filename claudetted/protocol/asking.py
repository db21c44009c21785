"""Owns the lines with which an agent asks: whether a call may run, and what it wants to know."""

from claudetted.protocol.base import Line
from claudetted.protocol.permissions import Confinement, Request
from claudetted.protocol.questions import Option


class Ask(Line, tag="ask", frozen=True):
    """Every tool call asks before it runs, and waits for `decide`."""

    ask: str
    item: str
    request: Request
    supersedes: str = ""
    more: bool = False
    """The diff in the request is the beginning of one that `ask.diff` brings whole."""


class AskDiff(Line, tag="ask.diff", frozen=True):
    """A piece of the diff of an `ask` with `more`, from its beginning on. Nobody who has to judge
    waits for it: the request holds as much as a card shows."""

    ask: str
    text: str
    last: bool = False


class AskWithdrawn(Line, tag="ask.withdrawn", frozen=True):
    """The call was given up before it was decided."""

    ask: str


class Decide(Line, tag="decide", frozen=True):
    """Answers an `ask`. `reason` is told to the model on deny.

    A command that is allowed with a `confinement` gets its environment, and is started behind the
    words of `wrapper`: a program and its arguments. Where that program cannot be started or says
    that it cannot confine, the command fails: it never runs without.
    """

    ask: str
    allow: bool
    reason: str = ""
    confinement: Confinement | None = None
    wrapper: list[str] = []


class Inquiry(Line, tag="inquiry", frozen=True):
    """The agent wants to know something of a person, and waits for `inform`. One that is open at
    the end of the turn is withdrawn with it.

    Without `options` any text is an answer; with them and `free`, other texts are, too.
    """

    inquiry: str
    title: str
    about: str = ""
    options: list[Option] = []
    free: bool = False
    several: bool = False
    secret: bool = False
    placeholder: str = ""


class InquiryWithdrawn(Line, tag="inquiry.withdrawn", frozen=True):
    """The agent needs no answer any more."""

    inquiry: str


class Inform(Line, tag="inform", frozen=True):
    """Answers an `inquiry` with the id of an option or a text; of several, one a line."""

    inquiry: str
    value: str
