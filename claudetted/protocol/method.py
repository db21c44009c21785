"""Owns what a row of the registry says: a method, or a notification."""

from dataclasses import dataclass
from typing import Any

from claudetted.protocol import errors


@dataclass(frozen=True)
class Method:
    """One row of the registry."""

    name: str
    params: type[Any]
    result: type[Any]
    doc: str
    faults: tuple[type[errors.Fault], ...] = ()
    waits: bool = False
    watches: bool = False
    """It changes nothing: clients that an agent has started may call it, and nothing else."""

    @property
    def noun(self) -> str:
        return self.name.split("/")[0]


@dataclass(frozen=True)
class Notification:
    """Something the daemon sends by itself."""

    name: str
    params: type[Any]
