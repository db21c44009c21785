"""Lists come in pages that miss and repeat nothing; long texts come in pieces."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from claudetted.store import journal, schema, transcripts
from claudetted.store.journal import ChatRow, ItemRow, Opened, Resolved, TurnRow, Write


def open_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.prepare(connection)
    return connection


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = open_memory()
    yield connection
    connection.close()


def put(connection: sqlite3.Connection, chat: str, at: str = "2", archived: bool = False) -> None:
    row = ChatRow(chat, archived, at, 1, f"{at} {chat}".encode(), b"agent")
    journal.store(connection, Write(row))


def items(connection: sqlite3.Connection, *numbers: int, hide: int = 0) -> None:
    write = Write(ChatRow("c", False, "1", 1, b"", b""), hide_items=hide)
    write.items = [ItemRow(n, f"i{n}", f"body {n}".encode()) for n in numbers]
    journal.store(connection, write)


@settings(max_examples=30)
@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=4), st.sampled_from("123"), max_size=15),
    st.integers(1, 5),
)
def test_pages_of_chats_miss_and_repeat_none(chats: dict[str, str], limit: int) -> None:
    connection = open_memory()
    for chat, at in chats.items():
        put(connection, chat, at)
    seen: list[tuple[str, str]] = []
    while page := transcripts.list_chats(connection, False, seen[-1] if seen else None, limit):
        assert len(page) <= limit
        seen += [(at, chat) for at, chat in (state.decode().split(" ") for state in page)]
    connection.close()
    assert seen == sorted(((at, chat) for chat, at in chats.items()), reverse=True)


def test_archived_chats_are_listed_apart(connection: sqlite3.Connection) -> None:
    put(connection, "here")
    put(connection, "away", archived=True)
    assert transcripts.list_chats(connection, False, None, 9) == [b"2 here"]
    assert transcripts.list_chats(connection, True, None, 9) == [b"2 away"]
    assert transcripts.count_chats(connection) == 2


@settings(max_examples=30)
@given(st.integers(0, 30), st.integers(1, 7))
def test_pages_of_items_lead_backwards_through_all(count: int, limit: int) -> None:
    connection = open_memory()
    items(connection, *range(1, count + 1))
    seen: list[int] = []
    before = None
    while page := transcripts.items_before(connection, "c", before, limit, False):
        assert [n for n, _ in page] == sorted(n for n, _ in page)
        seen = [n for n, _ in page] + seen
        before = page[0][0]
    connection.close()
    assert seen == list(range(1, count + 1))


def test_what_a_reset_has_hidden_is_read_on_request(connection: sqlite3.Connection) -> None:
    items(connection, 1, 2)
    items(connection, 3, hide=2)
    assert transcripts.items_before(connection, "c", None, 9, False) == [(3, b"body 3")]
    every = transcripts.items_before(connection, "c", None, 9, True)
    assert [n for n, _ in every] == [1, 2, 3]


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=40), st.integers(0, 50), st.integers(1, 50))
def test_a_long_text_is_read_in_pieces(data: bytes, offset: int, limit: int) -> None:
    connection = open_memory()
    row = ChatRow("c", False, "1", 1, b"", b"")
    journal.store(connection, Write(row, payloads=[("i", "text", data)]))
    piece = transcripts.payload(connection, "c", "i", "text", offset, limit)
    other = transcripts.payload(connection, "c", "i", "diff", offset, limit)
    connection.close()
    assert piece == (data[offset : offset + limit], len(data))
    assert other is None


def test_a_payload_that_came_again_replaces_the_first(connection: sqlite3.Connection) -> None:
    row = ChatRow("c", False, "1", 1, b"", b"")
    for data in (b"first", b"then"):
        journal.store(connection, Write(row, payloads=[("i", "input", data)]))
    assert transcripts.payload(connection, "c", "i", "input", 0, 9) == (b"then", 4)


def test_the_last_turn_is_the_latest_by_its_id(connection: sqlite3.Connection) -> None:
    assert transcripts.last_turn(connection, "c") is None
    rows = [TurnRow(turn, turn.encode(), f"prompt {turn}".encode()) for turn in ("b", "c", "a")]
    journal.store(connection, Write(ChatRow("c", False, "1", 1, b"", b""), turns=rows))
    assert transcripts.last_turn(connection, "c") == b"c"
    assert transcripts.turn(connection, "c", "a") == (b"a", b"prompt a")
    assert transcripts.turn(connection, "another", "a") is None
    told = transcripts.prompts(connection, ["a", "b", "x"])
    assert told == {"a": (b"a", b"prompt a"), "b": (b"b", b"prompt b")}


def test_open_requests_are_found_until_they_are_resolved(connection: sqlite3.Connection) -> None:
    put(connection, "quiet")
    write = Write(ChatRow("c", False, "1", 1, b"asking", b""))
    write.opened = [Opened("p1", "bash", "d", "1", b"{}"), Opened("p2", "bash", "d", "1", b"{}")]
    journal.store(connection, write)
    assert transcripts.count_open_permissions(connection) == 2
    assert transcripts.chats_with_open_permissions(connection) == ["c"]
    assert transcripts.chats_in_need(connection) == [b"asking"]
    done = Write(ChatRow("c", False, "1", 2, b"idle", b""))
    done.resolved = [Resolved(name, "allow", "2", "me", "fine") for name in ("p1", "p2")]
    journal.store(connection, done)
    assert transcripts.count_open_permissions(connection) == 0
    assert transcripts.chats_in_need(connection) == []
    assert transcripts.permission(connection, "p1") == ("c", "allow", "me", "fine")
    assert transcripts.permission(connection, "p3") is None


def test_a_chat_with_a_live_agent_is_in_need(connection: sqlite3.Connection) -> None:
    row = ChatRow("c", False, "1", 1, b"running", b"")
    journal.store(connection, Write(row, sidecar_started=("s", "pi")))
    assert transcripts.chats_in_need(connection) == [b"running"]
    journal.store(connection, Write(row, sidecar_ended="s"))
    assert transcripts.chats_in_need(connection) == []


def test_answers_are_forgotten_by_age(connection: sqlite3.Connection) -> None:
    row = ChatRow("c", False, "1", 1, b"", b"")
    for n, at in enumerate(("2026-01-01", "2026-01-08")):
        answer = ("turn/send", f"k{n}", b"", b"", at)
        journal.store(connection, Write(row, answered=answer))
    transcripts.forget_answers(connection, "2026-01-08")
    assert transcripts.answer(connection, "turn/send", "k0") is None
    assert transcripts.answer(connection, "turn/send", "k1") == (b"", b"")
