"""Owns ending the sidecars nobody needs: after a while, and the longest unused first.

A parked chat loses nothing: its next message starts a sidecar that goes on from its session.
Never parked: a chat whose turn runs, that asks, compacts, has messages waiting, or whose agent
left something running.
"""

import logging
from collections.abc import Iterable

import trio

from claudetted.chat import sidecars
from claudetted.chat.actor import Actor
from claudetted.chat.manager import Manager
from claudetted.chat.step import Step
from claudetted.chat.subject import speaking_of
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
            await self.look(minutes * 60, int(book.setting("most_sidecars")))

    async def look(self, idle_seconds: float, most: int) -> None:
        """Parks what was idle for long, and the longest idle beyond the most there may be."""
        idle = sorted(self._idle(), key=lambda actor: actor.used_at)
        if not idle:
            return
        busy = await trio.to_thread.run_sync(_chats_with_jobs, self._pids())
        free = [actor for actor in idle if actor.chat_id not in busy]
        excess = len(self._live()) - most
        since = trio.current_time() - idle_seconds
        for number, actor in enumerate(free):
            if actor.used_at < since:
                await self._park(actor, "It was not used for a while.")
            elif number < excess:
                await self._park(actor, "Other chats needed the room.")

    async def _park(self, actor: Actor, why: str) -> None:
        def plan(step: Step) -> None:
            if is_parkable(actor):
                sidecars.end_politely(step, why)

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
        return agent.end_why or "It is being ended."
    if state.chat.status.name != "idle":
        return state.chat.status.why or f"The chat is {state.chat.status.name}."
    if state.queue:
        return "Messages wait for it."
    idle = round((trio.current_time() - actor.used_at) / 60)
    return f"Idle for {idle} min." if idle else "It was just used."


def is_parkable(actor: Actor) -> bool:
    """Whether the chat can do without its sidecar, as far as the chat knows."""
    state, agent = actor.state, actor.agent
    needed = state.running or state.compacting or state.permissions or state.queue
    return agent.stage == "ready" and not (needed or agent.requests or agent.groups)


def _chats_with_jobs(sidecar_pids: set[int]) -> set[ChatId]:
    """Chats with something alive beside their sidecar."""
    return {ChatId(seen.chat) for seen in census.marked() if seen.pid not in sidecar_pids}
