"""Owns the handlers of the door for browsers and other machines."""

from claudetted.protocol.base import Empty, NoParams
from claudetted.protocol.remote import EnableParams, RemoteResult
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.rpc.storing import refusing


async def enable(services: Services, caller: Caller, params: EnableParams) -> RemoteResult:
    with refusing():
        return RemoteResult(await services.remote.enable(params))


async def disable(services: Services, caller: Caller, params: NoParams) -> Empty:
    with refusing():
        await services.remote.disable()
    return Empty()
