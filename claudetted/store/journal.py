"""Owns the rows of chats: what one step of a chat stores, and how it is read back.

Functions take a connection and run as one unit of work in the writer or in a reader. Bodies are
the bytes of the protocol's structs; this module does not look into them.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from claudetted.store import remains, rules, usage


class KeyTaken(Exception):
    """Another request with the same key was answered first; nothing of this one is stored."""


class EventRow(msgspec.Struct):
    seq: int
    at: str
    body: bytes


class ItemRow(msgspec.Struct):
    n: int
    id: str
    body: bytes


class TurnRow(msgspec.Struct):
    id: str
    body: bytes
    prompt: bytes | None = None
    """None leaves the stored prompt as it is."""


class Opened(msgspec.Struct):
    """A permission request at the moment it is put on record."""

    id: str
    tool: str
    digest: str
    at: str
    request: bytes


class Resolved(msgspec.Struct):
    id: str
    outcome: str
    at: str
    by: str
    why: str
    scope: str = "once"
    rule: str = ""
    automatic: bool = False
    confined: bool = False


class RuleRow(msgspec.Struct):
    id: str
    scope: str
    subject: str
    body: bytes


class ChatRow(msgspec.Struct):
    """The chat as it stands after a step."""

    id: str
    archived: bool
    updated_at: str
    seq: int
    state: bytes
    agent: bytes
    attention: bool = False


class Write(msgspec.Struct):
    """Everything one step of a chat changes; stored whole or not at all."""

    chat: ChatRow
    env: bytes | None = None
    events: list[EventRow] = msgspec.field(default_factory=list)
    items: list[ItemRow] = msgspec.field(default_factory=list)
    """New items."""
    item_bodies: list[tuple[str, bytes]] = msgspec.field(default_factory=list)
    """(item, body) of items that are stored already."""
    pieces: list[tuple[str, int, bytes]] = msgspec.field(default_factory=list)
    """(item, offset, data): what open items grew by."""
    closed: list[str] = msgspec.field(default_factory=list)
    """Items whose pieces are no longer needed."""
    payloads: list[tuple[str, str, bytes]] = msgspec.field(default_factory=list)
    """(item, field, data)"""
    diffs: list[tuple[str, bytes]] = msgspec.field(default_factory=list)
    """(permission, data): what the diffs of requests grow by."""
    turns: list[TurnRow] = msgspec.field(default_factory=list)
    opened: list[Opened] = msgspec.field(default_factory=list)
    resolved: list[Resolved] = msgspec.field(default_factory=list)
    rules: list[RuleRow] = msgspec.field(default_factory=list)
    settings: list[tuple[str, bytes]] = msgspec.field(default_factory=list)
    """(key, value)"""
    used: list[usage.UsageRow] = msgspec.field(default_factory=list)
    turn_over: str | None = None
    """A turn whose rules have served."""
    sidecar_started: tuple[str, str] | None = None
    """(id, harness)"""
    sidecar_ended: str | None = None
    committed: tuple[str, int] | None = None
    """(sidecar, offset)"""
    inputs: list[tuple[str, int, bytes]] = msgspec.field(default_factory=list)
    inputs_taken: tuple[str, int] | None = None
    """(sidecar, n): the sidecar is known to have read up to n."""
    answered: tuple[str, str, bytes, bytes, str] | None = None
    """(method, key, params, result, at)"""
    hide_items: int = 0
    """The number of the last item that is no longer shown; the step may have added it itself."""
    given_up: list[str] = msgspec.field(default_factory=list)
    """Directories that are of no use any more."""


def store(connection: sqlite3.Connection, write: Write) -> None:
    """Stores one step."""
    chat = write.chat
    connection.execute(
        "INSERT INTO chat (id, archived, updated_at, seq, state, agent, attention, env)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " archived = excluded.archived, updated_at = excluded.updated_at, seq = excluded.seq,"
        " state = excluded.state, agent = excluded.agent, attention = excluded.attention,"
        " env = CASE WHEN ? THEN excluded.env ELSE env END",
        (
            chat.id,
            chat.archived,
            chat.updated_at,
            chat.seq,
            chat.state,
            chat.agent,
            chat.attention,
            write.env or b"{}",
            write.env is not None,
        ),
    )
    connection.executemany(
        "INSERT INTO event (chat_id, seq, at, body) VALUES (?, ?, ?, ?)",
        ((chat.id, row.seq, row.at, row.body) for row in write.events),
    )
    _store_items(connection, chat.id, write)
    _store_turns(connection, chat.id, write.turns)
    _store_permissions(connection, chat.id, write)
    _store_sidecar(connection, chat.id, write)
    for key, value in write.settings:
        rules.put_setting(connection, key, value)
    for row in write.used:
        usage.add(connection, chat.id, row)
    remains.note(connection, write.given_up)
    if write.answered:
        _store_answer(connection, write.answered)


def _store_answer(
    connection: sqlite3.Connection, answered: tuple[str, str, bytes, bytes, str]
) -> None:
    try:
        connection.execute("INSERT INTO answered VALUES (?, ?, ?, ?, ?)", answered)
    except sqlite3.IntegrityError:
        raise KeyTaken from None


def _store_items(connection: sqlite3.Connection, chat_id: str, write: Write) -> None:
    connection.executemany(
        "INSERT INTO item (chat_id, n, id, body) VALUES (?, ?, ?, ?)",
        ((chat_id, row.n, row.id, row.body) for row in write.items),
    )
    if write.hide_items:
        connection.execute(
            "UPDATE item SET hidden = 1 WHERE chat_id = ? AND n <= ?", (chat_id, write.hide_items)
        )
    connection.executemany(
        "UPDATE item SET body = ? WHERE chat_id = ? AND id = ?",
        ((body, chat_id, item) for item, body in write.item_bodies),
    )
    connection.executemany(
        "INSERT INTO piece VALUES (?, ?, ?, ?)",
        ((chat_id, item, offset, data) for item, offset, data in write.pieces),
    )
    connection.executemany(
        "DELETE FROM piece WHERE chat_id = ? AND item_id = ?",
        ((chat_id, item) for item in write.closed),
    )
    connection.executemany(
        "INSERT INTO payload VALUES (?, ?, ?, ?)"
        " ON CONFLICT (chat_id, item_id, field) DO UPDATE SET data = excluded.data",
        ((chat_id, item, name, data) for item, name, data in write.payloads),
    )


def _store_turns(connection: sqlite3.Connection, chat_id: str, turns: Iterable[TurnRow]) -> None:
    for row in turns:
        connection.execute(
            "INSERT INTO turn (id, chat_id, body, prompt) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body,"
            " prompt = CASE WHEN ? THEN excluded.prompt ELSE prompt END",
            (row.id, chat_id, row.body, row.prompt or b"", row.prompt is not None),
        )


def _store_permissions(connection: sqlite3.Connection, chat_id: str, write: Write) -> None:
    connection.executemany(
        "INSERT INTO permission (id, chat_id, tool, digest, opened_at, request)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        ((row.id, chat_id, row.tool, row.digest, row.at, row.request) for row in write.opened),
    )
    connection.executemany(
        "UPDATE permission SET outcome = ?, resolved_at = ?, by = ?, why = ?, scope = ?, rule = ?,"
        " automatic = ?, confined = ? WHERE id = ?",
        (
            (
                *(row.outcome, row.at, row.by, row.why, row.scope, row.rule, row.automatic),
                *(row.confined, row.id),
            )
            for row in write.resolved
        ),
    )
    connection.executemany(
        "INSERT INTO payload VALUES (?, ?, 'diff', ?) ON CONFLICT (chat_id, item_id, field)"
        " DO UPDATE SET data = CAST(data || excluded.data AS BLOB)",
        ((chat_id, permission, data) for permission, data in write.diffs),
    )
    for rule in write.rules:
        rules.add(connection, rule.id, rule.scope, rule.subject, rule.body)
    if write.turn_over:
        rules.remove_of(connection, "turn", write.turn_over)


def _store_sidecar(connection: sqlite3.Connection, chat_id: str, write: Write) -> None:
    if write.sidecar_started:
        sidecar, harness = write.sidecar_started
        connection.execute(
            "INSERT INTO sidecar (id, chat_id, harness) VALUES (?, ?, ?)",
            (sidecar, chat_id, harness),
        )
    if write.committed:
        sidecar, offset = write.committed
        connection.execute("UPDATE sidecar SET committed = ? WHERE id = ?", (offset, sidecar))
    connection.executemany("INSERT INTO input VALUES (?, ?, ?)", write.inputs)
    if write.inputs_taken:
        connection.execute("DELETE FROM input WHERE sidecar_id = ? AND n <= ?", write.inputs_taken)
    if write.sidecar_ended:
        connection.execute("UPDATE sidecar SET ended = 1 WHERE id = ?", (write.sidecar_ended,))
        connection.execute("DELETE FROM input WHERE sidecar_id = ?", (write.sidecar_ended,))


_STEPS_AT_ONCE = 10
"""All there is to most chats."""


def remove_chat(connection: sqlite3.Connection, chat_id: str) -> None:
    """Removes a chat and notes what remains of it; the record of its decisions stays for good."""
    connection.execute(
        "DELETE FROM input WHERE sidecar_id IN (SELECT id FROM sidecar WHERE chat_id = ?)",
        (chat_id,),
    )
    connection.execute("DELETE FROM sidecar WHERE chat_id = ?", (chat_id,))
    connection.execute("UPDATE permission SET request = NULL WHERE chat_id = ?", (chat_id,))
    rules.remove_of(connection, "chat", chat_id)
    usage.forget_chat(connection, chat_id)
    connection.execute("DELETE FROM chat WHERE id = ?", (chat_id,))
    remains.note(connection, [chat_id])
    for _ in range(_STEPS_AT_ONCE):
        remains.remove_some(connection, chat_id)


class Loaded(msgspec.Struct):
    """A chat as it was stored."""

    state: bytes
    agent: bytes
    env: bytes
    item_count: int
    pieces: list[tuple[str, bytes]]
    """(item, text so far), in no order."""
    committed: int
    inputs: list[tuple[int, bytes]]
    """Lines the live sidecar may not have read, by number."""


def load_chat(connection: sqlite3.Connection, chat_id: str) -> Loaded | None:
    """Everything an actor needs to go on."""
    row = connection.execute(
        "SELECT state, agent, env FROM chat WHERE id = ?", (chat_id,)
    ).fetchone()
    if row is None:
        return None
    (count,) = connection.execute(
        "SELECT coalesce(max(n), 0) FROM item WHERE chat_id = ?", (chat_id,)
    ).fetchone()
    texts: dict[str, bytearray] = {}
    for item, data in connection.execute(
        "SELECT item_id, data FROM piece WHERE chat_id = ? ORDER BY item_id, offset", (chat_id,)
    ):
        texts.setdefault(item, bytearray()).extend(data)
    live = connection.execute(
        "SELECT id, committed FROM sidecar WHERE ended = 0 AND chat_id = ?", (chat_id,)
    ).fetchone()
    inputs = (
        connection.execute(
            "SELECT n, line FROM input WHERE sidecar_id = ? ORDER BY n", (live[0],)
        ).fetchall()
        if live
        else []
    )
    state, agent, env = row
    return Loaded(
        state,
        agent,
        env,
        item_count=count,
        pieces=[(item, bytes(text)) for item, text in texts.items()],
        committed=live[1] if live else 0,
        inputs=inputs,
    )


def live_sidecars(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(sidecar, chat) of every sidecar whose end is not in the journal."""
    return connection.execute("SELECT id, chat_id FROM sidecar WHERE ended = 0").fetchall()


def events_after(
    connection: sqlite3.Connection, chat_id: str, seq: int, limit: int
) -> list[tuple[int, str, bytes]]:
    """(seq, at, body) of the next events after `seq`, in order."""
    return connection.execute(
        "SELECT seq, at, body FROM event WHERE chat_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        (chat_id, seq, limit),
    ).fetchall()
