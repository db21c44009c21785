"""Owns the lines that bring a sidecar what a person says."""

from claudetted.protocol.base import Line
from claudetted.protocol.images import MimeType
from claudetted.protocol.signing import Record


class ImageFile(Record, frozen=True):
    """An image of a message, in a file of the chat's directory that stays as it is."""

    path: str
    mime_type: MimeType
    name: str = ""


class Prompt(Line, tag="prompt", frozen=True):
    """Begins a turn; answered when it was taken, ended by `turn.end` with the same `turn`.

    `text` is empty only beside images, which come for an agent that can take some.
    """

    id: int
    turn: str
    text: str
    note: str = ""
    expand: bool = False
    """The text is a command of the agent's own: a prompt template or a skill."""
    images: list[ImageFile] = []


class Steer(Line, tag="steer", frozen=True):
    """Delivers a message into the running turn. `reply` has the error `NotRunning` when it is
    too late; `steer.taken` tells when the model got it."""

    id: int
    turn: str
    text: str
    images: list[ImageFile] = []
