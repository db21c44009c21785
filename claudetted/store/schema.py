"""Owns the shape of the database and its forward migrations."""

import sqlite3
import uuid

VERSION = 6
"""Grows with every change of shape; `_MIGRATIONS[n]` leads from version n to n + 1."""

_CREATE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE chat (
    id TEXT PRIMARY KEY,
    archived INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    seq INTEGER NOT NULL,
    state BLOB NOT NULL,   -- the fold of the journal
    agent BLOB NOT NULL,   -- what the daemon knows of the chat's sidecar
    env BLOB NOT NULL      -- the creating client's environment
);
CREATE INDEX chat_recent ON chat (archived, updated_at, id);

CREATE TABLE event (
    chat_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (chat_id, seq)
);

CREATE TABLE item (
    chat_id TEXT NOT NULL,
    n INTEGER NOT NULL,    -- order in the transcript
    id TEXT NOT NULL,
    hidden INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL,
    PRIMARY KEY (chat_id, n)
);
CREATE UNIQUE INDEX item_id ON item (chat_id, id);

CREATE TABLE piece (       -- the text of open items, so far
    chat_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    offset INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (chat_id, item_id, offset)
);

CREATE TABLE payload (     -- what is too long for an event, whole, once
    chat_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    field TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (chat_id, item_id, field)
);

CREATE TABLE turn (
    id TEXT PRIMARY KEY,
    chat_id TEXT NOT NULL,
    body BLOB NOT NULL,
    prompt BLOB NOT NULL
);
CREATE INDEX turn_chat ON turn (chat_id, id);

CREATE TABLE permission (  -- every decision, kept when the chat is deleted
    id TEXT PRIMARY KEY,
    chat_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    digest TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    outcome TEXT,
    resolved_at TEXT,
    by TEXT,
    why TEXT
);
CREATE INDEX permission_chat ON permission (chat_id, opened_at);

CREATE TABLE sidecar (
    id TEXT PRIMARY KEY,
    chat_id TEXT NOT NULL,
    harness TEXT NOT NULL,
    committed INTEGER NOT NULL DEFAULT 0,  -- output up to here is in the journal
    ended INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sidecar_live ON sidecar (ended, chat_id);

CREATE TABLE input (       -- lines for a sidecar that may not have reached it
    sidecar_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (sidecar_id, n)
);

CREATE TABLE answered (    -- what a request with a key was answered
    method TEXT NOT NULL,
    key TEXT NOT NULL,
    params BLOB NOT NULL,
    result BLOB NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (method, key)
) WITHOUT ROWID;
CREATE INDEX answered_at ON answered (at);
"""

_MIGRATIONS = {
    1: """
CREATE TABLE rule (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE setting (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

ALTER TABLE permission ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0;
ALTER TABLE permission ADD COLUMN scope TEXT NOT NULL DEFAULT 'once';
ALTER TABLE permission ADD COLUMN rule TEXT NOT NULL DEFAULT '';
ALTER TABLE permission ADD COLUMN request BLOB;  -- removed with its chat
ALTER TABLE chat ADD COLUMN attention INTEGER NOT NULL DEFAULT 0;
CREATE INDEX chat_attention ON chat (id) WHERE attention = 1;
CREATE INDEX permission_at ON permission (opened_at, id);
CREATE INDEX permission_open ON permission (chat_id) WHERE outcome IS NULL;
""",
    2: """
CREATE TABLE usage (       -- what was spent; kept without its chat when that is deleted
    id TEXT PRIMARY KEY,   -- of the turn, or of the boundary of a compaction
    chat_id TEXT NOT NULL,
    at TEXT NOT NULL,
    compaction INTEGER NOT NULL DEFAULT 0,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    cost_usd REAL,
    cost_source TEXT,
    duration_ms INTEGER NOT NULL
);
CREATE INDEX usage_at ON usage (at);
CREATE INDEX usage_chat ON usage (chat_id, at);

INSERT INTO usage
SELECT id, chat_id, json_extract(json, '$.endedAt'), 0,
    coalesce(json_extract(json, '$.usage.input'), 0),
    coalesce(json_extract(json, '$.usage.output'), 0),
    coalesce(json_extract(json, '$.usage.cacheRead'), 0),
    coalesce(json_extract(json, '$.usage.cacheWrite'), 0),
    coalesce(json_extract(json, '$.usage.reasoning'), 0),
    json_extract(json, '$.usage.costUsd'), json_extract(json, '$.usage.costSource'),
    coalesce(json_extract(json, '$.durationMs'), 0)
FROM (SELECT id, chat_id, CAST(body AS TEXT) AS json FROM turn)
WHERE json_type(json, '$.usage') = 'object' AND json_extract(json, '$.endedAt') IS NOT NULL;
""",
    3: """
ALTER TABLE permission ADD COLUMN confined INTEGER NOT NULL DEFAULT 0;
""",
    4: """
CREATE TABLE device (      -- what may connect from elsewhere
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    "right" TEXT NOT NULL,
    token BLOB NOT NULL,   -- the SHA-256 of it
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL DEFAULT ''
);
""",
    5: """
ALTER TABLE device ADD COLUMN push TEXT NOT NULL DEFAULT '';
""",
}


class DatabaseUnusable(Exception):
    """The database cannot be opened; the message says why and what to do."""


class NewerDatabase(DatabaseUnusable):
    """The database was written by a newer version, which alone may open it."""


def prepare(connection: sqlite3.Connection) -> None:
    """Creates the tables of a new database, or brings an old one forward.

    Raises NewerDatabase. Runs in one transaction: an interrupted migration leaves the old shape.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise NewerDatabase(
            f"The database has version {found} and this daemon knows versions up to {VERSION}: "
            "start the newer daemon that wrote it."
        )
    if found == VERSION:
        return
    journal_id = uuid.uuid4().hex
    create = f"{_CREATE}INSERT INTO meta VALUES ('journal', '{journal_id}');"
    steps = [_MIGRATIONS[n] for n in range(max(found, 1), VERSION)]
    script = "".join(steps if found else [create, *steps])
    connection.executescript(f"BEGIN IMMEDIATE;{script}PRAGMA user_version = {VERSION};COMMIT;")
