"""Owns the handlers of turns."""

from functools import partial

import msgspec

from claudetted.chat import turns as planning
from claudetted.chat.actor import Actor
from claudetted.chat.agent import Agent
from claudetted.chat.state import ChatState
from claudetted.chat.step import Step
from claudetted.protocol import errors, turns
from claudetted.protocol import events as ev
from claudetted.protocol.base import TurnId
from claudetted.rpc import retrying
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.rpc.slash import running as slash
from claudetted.store import transcripts

_decode_turn = msgspec.json.Decoder(turns.Turn).decode


async def send(desk: Desk, caller: Caller, params: turns.SendParams) -> turns.SendResult:
    _refuse_when_closing(desk)
    keyed = Keyed(desk.database, "turn/send", params.key, params)

    async def act() -> turns.SendResult:
        actor = await desk.manager.find(params.chat_id)
        said = await slash.run(desk, caller, actor, params, keyed)
        if isinstance(said, turns.SendResult):
            return said
        await desk.block.check_chat(actor.state.chat, actor.env)
        await _refuse_without_harness(desk, actor)
        return await actor.ask(partial(_send, params, keyed, said))

    return await keyed.once(turns.SendResult, act)


def _send(params: turns.SendParams, keyed: Keyed, expand: bool, step: Step) -> turns.SendResult:
    result = planning.send(step, params.text, params.when, expand=expand)
    keyed.remember(step, result)
    return result


async def stop(desk: Desk, caller: Caller, params: turns.StopParams) -> turns.StopResult:
    """Answers when what ran has stopped."""
    turn_id = await desk.manager.stop(params.chat_id, caller.who)
    return turns.StopResult(turn_id is not None, turn_id or None)


async def wait(desk: Desk, caller: Caller, params: turns.WaitParams) -> turns.WaitResult:
    actor = await desk.manager.find(params.chat_id)
    turn_id = params.turn_id or await _last(desk, actor)
    stored = await _stored(desk, actor, turn_id)

    def look(state: ChatState, agent: Agent, events: list[ev.Event]) -> turns.WaitResult | None:
        if ended := _ended(events, turn_id):
            return turns.WaitResult(ended)
        if params.or_asked and state.permissions:
            return turns.WaitResult(stored, asked=len(state.permissions))
        return turns.WaitResult(stored) if _is_over(state, agent, turn_id) else None

    while True:
        found = await actor.until(look)
        if found.turn is not stored or found.asked:
            return found
        # It was over before we looked: how, is on disk.
        ended = await _stored(desk, actor, turn_id)
        if ended.state in ("ended", "removed"):
            return turns.WaitResult(ended)
        # It is on disk, and about to be told for the first time.
        await actor.ask(_nothing)


async def retry(desk: Desk, caller: Caller, params: turns.RetryParams) -> turns.SendResult:
    _refuse_when_closing(desk)
    keyed = Keyed(desk.database, "turn/retry", params.key, params)

    async def act() -> turns.SendResult:
        actor = await desk.manager.find(params.chat_id)
        return await retrying.retry(desk, actor, keyed)

    return await keyed.once(turns.SendResult, act)


async def _refuse_without_harness(desk: Desk, actor: Actor) -> None:
    """What no process could be started for is not taken. Raises HarnessMissing."""
    chat = actor.state.chat
    if actor.agent.stage == "none":
        await desk.manager.world.launcher(chat.harness, chat.id, actor.env, [])


def _refuse_when_closing(desk: Desk) -> None:
    if desk.manager.closing:
        raise errors.ShuttingDown("The daemon is shutting down; try again in a moment.")


async def _last(desk: Desk, actor: Actor) -> TurnId:
    body = await desk.database.read(partial(transcripts.last_turn, chat_id=actor.chat_id))
    if body is None:
        raise errors.TurnNotFound("The chat has no turn yet.", turn_id="")
    return _decode_turn(body).id


async def _stored(desk: Desk, actor: Actor, turn_id: TurnId) -> turns.Turn:
    query = partial(transcripts.turn, chat_id=actor.chat_id, turn_id=turn_id)
    row = await desk.database.read(query)
    if row is None:
        raise errors.TurnNotFound(f"The chat has no turn {turn_id}.", turn_id=turn_id)
    return _decode_turn(row[0])


def _nothing(step: Step) -> None:
    """What is asked of a chat whose commit under way is waited for."""


def _ended(events: list[ev.Event], turn_id: TurnId) -> turns.Turn | None:
    for event in events:
        if isinstance(event, (ev.TurnEnded, ev.TurnSteered)) and event.turn.id == turn_id:
            return event.turn
    return None


def _is_over(state: ChatState, agent: Agent, turn_id: TurnId) -> bool:
    """Neither waiting, nor on its way, nor running: it ended, or was taken out of the queue, and
    everybody was told."""
    waiting = {entry.turn_id for entry in state.queue} | set(agent.steers)
    running = state.running.id if state.running else None
    return turn_id not in waiting and turn_id != running
