"""Owns the handlers of providers."""

from claudetted.protocol import providers, sidecar
from claudetted.protocol.base import NoParams
from claudetted.providers import catalogue
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def list_(desk: Desk, caller: Caller, params: NoParams) -> providers.ListResult:
    told = await desk.control.ask(sidecar.Providers, sidecar.ProviderList)
    return catalogue.listed(told)
