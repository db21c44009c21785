"""Owns sending the last prompt of a chat again, whoever asks for it."""

from functools import partial

import msgspec

from claudetted.chat import turns as planning
from claudetted.chat.actor import Actor
from claudetted.chat.step import Step
from claudetted.protocol.turns import SendResult, Turn
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.store import transcripts


async def retry(desk: Desk, actor: Actor, keyed: Keyed) -> SendResult:
    """Raises NothingToRetry and ChatBusy."""
    await desk.block.check_chat(actor.state.chat, actor.env)
    last = actor.state.turn
    query = partial(transcripts.turn, chat_id=actor.chat_id, turn_id=last.id if last else "")
    row = await desk.database.read(query)
    prompt = row[1].decode() if row else ""
    expand = bool(row and msgspec.json.decode(row[0], type=Turn).expand)

    def plan(step: Step) -> SendResult:
        result = planning.retry(step, prompt, expand=expand)
        keyed.remember(step, result)
        return result

    return await actor.ask(plan)
