"""Owns the handlers of models."""

from msgspec.structs import replace

from claudetted.protocol import models
from claudetted.protocol.base import NoParams
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def list_(desk: Desk, caller: Caller, params: NoParams) -> models.ListResult:
    return _with_default(desk, await desk.models.known())


async def refresh(desk: Desk, caller: Caller, params: NoParams) -> models.ListResult:
    found = await desk.models.refresh()
    desk.manager.world.feed.changed("models")
    return _with_default(desk, found)


def _with_default(desk: Desk, found: models.ListResult) -> models.ListResult:
    return replace(found, default=desk.manager.world.rulebook.setting("default_model"))
