"""Owns the handlers of backends."""

from claudetted.chat import configuration
from claudetted.protocol import backends, errors
from claudetted.protocol.backends import BackendResult, TestResult
from claudetted.protocol.base import NoParams
from claudetted.providers.http import HttpFailed
from claudetted.providers.kinds import Kind
from claudetted.rpc.caller import Caller
from claudetted.rpc.methods.providers import hand_over
from claudetted.rpc.services import Services


async def list_(services: Services, caller: Caller, params: NoParams) -> backends.ListResult:
    return backends.ListResult(services.backends.listed())


async def update(
    services: Services, caller: Caller, params: backends.UpdateParams
) -> BackendResult:
    kind = await services.backends.update(params)
    if params.key is not None:
        await hand_over(services)
    await _changed(services, kind)
    return BackendResult(services.backends.described(kind))


async def test(services: Services, caller: Caller, params: backends.TestParams) -> TestResult:
    services.network.learn(params.env)
    kind = services.backends.kind(params.backend)
    try:
        services.backends.require(kind)
        message, models = await _asked(services, kind)
    except (HttpFailed, errors.HarnessMissing, errors.KeychainUnavailable) as failed:
        return TestResult(services.backends.described(kind), False, str(failed))
    await _changed(services, kind)
    return TestResult(services.backends.described(kind), bool(models), message, models)


async def _changed(services: Services, kind: Kind) -> None:
    """Agents that run with it are told before the answer, so that the next turn knows."""
    await configuration.reroute(services.manager, kind.id)
    services.manager.world.feed.changed("models")


async def _asked(services: Services, kind: Kind) -> tuple[str, list[str]]:
    """A sentence, and the ids of the models that are there."""
    if address := services.backends.address(kind):
        look = await services.backends.look(kind)
        models = [f"{kind.prefix}/{found.name}" for found in services.backends.offered(kind)]
        unfit = f" {', '.join(look.unfit)} cannot call tools, as an agent must." * bool(look.unfit)
        return f"{kind.name} answers at {address}: {_counted(len(models))}.{unfit}", models
    if kind.server and not kind.borrows:
        return f"{kind.name} has no address yet: claudette backend set {kind.id} --url URL", []
    await services.models.refresh()
    own = f"{kind.borrows}/" if kind.borrows else ""
    models = [model for model in await services.models.of_agent() if model.startswith(own)]
    if kind.borrows and not models:
        return f"Pi has no credential for it: claudette provider set {kind.borrows}", []
    return f"{kind.name} can be used through Pi: {_counted(len(models))}.", models


def _counted(models: int) -> str:
    return f"{models} model{'s' * (models != 1)}"
