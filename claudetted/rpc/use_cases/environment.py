"""Owns taking over what a client carries of its environment, with a message or to look on."""

from claudetted.chat import configuration
from claudetted.chat.actor import Actor
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services


async def carry(services: Services, caller: Caller, actor: Actor, env: dict[str, str]) -> None:
    """As far as it counts. Raises StoreFull."""
    counts = caller.client.peer.carried(env)
    services.network.learn(counts)
    await configuration.carry(actor, counts)
