"""Owns what a daemon takes up from the one before, and how it ends its agents in order."""

import logging
from functools import partial

import trio

from claudetted.chat import stopping
from claudetted.chat.actor import Actor
from claudetted.chat.log_context import speaking_of
from claudetted.chat.manager import Manager
from claudetted.chat.plans import agent_process
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId, SidecarId
from claudetted.sidecar.reports import Running
from claudetted.store import journal

logger = logging.getLogger(__name__)

END_SECONDS = 5.0
"""All agents together have so long to end before the keeper ends them."""


async def recover(manager: Manager, running: list[Running]) -> None:
    """After a start: takes up every sidecar whose end is not in the journal."""
    known: dict[str, Running] = {entry.sidecar: entry for entry in running}
    live = await manager.world.database.read(journal.live_sidecars)
    for sidecar_id, chat_id in live:
        actor = await manager.find(ChatId(chat_id))
        actor.attach(known.pop(sidecar_id, None))
        if actor.agent.stopping:
            await stopping.take_up(manager, actor)
    for stray in known.values():
        logger.warning("ending sidecar %s, which no chat knows", stray.sidecar)
        manager.world.nursery.start_soon(_end_stray, manager, stray.sidecar)


async def end_agents(manager: Manager) -> None:
    """Ends every agent as one that was asked to, so that the journal says so."""
    with trio.move_on_after(END_SECONDS):
        async with trio.open_nursery() as nursery:
            for actor in manager.loaded:
                if actor.agent.sidecar_id:
                    nursery.start_soon(_end_agent, actor)


async def _end_agent(actor: Actor) -> None:
    why = "The daemon was shut down with its agents."
    try:
        await actor.ask(partial(agent_process.end_politely, why=why))
        await actor.until(_without_sidecar)
    except (errors.StoreFull, errors.ChatNotFound) as fault:
        with speaking_of(actor.chat_id):
            logger.warning("chat %s ends without a word: %s", actor.chat_id, fault)


async def _end_stray(manager: Manager, sidecar_id: SidecarId) -> None:
    await manager.world.keeper.end(sidecar_id, 0.0)
    manager.world.keeper.forget(sidecar_id)


def _without_sidecar(_state: ChatState, agent: Agent, _events: object) -> bool | None:
    return agent.stage == "none" or None
