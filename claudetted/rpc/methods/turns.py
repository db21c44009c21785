"""Owns the handlers of turns."""

from functools import partial

import msgspec
from msgspec.structs import replace

from claudetted.chat import configuration, stopping
from claudetted.chat.actor import Actor
from claudetted.chat.plans import turns as planning
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.chat.state.message import Message
from claudetted.chat.step import Step
from claudetted.protocol import errors, events as ev, turns
from claudetted.protocol.base import TurnId
from claudetted.rpc.caller import Caller
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import environment, images, retries
from claudetted.store import transcripts

_decode_turn = msgspec.json.Decoder(turns.Turn).decode


async def send(services: Services, caller: Caller, params: turns.SendParams) -> turns.SendResult:
    _refuse_when_closing(services)
    keyed = Keyed(services.database, "turn/send", params.key, replace(params, env={}))

    async def act() -> turns.SendResult:
        actor = await services.manager.find(params.chat_id)
        with actor.in_use():
            said = await services.slash.run(services, caller, actor, params, keyed)
            if isinstance(said, turns.SendResult):
                return said
            caller.client.peer.require_sending(actor.state.chat.level)
            if params.env:
                await environment.carry(services, caller, actor, params.env)
            await configuration.make_ready(services.manager, actor)
            taken = await images.take(services, params.images) if params.images else None
            return await actor.ask(partial(_send, params, keyed, said, taken))

    return await keyed.once(turns.SendResult, act)


def _send(
    params: turns.SendParams, keyed: Keyed, expand: bool, taken: images.Taken | None, step: Step
) -> turns.SendResult:
    message = Message(params.text, taken.keep(step) if taken else [])
    result = planning.send(step, message, params.when, expand=expand)
    keyed.remember(step, result)
    return result


async def stop(services: Services, caller: Caller, params: turns.StopParams) -> turns.StopResult:
    """Answers when what ran has stopped."""
    turn_id = await stopping.stop(services.manager, params.chat_id, caller.client.who)
    return turns.StopResult(turn_id is not None, turn_id or None)


async def wait(services: Services, caller: Caller, params: turns.WaitParams) -> turns.WaitResult:
    actor = await services.manager.find(params.chat_id)
    with actor.in_use():
        if params.turn_id:
            return await _wait(services, actor, params.turn_id, params.or_asked)
        found = await _wait(services, actor, await _last(services, actor), params.or_asked)
        if found.turn.steers:
            found = await _wait(services, actor, found.turn.steers, params.or_asked)
        return found


async def _wait(
    services: Services, actor: Actor, turn_id: TurnId, or_asked: bool
) -> turns.WaitResult:
    stored = await _stored(services, actor, turn_id)

    def look(state: ChatState, agent: Agent, events: list[ev.Event]) -> turns.WaitResult | None:
        if ended := _ended(events, turn_id):
            return turns.WaitResult(ended)
        if or_asked and (asked := len(state.permissions) + _inquiries(state)):
            return turns.WaitResult(stored, asked=asked)
        return turns.WaitResult(stored) if _is_over(state, agent, turn_id) else None

    while True:
        found = await actor.until(look)
        if found.turn is not stored or found.asked:
            return found
        # It was over before we looked: how, is on disk.
        ended = await _stored(services, actor, turn_id)
        if ended.state in ("ended", "removed"):
            return turns.WaitResult(ended)
        # It is on disk, and about to be told for the first time.
        await actor.settled()


def _inquiries(state: ChatState) -> int:
    return sum(question.kind == "agent" for question in state.questions.values())


async def retry(services: Services, caller: Caller, params: turns.RetryParams) -> turns.SendResult:
    _refuse_when_closing(services)
    keyed = Keyed(services.database, "turn/retry", params.key, params)

    async def act() -> turns.SendResult:
        actor = await services.manager.find(params.chat_id)
        with actor.in_use():
            caller.client.peer.require_sending(actor.state.chat.level)
            return await retries.retry(services, actor, keyed)

    return await keyed.once(turns.SendResult, act)


def _refuse_when_closing(services: Services) -> None:
    if services.manager.closing:
        raise errors.ShuttingDown("The daemon is shutting down; try again in a moment.")


async def _last(services: Services, actor: Actor) -> TurnId:
    body = await services.database.read(partial(transcripts.last_turn, chat_id=actor.chat_id))
    if body is None:
        await actor.settled()
        raise errors.TurnNotFound("The chat has no turn yet.", turn_id="")
    return _decode_turn(body).id


async def _stored(services: Services, actor: Actor, turn_id: TurnId) -> turns.Turn:
    query = partial(transcripts.turn, chat_id=actor.chat_id, turn_id=turn_id)
    row = await services.database.read(query)
    if row is None:
        await actor.settled()
        raise errors.TurnNotFound(f"The chat has no turn {turn_id}.", turn_id=turn_id)
    return _decode_turn(row[0])


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
