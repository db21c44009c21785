"""Owns writes that belong to no chat, and what a client is told when the disk refuses one."""

from claudetted.protocol.errors import StoreFull
from claudetted.rpc.desk import Desk
from claudetted.store.database import Change
from claudetted.store.writer import StoreRefused


async def stored(desk: Desk, write: Change) -> None:
    """Raises StoreFull."""
    try:
        await desk.database.commit(write)
    except StoreRefused as refusal:
        message = f"The disk did not take the write ({refusal}); nothing was changed."
        raise StoreFull(message) from None
