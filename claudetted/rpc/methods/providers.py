"""Owns the handlers of providers."""

from claudetted.protocol import errors, providers
from claudetted.protocol.base import NoParams
from claudetted.protocol.providers import KeyResult
from claudetted.providers import catalogue
from claudetted.providers.claude import PROVIDER, without_tokens
from claudetted.providers.keys import Keys
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services


async def list_(services: Services, caller: Caller, params: NoParams) -> providers.ListResult:
    found = await _keys(services).listed()
    why = await services.block.why()
    return catalogue.blocked(found, PROVIDER, why) if why else found


async def set_key(services: Services, caller: Caller, params: providers.SetKeyParams) -> KeyResult:
    notes = await _keys(services).store(params)
    return await _changed(services, params.provider, notes)


async def clear_key(
    services: Services, caller: Caller, params: providers.ClearKeyParams
) -> KeyResult:
    keys = _keys(services)
    notes = await keys.clear(await keys.look(params.provider))
    return await _changed(services, params.provider, notes)


async def environment(
    services: Services, caller: Caller, params: providers.EnvironmentParams
) -> providers.EnvironmentResult:
    """Only what a provider or the way to it needs is taken, whatever else came."""
    known = {
        name
        for row in (await _keys(services).listed()).providers
        for name in [*row.variables, *row.settings]
    }
    taken = {
        name: value for name, value in without_tokens(params.variables).items() if name in known
    }
    services.credentials.shell = taken
    services.network.learn(params.variables)
    services.login.ask_again()
    await credentials_changed(services)
    names = sorted(taken)
    return providers.EnvironmentResult(
        [name for name in names if taken[name]],
        [name for name in names if not taken[name]],
        (await _keys(services).listed()).summary,
    )


def _keys(services: Services) -> Keys:
    return Keys(services.control, services.credentials)


async def _changed(services: Services, provider: str, notes: list[str]) -> KeyResult:
    try:
        await credentials_changed(services)
    except (errors.HarnessFailed, errors.StoreFull) as fault:
        notes = [*notes, f"The models were not looked up: {fault.message}"]
    now = await _keys(services).look(provider)
    if now.id == PROVIDER and now.configured and (why := await services.block.why()):
        notes = [*notes, why]
    return KeyResult(now, notes)


async def credentials_changed(services: Services) -> None:
    """What runs is told before it is asked what holds now."""
    await hand_over(services)
    services.credits.forget()
    services.manager.world.feed.changed("providers")
    await services.models.refresh()
    services.manager.world.feed.changed("models")


async def subscription_changed(services: Services) -> None:
    """Other models may be used than before, with the same credentials."""
    await hand_over(services)
    services.manager.world.feed.changed("providers")
    services.manager.world.feed.changed("models")


async def hand_over(services: Services) -> None:
    """What runs has the credentials as they are now, ahead of what it is asked next."""
    await services.control.refresh()
    for actor in services.manager.loaded:
        if actor.agent.sidecar_id:
            await services.credentials.hand_to(actor.agent.sidecar_id, actor.env)
