"""Owns the handlers of models."""

from claudetted.protocol import models
from claudetted.protocol.base import NoParams
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases.models import known, with_default


async def list_(services: Services, caller: Caller, params: NoParams) -> models.ListResult:
    return await known(services)


async def refresh(services: Services, caller: Caller, params: NoParams) -> models.ListResult:
    found = await services.models.refresh()
    services.manager.world.feed.changed("models")
    return with_default(services, found)
