"""Owns the handlers of attention."""

from claudetted.chat.manager import decode_state
from claudetted.chat.plans import attention as planning
from claudetted.protocol import attention, chats
from claudetted.protocol.base import NoParams
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.store import transcripts


async def list_(services: Services, caller: Caller, params: NoParams) -> attention.ListResult:
    rows = await services.database.read(transcripts.chats_needing_attention)
    found = [decode_state(row).chat for row in rows]
    return attention.ListResult(sorted(found, key=lambda chat: chat.updated_at))


async def clear(
    services: Services, caller: Caller, params: attention.ClearParams
) -> chats.ChatResult:
    actor = await services.manager.find(params.chat_id)
    await actor.ask(planning.seen)
    return chats.ChatResult(actor.state.chat)
