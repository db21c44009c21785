"""Owns the list of models as it is shown: what can be used, and which is the default."""

from msgspec.structs import replace

from claudetted.protocol import models
from claudetted.rpc.services import Services


async def known(services: Services) -> models.ListResult:
    return with_default(services, await services.models.known())


def with_default(services: Services, found: models.ListResult) -> models.ListResult:
    return replace(found, default=services.manager.world.rulebook.setting("default_model"))
