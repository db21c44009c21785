"""Owns the handler of slash commands; they are carried out by `turn/send`."""

from claudetted.protocol import commands
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services


async def list_(
    services: Services, caller: Caller, params: commands.ListParams
) -> commands.ListResult:
    actor = await services.manager.find(params.chat_id)
    return await services.slash.listed(services, actor)
