"""Owns the handlers of models."""

from msgspec.structs import replace

from claudetted.protocol import models
from claudetted.protocol.base import NoParams
from claudetted.providers.claude import PROVIDER
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def list_(desk: Desk, caller: Caller, params: NoParams) -> models.ListResult:
    return await _with_default(desk, await desk.models.known())


async def refresh(desk: Desk, caller: Caller, params: NoParams) -> models.ListResult:
    return await _with_default(desk, await desk.models.refresh())


async def _with_default(desk: Desk, found: models.ListResult) -> models.ListResult:
    default = desk.manager.world.rulebook.setting("default_model")
    return replace(_shown(found, await desk.block.why_at_once()), default=default)


def _shown(found: models.ListResult, blocked: str) -> models.ListResult:
    """Without those that are blocked; why some are missing is told when they could be used."""
    shown = [model for model in found.models if model.provider != PROVIDER]
    if not blocked or len(shown) == len(found.models):
        return found
    usable = any(model.usable for model in found.models if model.provider == PROVIDER)
    trouble = f"{found.trouble} {blocked}".strip() if usable else found.trouble
    return replace(found, models=shown, trouble=trouble)
