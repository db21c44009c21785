"""Owns reading the record of decisions."""

import sqlite3
from dataclasses import dataclass
from typing import Any

_COLUMNS = (
    "id, chat_id, tool, digest, opened_at, automatic, outcome, resolved_at, by, why, scope, rule,"
    " request"
)


@dataclass(frozen=True)
class Filter:
    """Which decisions are wanted; None leaves a thing open."""

    chat_id: str | None
    tool: str | None
    path: str | None
    since: str | None
    until: str | None
    before: tuple[str, str] | None
    """(time, id) of the last one already read."""
    limit: int


@dataclass(frozen=True)
class Row:
    """One decision as it is stored."""

    id: str
    chat_id: str
    tool: str
    digest: str
    opened_at: str
    automatic: int
    outcome: str | None
    resolved_at: str | None
    by: str | None
    why: str | None
    scope: str
    rule: str
    request: bytes | None


def find(connection: sqlite3.Connection, wanted: Filter) -> list[Row]:
    """The newest decisions that fit."""
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("chat_id = ?", wanted.chat_id),
        ("tool = ?", wanted.tool),
        ("instr(CAST(request AS TEXT), ?)", wanted.path),
        ("opened_at >= ?", wanted.since),
        ("opened_at < ?", wanted.until),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if wanted.before:
        conditions.append("(opened_at, id) < (?, ?)")
        values.extend(wanted.before)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM permission {where} ORDER BY opened_at DESC, id DESC LIMIT ?",
        [*values, wanted.limit],
    )
    return [Row(*row) for row in rows]
