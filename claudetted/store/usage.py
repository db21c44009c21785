"""Owns the rows of what was used: one a turn or compaction, and their sums."""

import sqlite3

import msgspec

_COLUMNS = "input, output, cache_read, cache_write, reasoning, cost_usd, cost_source, duration_ms"


class UsageRow(msgspec.Struct):
    """What one turn took, or one compaction between turns."""

    id: str
    at: str
    compaction: bool
    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    cost_usd: float | None
    cost_source: str | None
    duration_ms: int


class Sums(msgspec.Struct):
    """Rows added up. `unpriced` counts turns without a cost, `reckoned` rows whose cost is that of
    a price list."""

    turns: int
    unpriced: int
    reckoned: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    cost_usd: float | None
    duration_ms: int


def add(connection: sqlite3.Connection, chat_id: str, row: UsageRow) -> None:
    connection.execute(
        f"INSERT INTO usage (id, chat_id, at, compaction, {_COLUMNS})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            chat_id,
            row.at,
            row.compaction,
            row.input,
            row.output,
            row.cache_read,
            row.cache_write,
            row.reasoning,
            row.cost_usd,
            row.cost_source,
            row.duration_ms,
        ),
    )


def forget_chat(connection: sqlite3.Connection, chat_id: str) -> None:
    """What was spent stays spent; where, is forgotten."""
    connection.execute("UPDATE usage SET chat_id = '' WHERE chat_id = ?", (chat_id,))


def sums(connection: sqlite3.Connection, chat_id: str | None, since: str) -> Sums:
    """Of one chat or of all, of what ended since then."""
    where, more = ("", []) if chat_id is None else (" AND chat_id = ?", [chat_id])
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE NOT compaction),"
        " count(*) FILTER (WHERE NOT compaction AND cost_usd IS NULL),"
        " count(*) FILTER (WHERE cost_source = 'catalogue'),"
        " coalesce(sum(input), 0), coalesce(sum(output), 0), coalesce(sum(cache_read), 0),"
        " coalesce(sum(cache_write), 0), coalesce(sum(reasoning), 0), sum(cost_usd),"
        f" coalesce(sum(duration_ms), 0) FROM usage WHERE at >= ?{where}",
        [since, *more],
    ).fetchone()
    return Sums(*row)
