"""Owns the handlers of providers."""

from claudetted.protocol import errors, providers
from claudetted.protocol.base import NoParams
from claudetted.protocol.providers import KeyResult
from claudetted.providers import catalogue
from claudetted.providers.claude import PROVIDER, without_tokens
from claudetted.providers.keys import Keys
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def list_(desk: Desk, caller: Caller, params: NoParams) -> providers.ListResult:
    found = await _keys(desk).listed()
    why = await desk.block.why()
    return catalogue.blocked(found, PROVIDER, why) if why else found


async def set_key(desk: Desk, caller: Caller, params: providers.SetKeyParams) -> KeyResult:
    notes = await _keys(desk).store(params)
    return await _changed(desk, params.provider, notes)


async def clear_key(desk: Desk, caller: Caller, params: providers.ClearKeyParams) -> KeyResult:
    keys = _keys(desk)
    notes = await keys.clear(await keys.look(params.provider))
    return await _changed(desk, params.provider, notes)


async def environment(
    desk: Desk, caller: Caller, params: providers.EnvironmentParams
) -> providers.EnvironmentResult:
    """Only what a provider looks at is taken, whatever else came."""
    known = {name for row in (await _keys(desk).listed()).providers for name in row.variables}
    taken = {
        name: value for name, value in without_tokens(params.variables).items() if name in known
    }
    desk.credentials.shell = taken
    await credentials_changed(desk)
    names = sorted(taken)
    return providers.EnvironmentResult(
        [name for name in names if taken[name]],
        [name for name in names if not taken[name]],
        (await _keys(desk).listed()).summary,
    )


def _keys(desk: Desk) -> Keys:
    return Keys(desk.control, desk.credentials)


async def _changed(desk: Desk, provider: str, notes: list[str]) -> KeyResult:
    try:
        await credentials_changed(desk)
    except (errors.HarnessFailed, errors.StoreFull) as fault:
        notes = [*notes, f"The models were not looked up: {fault.message}"]
    now = await _keys(desk).look(provider)
    if now.id == PROVIDER and now.configured and (why := await desk.block.why()):
        notes = [*notes, why]
    return KeyResult(now, notes)


async def credentials_changed(desk: Desk) -> None:
    """What runs is told before it is asked what holds now."""
    await hand_over(desk)
    desk.credits.forget()
    desk.manager.world.feed.changed("providers")
    await desk.models.refresh()
    desk.manager.world.feed.changed("models")


async def subscription_changed(desk: Desk) -> None:
    """Other models may be used than before, with the same credentials."""
    await hand_over(desk)
    desk.manager.world.feed.changed("providers")
    desk.manager.world.feed.changed("models")


async def hand_over(desk: Desk) -> None:
    """What runs has the credentials as they are now, ahead of what it is asked next."""
    await desk.control.refresh()
    for actor in desk.manager.loaded:
        if actor.agent.sidecar_id:
            await desk.credentials.hand_to(actor.agent.sidecar_id, actor.env)
