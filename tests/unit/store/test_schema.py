"""A database is created whole, brought forward in one go, and never brought half the way."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState, fold
from claudetted.protocol import events
from claudetted.protocol.items import Item
from claudetted.store import decisions, journal, schema, transcripts, usage
from claudetted.store.database import Database, open_database

NEXT = schema.VERSION + 1
GOLDEN = Path(__file__).parents[2] / "golden/database"


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def version(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def shape(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    with opened(path) as connection:
        schema.prepare(connection)
        connection.execute("INSERT INTO meta VALUES ('of', 'old')")
    return path


def test_a_new_database_has_the_present_version(path: Path) -> None:
    with opened(path) as connection:
        assert version(connection) == schema.VERSION


def test_preparing_again_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with opened(path) as connection:
        schema.prepare(connection)
    assert path.read_bytes() == before


def migrate_by(monkeypatch: pytest.MonkeyPatch, **steps: str) -> None:
    """The next versions, each reached by one of the steps."""
    start = schema.VERSION
    migrations = {start + n: step for n, step in enumerate(steps.values())}
    monkeypatch.setattr(schema, "_MIGRATIONS", migrations)
    monkeypatch.setattr(schema, "VERSION", start + len(steps))


def test_an_old_database_is_brought_forward_step_by_step(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_by(
        monkeypatch,
        first="ALTER TABLE meta ADD COLUMN more TEXT;",
        second="UPDATE meta SET more = value || '!' WHERE key = 'of';",
    )
    with opened(path) as connection:
        (journal,) = connection.execute("SELECT value FROM meta WHERE key='journal'").fetchone()
        schema.prepare(connection)
        assert version(connection) == NEXT + 1
        rows = connection.execute("SELECT * FROM meta ORDER BY key").fetchall()
    assert rows == [("journal", journal, None), ("of", "old", "old!")]


def test_an_interrupted_migration_leaves_the_old_shape(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate_by(
        monkeypatch,
        first="ALTER TABLE meta ADD COLUMN more TEXT;",
        second="INSERT INTO nowhere VALUES (1);",
    )
    with opened(path) as connection:
        before = shape(connection)
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            schema.prepare(connection)
    with opened(path) as connection:
        assert (version(connection), shape(connection)) == (NEXT - 1, before)
    monkeypatch.undo()
    with opened(path) as connection:
        schema.prepare(connection)
        assert connection.execute("SELECT value FROM meta WHERE key='of'").fetchone() == ("old",)


def test_a_newer_database_is_refused(path: Path) -> None:
    with opened(path) as connection:
        connection.execute(f"PRAGMA user_version = {NEXT}")
        with pytest.raises(schema.NewerDatabase, match=f"version {NEXT}"):
            schema.prepare(connection)


def test_every_old_version_has_a_way_forward() -> None:
    assert sorted(schema._MIGRATIONS) == list(range(1, schema.VERSION))


@pytest.mark.parametrize("number", range(1, schema.VERSION))
def test_an_old_database_is_kept_for_every_old_version(number: int) -> None:
    assert (GOLDEN / f"v{number}.db").exists()


@pytest.fixture(params=sorted(GOLDEN.glob("*.db")), ids=lambda path: path.stem)
async def old(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    copy = tmp_path / "claudetted.db"
    shutil.copy(request.param, copy)
    async with open_database(copy) as database:
        yield database


async def test_an_old_database_still_opens_and_its_chats_are_what_they_were(old: Database) -> None:
    rows = await old.read(lambda c: c.execute("SELECT id FROM chat ORDER BY id").fetchall())
    busy, quiet = [await _load(old, chat_id) for (chat_id,) in rows]
    assert busy[0].chat.title == "Fix the failing test"
    assert [entry.text for entry in busy[0].queue] == ["Wait for me."]
    assert [asked.request.command for asked in busy[0].permissions.values()] == ["make"]
    assert len(busy[1].steers) == 1
    assert busy[0].running
    assert quiet[0].chat.archived_at
    assert quiet[1] == Agent()


async def test_what_was_used_before_it_was_added_up_is_added_up(old: Database) -> None:
    found = await old.read(lambda c: usage.sums(c, None, ""))
    assert (found.turns, found.input, found.output, found.cost_usd) == (1, 10, 20, 0.5)
    (at,) = await old.read(lambda c: c.execute("SELECT at FROM usage").fetchone())
    assert at.endswith("Z")


async def _load(database: Database, chat_id: str) -> tuple[ChatState, Agent]:
    """The stored state, which is the fold of the stored events."""
    stored = await database.read(lambda c: journal.load_chat(c, chat_id))
    assert stored is not None
    state = msgspec.json.decode(stored.state, type=ChatState)
    folded = None
    for seq, at, body in await database.read(lambda c: journal.events_after(c, chat_id, 0, 1000)):
        folded = fold(folded, seq, at, events.decode(body))
    assert folded == state
    texts = {item: text.decode() for item, text in stored.pieces}
    assert texts == dict.fromkeys(state.open, "Still speaking …")
    assert bool(stored.inputs) == bool(state.open)
    return state, msgspec.json.decode(stored.agent, type=Agent)


async def test_the_transcript_of_an_old_database_is_read(old: Database) -> None:
    states = await old.read(lambda c: transcripts.list_chats(c, False, None, 10))
    (chat,) = [msgspec.json.decode(state, type=ChatState).chat for state in states]
    rows = await old.read(lambda c: transcripts.items_before(c, chat.id, None, 100, False))
    items = [msgspec.json.decode(body, type=Item) for _, body in rows]
    assert [item.kind for item in items] == [
        *("user", "reasoning", "message", "tool", "tool", "notice", "compaction"),
        *("user", "message"),
    ]
    output = items[3]
    whole = await old.read(
        lambda c: transcripts.payload(c, chat.id, output.id, "text", 0, 10_000_000)
    )
    assert whole
    assert whole[0].decode().startswith(output.text)
    assert whole[1] == output.text_bytes > 64 * 1024


async def test_the_decisions_of_an_old_database_are_read(old: Database) -> None:
    wanted = decisions.Filter(None, None, None, None, None, None, 10)
    found = await old.read(lambda c: decisions.find(c, wanted))
    assert sorted((row.digest, row.outcome, row.by) for row in found) == [
        ("d1", "allow", "me/cli"),
        ("d2", "deny", "me/cli"),
        ("d3", None, None),
    ]
