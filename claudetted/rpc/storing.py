"""Owns writes that belong to no chat, and what a client is told when the disk refuses one."""

from collections.abc import Iterator
from contextlib import contextmanager

from claudetted.protocol.errors import StoreFull
from claudetted.rpc.services import Services
from claudetted.store.database import Change
from claudetted.store.writer import StoreRefused


async def stored(services: Services, write: Change) -> None:
    """Raises StoreFull."""
    with refusing():
        await services.database.commit(write)


@contextmanager
def refusing() -> Iterator[None]:
    """Around what commits: raises StoreFull where the disk refuses it."""
    try:
        yield
    except StoreRefused as refusal:
        message = f"Could not write to disk ({refusal}); nothing was changed."
        raise StoreFull(message) from None
