"""Owns reading the record of decisions."""

import sqlite3
from typing import Any

import msgspec

_COLUMNS = (
    "id, chat_id, tool, digest, opened_at, automatic, outcome, resolved_at, by, why, scope, rule,"
    " request, confined"
)


class Filter(msgspec.Struct, frozen=True):
    """Which decisions are wanted; None leaves a thing open."""

    chat_id: str | None
    tool: str | None
    path: str | None
    since: str | None
    until: str | None
    before: tuple[str, str] | None
    """(time, id) of the last one already read."""
    limit: int


class Row(msgspec.Struct, frozen=True):
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
    confined: int


_SEARCHED = """(
    instr(json_extract(CAST(request AS TEXT), '$.command'), :path)
    OR EXISTS (
        SELECT 1 FROM json_each(CAST(request AS TEXT), '$.paths') WHERE instr(value, :path)
    )
)"""
_CONDITIONS = {
    "chat_id": "chat_id = :chat_id",
    "tool": "tool = :tool",
    "path": _SEARCHED,
    "since": "opened_at >= :since",
    "until": "opened_at < :until",
}


def find(connection: sqlite3.Connection, wanted: Filter) -> list[Row]:
    """The newest decisions that fit."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in (*_CONDITIONS, "limit")}
    conditions = [text for name, text in _CONDITIONS.items() if values[name] is not None]
    if wanted.before:
        conditions.append("(opened_at, id) < (:before_at, :before_id)")
        values["before_at"], values["before_id"] = wanted.before
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM permission {where} ORDER BY opened_at DESC, id DESC LIMIT :limit",
        values,
    )
    return [Row(*row) for row in rows]
