"""Owns ending the sidecars nobody needs: after a while, and the longest unused first.

A parked chat loses nothing: its next message starts a sidecar that goes on from its session.
Never parked: a chat whose turn runs, that asks, compacts, has messages waiting, or whose agent
left something running.
"""

import logging
from collections.abc import Iterable

import trio

from claudetted.chat.actor import Actor
from claudetted.chat.log_context import speaking_of
from claudetted.chat.manager import Manager
from claudetted.chat.plans import agent_process
from claudetted.chat.step import Step
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId
from claudetted.sidecar import census

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0


class Parking:
    """Looks over the live sidecars now and then, and when there are more than the user wants."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    async def run(self) -> None:
        while True:
            book = self._manager.world.rulebook
            minutes = float(book.setting("park_after_minutes"))
            await trio.sleep(min(LOOK_SECONDS, max(0.05, minutes * 60 / 2)))
            await self.look(minutes * 60, int(book.setting("max_agents")))

    async def look(self, idle_seconds: float, most: int) -> None:
        """Parks what was idle for long, and the longest idle beyond the most there may be."""
        idle = sorted(self._idle(), key=lambda actor: actor.used_at)
        if not idle:
            return
        drivers = drivers_of(self._live())
        busy = await trio.to_thread.run_sync(_chats_with_jobs, self._pids(), drivers)
        free = [actor for actor in idle if actor.chat_id not in busy]
        excess = len(self._live()) - most
        since = trio.current_time() - idle_seconds
        for number, actor in enumerate(free):
            if actor.used_at < since:
                await self._park(actor, "The agent was idle.")
            elif number < excess:
                await self._park(actor, "The limit of running agents was reached.")

    async def _park(self, actor: Actor, why: str) -> None:
        def plan(step: Step) -> None:
            if is_parkable(actor):
                agent_process.end_politely(step, why)

        with speaking_of(actor.chat_id):
            logger.info("parking the sidecar of chat %s: %s", actor.chat_id, why)
            try:
                await actor.ask(plan)
            except errors.Fault as fault:
                logger.warning("the sidecar of chat %s is kept for now: %s", actor.chat_id, fault)

    def _live(self) -> list[Actor]:
        return [actor for actor in self._manager.loaded if actor.agent.sidecar_id]

    def _idle(self) -> Iterable[Actor]:
        return (actor for actor in self._live() if is_parkable(actor))

    def _pids(self) -> set[int]:
        return {actor.agent.hello.pid for actor in self._live() if actor.agent.hello}


def why_alive(actor: Actor) -> str:
    """What keeps a chat's sidecar, in words."""
    state, agent = actor.state, actor.agent
    if agent.stage == "ending":
        return agent.end_why or "It is being stopped."
    if state.chat.status.name != "idle":
        return state.chat.status.why or f"The chat is {state.chat.status.name}."
    if state.queue:
        return "Messages are queued."
    idle = round((trio.current_time() - actor.used_at) / 60)
    return f"Idle for {idle} min." if idle else "Used just now."


def is_parkable(actor: Actor) -> bool:
    """Whether the chat can do without its sidecar, as far as the chat knows."""
    state, agent = actor.state, actor.agent
    needed = state.running or state.compacting or state.permissions or state.queue
    return agent.stage == "ready" and not (needed or agent.requests or agent.groups)


def drivers_of(actors: Iterable[Actor]) -> set[int]:
    """The processes whose agent is a program below them."""
    greeted = (actor.agent.hello for actor in actors)
    return {hello.pid for hello in greeted if hello and hello.drives}


def _chats_with_jobs(sidecar_pids: set[int], drivers: set[int]) -> set[ChatId]:
    """Chats with something alive beside their agent. What is below an idle agent's own program
    is the agent's, such as a server that it keeps."""
    agents, below = census.driven(drivers)
    theirs = sidecar_pids | agents | below
    return {ChatId(seen.chat) for seen in census.marked() if seen.pid not in theirs}
