"""Owns the handlers of sign-ins."""

from claudetted.protocol import logins
from claudetted.protocol.base import NoParams
from claudetted.protocol.logins import LoginResult
from claudetted.providers.keys import Keys
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def start(desk: Desk, caller: Caller, params: logins.StartParams) -> LoginResult:
    provider = await Keys(desk.control, desk.credentials).look(params.provider)
    return LoginResult(desk.logins.start(provider))


async def list_(desk: Desk, caller: Caller, params: NoParams) -> logins.ListResult:
    return logins.ListResult(desk.logins.all)


async def wait(desk: Desk, caller: Caller, params: logins.WaitParams) -> LoginResult:
    return LoginResult(await desk.logins.wait(params.login_id, params.after))


async def answer(desk: Desk, caller: Caller, params: logins.AnswerParams) -> LoginResult:
    return LoginResult(await desk.logins.answer(params.login_id, params.value))


async def cancel(desk: Desk, caller: Caller, params: logins.CancelParams) -> LoginResult:
    return LoginResult(await desk.logins.cancel(params.login_id))
