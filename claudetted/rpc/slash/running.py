"""Owns which command a message is, and its being carried out."""

from claudetted.chat.actor import Actor
from claudetted.protocol.turns import SendParams, SendResult
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.rpc.slash import agents, reading
from claudetted.rpc.slash.errand import Errand
from claudetted.rpc.slash.own import OWN


async def run(
    desk: Desk, caller: Caller, actor: Actor, params: SendParams, keyed: Keyed
) -> SendResult | bool:
    """What a command of ours answers; for anything else, whether the agent has to expand it.

    Raises CommandUnknown for what looks like a command and is none.
    """
    typed = None if params.literal else reading.read(params.text)
    if typed is None:
        return False
    if own := OWN.get(typed.name):
        return await own.act(Errand(desk, caller, actor, typed, keyed))
    theirs, trouble = await agents.offered(desk, actor)
    names = [command.name[1:] for command in theirs]
    if typed.name in names:
        return True
    if reading.is_message(typed.name):
        return False
    raise reading.unknown(typed.name, [*OWN, *names], trouble)
