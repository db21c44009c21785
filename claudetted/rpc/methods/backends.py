"""Owns the handlers of backends."""

from claudetted.protocol import backends, errors
from claudetted.protocol.backends import BackendResult, TestResult
from claudetted.protocol.base import NoParams
from claudetted.providers.http import HttpFailed
from claudetted.providers.kinds import Kind
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.methods.providers import hand_over


async def list_(desk: Desk, caller: Caller, params: NoParams) -> backends.ListResult:
    return backends.ListResult(desk.backends.listed())


async def update(desk: Desk, caller: Caller, params: backends.UpdateParams) -> BackendResult:
    kind = await desk.backends.update(params)
    if params.key is not None:
        await hand_over(desk)
    await _changed(desk, kind)
    return BackendResult(desk.backends.described(kind))


async def test(desk: Desk, caller: Caller, params: backends.TestParams) -> TestResult:
    kind = desk.backends.kind(params.backend)
    try:
        desk.backends.require(kind)
        message, models = await _asked(desk, kind)
    except (HttpFailed, errors.HarnessMissing, errors.KeychainUnavailable) as failed:
        return TestResult(desk.backends.described(kind), False, str(failed))
    await _changed(desk, kind)
    return TestResult(desk.backends.described(kind), bool(models), message, models)


async def _changed(desk: Desk, kind: Kind) -> None:
    """Agents that run with it are told before the answer, so that the next turn knows."""
    await desk.manager.reroute(kind.id)
    desk.manager.world.feed.changed("models")


async def _asked(desk: Desk, kind: Kind) -> tuple[str, list[str]]:
    """A sentence, and the ids of the models that are there."""
    if address := desk.backends.address(kind):
        look = await desk.backends.look(kind)
        models = [f"{kind.prefix}/{found.name}" for found in desk.backends.offered(kind)]
        unfit = f" {', '.join(look.unfit)} cannot call tools, as an agent must." * bool(look.unfit)
        return f"{kind.name} answers at {address}: {_counted(len(models))}.{unfit}", models
    if kind.server and not kind.borrows:
        return f"{kind.name} has no address yet: claudette backend set {kind.id} --url URL", []
    await desk.models.refresh()
    own = f"{kind.borrows}/" if kind.borrows else ""
    models = [model for model in await desk.models.of_agent() if model.startswith(own)]
    if kind.borrows and not models:
        return f"Pi has no credential for it: claudette provider set {kind.borrows}", []
    return f"{kind.name} can be used through Pi: {_counted(len(models))}.", models


def _counted(models: int) -> str:
    return f"{models} model{'s' * (models != 1)}"
