"""Owns the handlers of sign-ins."""

from claudetted.protocol import logins
from claudetted.protocol.base import NoParams
from claudetted.protocol.logins import LoginResult
from claudetted.providers.keys import Keys
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services


async def start(services: Services, caller: Caller, params: logins.StartParams) -> LoginResult:
    services.network.learn(params.env)
    provider = await Keys(services.control, services.credentials).look(params.provider)
    return LoginResult(services.logins.start(provider))


async def list_(services: Services, caller: Caller, params: NoParams) -> logins.ListResult:
    return logins.ListResult(services.logins.all)


async def wait(services: Services, caller: Caller, params: logins.WaitParams) -> LoginResult:
    return LoginResult(await services.logins.wait(params.login_id, params.after))


async def answer(services: Services, caller: Caller, params: logins.AnswerParams) -> LoginResult:
    return LoginResult(await services.logins.answer(params.login_id, params.value))


async def cancel(services: Services, caller: Caller, params: logins.CancelParams) -> LoginResult:
    return LoginResult(await services.logins.cancel(params.login_id))
