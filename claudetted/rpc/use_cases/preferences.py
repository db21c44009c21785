"""Owns what follows from a changed setting, whether a client or a person with an editor did it."""

import logging
from typing import Any

from claudetted.chat import configuration
from claudetted.protocol import errors
from claudetted.protocol.settings import TRUST
from claudetted.rpc.services import Services
from claudetted.rpc.storing import refusing
from claudetted.rpc.use_cases.questions import trust_changed
from claudetted.store.config_file import Broken
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

_MODEL = "default_model"
_KEYS = "private_keys"


async def put(services: Services, key: str, value: Any) -> None:
    """Raises StoreFull, and InvalidParams while the file cannot be read."""
    try:
        with refusing():
            await services.preferences.put(key, value)
    except (Broken, OSError) as fault:
        message = f"Mend {services.preferences.path} first: {fault}. Nothing was changed."
        raise errors.InvalidParams(message, path="$.key") from None


async def take_up(services: Services) -> None:
    """What was edited in the file holds from now on. A disk that refuses it is no fault of
    whoever asks for something else: it is taken up later."""
    before = str(services.manager.world.rulebook.setting(_KEYS))
    try:
        changed = await services.preferences.take_up()
    except (OSError, StoreRefused) as fault:
        logger.warning("%s is not taken up: %s", services.preferences.path, fault)
        return
    await follow(services, changed)
    if _KEYS in changed and (stayed := await moved(services, before)):
        logger.warning("%s", stayed)


async def follow(services: Services, changed: set[str]) -> None:
    """Tells those who have to know."""
    if any(key.partition(":")[0] == _MODEL for key in changed):
        services.manager.world.feed.changed("models")
        for actor in services.manager.loaded:
            if len(actor.hub):
                await configuration.show_default(services.manager, actor)
    for key in changed:
        if key.partition(":")[0] == TRUST:
            await trust_changed(services, key.partition(":")[2])


async def moved(services: Services, before: str) -> str:
    """Private keys go along with the setting; what could not, is named."""
    after = str(services.manager.world.rulebook.setting(_KEYS))
    if before == after:
        return ""
    stayed, why = await services.credentials.move(before, after)
    if not stayed:
        return ""
    return (
        f"These keys were not moved ({before}): {', '.join(stayed)}. {why} Then set "
        f"{_KEYS} back and again, or store them anew with: claudette provider set … --private"
    )
