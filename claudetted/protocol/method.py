"""Owns what a row of the registry says: a method, or a notification."""

from typing import Any

import msgspec

from claudetted.protocol import errors
from claudetted.protocol.rights import Right


class Method(msgspec.Struct, frozen=True):
    """One row of the registry."""

    name: str
    params: type[Any]
    result: type[Any]
    doc: str
    right: Right
    """What the caller must have. Parameters that do what another method does need its right."""
    faults: tuple[type[errors.Fault], ...] = ()
    waits: bool = False

    @property
    def noun(self) -> str:
        return self.name.split("/")[0]


class Notification(msgspec.Struct, frozen=True):
    """Something the daemon sends by itself."""

    name: str
    params: type[Any]
