"""Owns adding up what turns took, for one chat or for all."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from claudetted.chat import ids
from claudetted.protocol import usage
from claudetted.protocol.base import ChatId
from claudetted.protocol.turns import Usage
from claudetted.rpc.services import Services
from claudetted.store import usage as rows

_DAY = timedelta(hours=24)


async def added_up(services: Services, chat_id: ChatId | None) -> usage.GetResult:
    """All of it, that of the last day, and what is left at the provider."""
    credits = services.credits
    since = ids.stamp(datetime.now(UTC) - _DAY)
    return usage.GetResult(
        await _sum(services, chat_id, ""),
        await _sum(services, chat_id, since),
        credits.known,
        credits.trouble,
    )


async def _sum(services: Services, chat_id: ChatId | None, since: str) -> usage.Sum:
    found = await services.database.read(partial(rows.sums, chat_id=chat_id, since=since))
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
