"""Owns the handlers of usage."""

from functools import partial

from claudetted.protocol import errors, usage
from claudetted.protocol.base import ChatId
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases.usage import added_up
from claudetted.store import transcripts


async def get(services: Services, caller: Caller, params: usage.GetParams) -> usage.GetResult:
    if params.chat_id is not None:
        await _require(services, params.chat_id)
    return await added_up(services, params.chat_id)


async def refresh(services: Services, caller: Caller, params: usage.GetParams) -> usage.GetResult:
    await services.credits.refresh()
    return await get(services, caller, params)


async def _require(services: Services, chat_id: ChatId) -> None:
    query = partial(transcripts.chat_state, chat_id=chat_id)
    if await services.database.read(query) is None:
        raise errors.ChatNotFound(f"There is no chat {chat_id}.", chat_id=chat_id)
