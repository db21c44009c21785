"""Owns the handlers of models."""

from msgspec.structs import replace

from claudetted.protocol import models
from claudetted.protocol.base import NoParams
from claudetted.providers.claude import PROVIDER
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def list_(desk: Desk, caller: Caller, params: NoParams) -> models.ListResult:
    return _shown(desk, await desk.models.known(), await desk.block.why_at_once())


async def refresh(desk: Desk, caller: Caller, params: NoParams) -> models.ListResult:
    found = await desk.models.refresh()
    desk.manager.world.feed.changed("models")
    return _shown(desk, found, await desk.block.why())


def _shown(desk: Desk, found: models.ListResult, blocked: str) -> models.ListResult:
    default = desk.manager.world.rulebook.setting("default_model")
    return replace(_without_blocked(found, blocked), default=default)


def _without_blocked(found: models.ListResult, why: str) -> models.ListResult:
    """Why some are missing is told when they could be used."""
    shown = [model for model in found.models if model.provider != PROVIDER]
    if not why or len(shown) == len(found.models):
        return found
    usable = any(model.usable for model in found.models if model.provider == PROVIDER)
    trouble = f"{found.trouble} {why}".strip() if usable else found.trouble
    return replace(found, models=shown, trouble=trouble)
