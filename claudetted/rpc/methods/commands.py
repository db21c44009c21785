"""Owns the handler of slash commands; they are carried out by `turn/send`."""

from claudetted.protocol import commands
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.slash import agents
from claudetted.rpc.slash.own import OWN


async def list_(desk: Desk, caller: Caller, params: commands.ListParams) -> commands.ListResult:
    actor = await desk.manager.find(params.chat_id)
    theirs, trouble = await agents.offered(desk, actor)
    ours = [await own.completed(desk, caller, name) for name, own in OWN.items()]
    taken = {command.name for command in ours}
    return commands.ListResult(
        [*ours, *(command for command in theirs if command.name not in taken)], trouble
    )
