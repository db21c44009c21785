"""Owns what the bridge asks of the daemon, as steps that are written one after the other.

A generator yields what it asks and is resumed with the answer, or with Failure thrown into it.
Nothing blocks meanwhile: the link resumes it when the answer is there.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    Json = dict[str, Any]
    Steps = Generator["Ask", Any, None]
    Answered = Generator["Ask", Any, Json]
    """Steps that come to something."""


class Ask:
    """One request to the daemon. It is sent again when the daemon was replaced before it answered,
    so it must be harmless to repeat: a reading, one with a key, or one that sets a state. What is
    not says so: `once` fails with Failure when the daemon goes before it answers. `patient` ones
    wait for a daemon however long there is none; others fail after a while.

    A plain class, as all that is loaded before an editor is answered first: `typing` costs a third
    of the time that an editor waits.
    """

    def __init__(
        self, method: str, params: Json, *, patient: bool = False, once: bool = False
    ) -> None:
        self.method = method
        self.params = params
        self.patient = patient
        self.once = once
