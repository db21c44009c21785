"""Owns sending the last prompt of a chat again, whoever asks for it."""

from functools import partial

import msgspec

from claudetted.chat import configuration
from claudetted.chat.actor import Actor
from claudetted.chat.plans import turns as planning
from claudetted.chat.state.message import Message
from claudetted.chat.step import Step
from claudetted.protocol.turns import SendResult, Turn
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.store import transcripts


async def retry(services: Services, actor: Actor, keyed: Keyed) -> SendResult:
    """Raises NothingToRetry, ChatBusy and NotSupported."""
    await configuration.make_ready(services.manager, actor)
    last = actor.state.turn
    query = partial(transcripts.turn, chat_id=actor.chat_id, turn_id=last.id if last else "")
    row = await services.database.read(query)
    turn = msgspec.json.decode(row[0], type=Turn) if row else None
    message = Message(row[1].decode(), turn.images) if row and turn else Message("")

    def plan(step: Step) -> SendResult:
        result = planning.retry(step, message, expand=bool(turn and turn.expand))
        keyed.remember(step, result)
        return result

    return await actor.ask(plan)
