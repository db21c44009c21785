"""Owns the handlers of devices."""

from datetime import UTC, datetime, timedelta

from claudetted.chat import ids
from claudetted.protocol import devices, errors, errors_remote
from claudetted.protocol.base import Empty, NoParams
from claudetted.rpc.caller import Caller
from claudetted.rpc.doors.web import subscriptions
from claudetted.rpc.services import Services
from claudetted.rpc.storing import refusing
from claudetted.store.secrets import SecretsRefused


async def pair(
    services: Services, caller: Caller, params: devices.PairParams
) -> devices.PairResult:
    remote = services.remote.shown()
    if remote is None:
        raise errors_remote.RemoteDisabled(
            "Nothing can be paired: first run claudette remote enable."
        )
    code = services.remote.pairing.new_code(params.name, params.right)
    expires = datetime.now(UTC) + timedelta(seconds=devices.CODE_SECONDS)
    return devices.PairResult(code, f"{remote.url}/#pair={code}", ids.stamp(expires))


async def list_(services: Services, caller: Caller, params: NoParams) -> devices.ListResult:
    return devices.ListResult(services.remote.pairing.listed())


async def push_key(services: Services, caller: Caller, params: NoParams) -> devices.PushKeyResult:
    try:
        return devices.PushKeyResult(await services.remote.push_keys.public())
    except SecretsRefused as refused:
        raise errors.StoreFull(str(refused)) from None


async def subscribe(services: Services, caller: Caller, params: devices.SubscribeParams) -> Empty:
    device_id = _device(caller)
    subscriptions.check(params)
    with refusing():
        await services.remote.pairing.subscribe(device_id, params)
    return Empty()


async def unsubscribe(services: Services, caller: Caller, params: NoParams) -> Empty:
    device_id = _device(caller)
    with refusing():
        await services.remote.pairing.subscribe(device_id, None)
    return Empty()


def _device(caller: Caller) -> str:
    if not caller.client.peer.device_id:
        raise errors_remote.NotADevice(
            "Web Push is for paired devices: subscribe in the page of the device itself."
        )
    return caller.client.peer.device_id


async def revoke(services: Services, caller: Caller, params: devices.RevokeParams) -> Empty:
    with refusing():
        known = await services.remote.pairing.revoke(params.device_id)
    if not known:
        message = f"There is no device {params.device_id}; claudette remote list shows them."
        raise errors_remote.DeviceNotFound(message, device_id=params.device_id)
    return Empty()
