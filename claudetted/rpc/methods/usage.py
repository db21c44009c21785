"""Owns the handlers of usage."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from claudetted.chat import ids
from claudetted.protocol import errors, usage
from claudetted.protocol.base import ChatId
from claudetted.protocol.turns import Usage
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.store import transcripts
from claudetted.store import usage as rows

_DAY = timedelta(hours=24)


async def get(desk: Desk, caller: Caller, params: usage.GetParams) -> usage.GetResult:
    if params.chat_id is not None:
        await _require(desk, params.chat_id)
    credits = desk.credits
    since = ids.stamp(datetime.now(UTC) - _DAY)
    return usage.GetResult(
        await _sum(desk, params.chat_id, ""),
        await _sum(desk, params.chat_id, since),
        credits.known,
        credits.trouble,
    )


async def refresh(desk: Desk, caller: Caller, params: usage.GetParams) -> usage.GetResult:
    await desk.credits.refresh()
    return await get(desk, caller, params)


async def _require(desk: Desk, chat_id: ChatId) -> None:
    query = partial(transcripts.chat_state, chat_id=chat_id)
    if await desk.database.read(query) is None:
        raise errors.ChatNotFound(f"There is no chat {chat_id}.", chat_id=chat_id)


async def _sum(desk: Desk, chat_id: ChatId | None, since: str) -> usage.Sum:
    found = await desk.database.read(partial(rows.sums, chat_id=chat_id, since=since))
    total = Usage(
        found.input,
        found.output,
        found.cache_read,
        found.cache_write,
        found.reasoning,
        found.cost_usd,
        _source(found),
    )
    return usage.Sum(total, found.turns, found.unpriced, found.duration_ms)


def _source(found: rows.Sums) -> Literal["provider", "catalogue"] | None:
    if found.cost_usd is None:
        return None
    return "catalogue" if found.reckoned else "provider"
