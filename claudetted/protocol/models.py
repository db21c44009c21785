"""Owns models: which can be used, in which groups they are shown, and which is the default."""

from claudetted.protocol.backends import FIRST
from claudetted.protocol.base import Data


class Model(Data, frozen=True):
    """One model. `id` is `provider/model`; `primary` ones are shown before "show all"."""

    id: str
    name: str
    provider: str
    group: str
    """The provider by its real name."""
    context_window: int | None = None
    primary: bool = False
    usable: bool = True
    backend: str = FIRST
    """Where it was found: Pi's own providers, or a server of the user's."""
    runtime: str = "Pi"
    """Who runs its chats: the head under which groups are shown."""
    images: bool | None = None
    """Whether it takes images; null when that is not known."""


class ListResult(Data, frozen=True):
    """All models in the order of their groups, as they were at the last look.

    `advice` is one sentence on what to do when none can be used; `trouble` says why some may be
    missing.
    """

    models: list[Model] = []
    default: str = ""
    refreshed_at: str = ""
    advice: str = ""
    trouble: str = ""
