"""A step is stored whole or not at all, and read back as it was; a removed chat leaves no word."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from claudetted.store import journal, remains, schema, transcripts
from claudetted.store.journal import (
    ChatRow,
    EventRow,
    ItemRow,
    KeyTaken,
    Loaded,
    Opened,
    Resolved,
    RuleRow,
    TurnRow,
    Write,
)

WORD = "needle"
"""What a person would not want to find after a delete."""


def open_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.prepare(connection)
    return connection


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = open_memory()
    yield connection
    connection.close()


def chat_row(chat: str = "c1", seq: int = 1, state: bytes = b"state") -> ChatRow:
    return ChatRow(chat, False, f"2026-01-01T00:00:{seq:02}.000Z", seq, state, b"agent")


def full(chat: str) -> Write:
    """A step with something in every table."""
    word = WORD.encode()
    return Write(
        chat_row(chat, 2, word),
        env=word,
        events=[EventRow(1, "at1", word), EventRow(2, "at2", word)],
        items=[ItemRow(1, f"{chat}-i1", word), ItemRow(2, f"{chat}-i2", word)],
        pieces=[(f"{chat}-i2", 0, word)],
        payloads=[(f"{chat}-i1", "text", word)],
        turns=[TurnRow(f"{chat}-t", word, word)],
        opened=[Opened(f"{chat}-p1", "bash", "d1", "at1", word)],
        resolved=[Resolved(f"{chat}-p1", "deny", "at2", "me/cli", "No.", "chat")],
        rules=[RuleRow(f"{chat}-r", "chat", chat, word)],
        sidecar_started=(f"{chat}-s", "pi"),
        committed=(f"{chat}-s", 77),
        inputs=[(f"{chat}-s", 1, word), (f"{chat}-s", 2, word)],
    )


def everything(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        name: connection.execute(f"SELECT * FROM {name}").fetchall()
        for (name,) in names
        if name != "meta"
    }


def test_a_chat_is_read_back_as_it_was_stored(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    assert journal.load_chat(connection, "c1") == Loaded(
        WORD.encode(),
        b"agent",
        WORD.encode(),
        item_count=2,
        pieces=[("c1-i2", WORD.encode())],
        committed=77,
        inputs=[(1, WORD.encode()), (2, WORD.encode())],
    )
    assert journal.events_after(connection, "c1", 0, 10) == [
        (1, "at1", WORD.encode()),
        (2, "at2", WORD.encode()),
    ]


def test_there_is_nothing_of_a_chat_that_never_was(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    assert journal.load_chat(connection, "c2") is None
    assert journal.events_after(connection, "c2", 0, 10) == []


def test_chats_with_the_same_items_and_numbers_do_not_meet(connection: sqlite3.Connection) -> None:
    for chat in ("c1", "c2"):
        write = Write(chat_row(chat), events=[EventRow(1, "at", chat.encode())])
        write.items = [ItemRow(1, "same", chat.encode())]
        write.pieces = [("same", 0, chat.encode())]
        write.payloads = [("same", "text", chat.encode())]
        journal.store(connection, write)
    closing = Write(chat_row("c1", 2), item_bodies=[("same", b"closed")], closed=["same"])
    journal.store(connection, closing)
    assert transcripts.item(connection, "c1", "same") == b"closed"
    assert transcripts.item(connection, "c2", "same") == b"c2"
    loaded = journal.load_chat(connection, "c2")
    assert loaded
    assert loaded.pieces == [("same", b"c2")]
    assert transcripts.payload(connection, "c2", "same", "text", 0, 9) == (b"c2", 2)


@settings(max_examples=30)
@given(st.data())
def test_pieces_are_joined_in_their_order_whenever_they_were_stored(data: st.DataObject) -> None:
    """A step may store pieces of several items; the text is what was said in its order."""
    connection = open_memory()
    texts: dict[str, bytes] = {"a": b"", "b": b"", "a.b": b""}
    for seq in range(data.draw(st.integers(1, 12))):
        write = Write(chat_row(seq=seq))
        for item in data.draw(st.lists(st.sampled_from(sorted(texts)), unique=True)):
            piece = data.draw(st.binary(min_size=1, max_size=300))
            write.pieces.append((item, len(texts[item]), piece))
            texts[item] += piece
        journal.store(connection, write)
    loaded = journal.load_chat(connection, "c1")
    connection.close()
    assert loaded
    assert dict(loaded.pieces) == {item: text for item, text in texts.items() if text}


def test_a_closed_item_keeps_no_pieces(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    last = Write(chat_row(seq=3), pieces=[("c1-i2", 6, b"!")], closed=["c1-i2"])
    journal.store(connection, last)
    loaded = journal.load_chat(connection, "c1")
    assert loaded
    assert loaded.pieces == []


def test_what_a_step_does_not_name_stays(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    turn = TurnRow("c1-t", b"ended")
    journal.store(connection, Write(chat_row("c1", 3), turns=[turn]))
    assert transcripts.turn(connection, "c1", "c1-t") == (b"ended", WORD.encode())
    loaded = journal.load_chat(connection, "c1")
    assert loaded
    assert (loaded.env, loaded.state) == (WORD.encode(), b"state")


def test_an_edited_prompt_replaces_the_old_one(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    turn = TurnRow("c1-t", b"queued", b"edited")
    journal.store(connection, Write(chat_row("c1", 3), turns=[turn]))
    assert transcripts.turn(connection, "c1", "c1-t") == (b"queued", b"edited")


def test_inputs_that_were_read_are_dropped_and_the_others_kept(
    connection: sqlite3.Connection,
) -> None:
    journal.store(connection, full("c1"))
    journal.store(connection, Write(chat_row("c1", 3), inputs_taken=("c1-s", 1)))
    loaded = journal.load_chat(connection, "c1")
    assert loaded
    assert [n for n, _ in loaded.inputs] == [2]


def test_a_sidecar_that_ended_is_live_no_more(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    journal.store(connection, full("c2"))
    assert sorted(journal.live_sidecars(connection)) == [("c1-s", "c1"), ("c2-s", "c2")]
    journal.store(connection, Write(chat_row("c1", 3), sidecar_ended="c1-s"))
    assert journal.live_sidecars(connection) == [("c2-s", "c2")]
    loaded = journal.load_chat(connection, "c1")
    assert loaded
    assert (loaded.committed, loaded.inputs) == (0, [])


def test_a_sidecar_is_replaced_in_one_step(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    write = Write(chat_row("c1", 3), sidecar_ended="c1-s", sidecar_started=("c1-s2", "pi"))
    write.inputs = [("c1-s2", 1, b"start")]
    journal.store(connection, write)
    loaded = journal.load_chat(connection, "c1")
    assert loaded
    assert (loaded.committed, loaded.inputs) == (0, [(1, b"start")])


def test_events_are_read_in_pages(connection: sqlite3.Connection) -> None:
    events = [EventRow(seq, "at", str(seq).encode()) for seq in range(1, 12)]
    journal.store(connection, Write(chat_row(), events=events))
    seen: list[int] = []
    while page := journal.events_after(connection, "c1", seen[-1] if seen else 0, 4):
        seen += [seq for seq, _, _ in page]
    assert seen == list(range(1, 12))


def test_a_number_is_given_to_one_event_only(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    with pytest.raises(sqlite3.IntegrityError):
        journal.store(connection, Write(chat_row(), events=[EventRow(2, "at", b"other")]))


def test_a_key_is_answered_once(connection: sqlite3.Connection) -> None:
    answer = ("turn/send", "k", b"params", b"result", "at")
    journal.store(connection, Write(chat_row(), answered=answer))
    connection.execute("SAVEPOINT job")
    with pytest.raises(KeyTaken):
        journal.store(connection, Write(chat_row(seq=2), answered=answer))
    connection.execute("ROLLBACK TO job")
    other = ("chat/create", "k", b"params", b"other", "at")
    journal.store(connection, Write(chat_row(seq=2), answered=other))
    assert transcripts.answer(connection, "turn/send", "k") == (b"params", b"result")
    assert transcripts.answer(connection, "chat/create", "k") == (b"params", b"other")


def test_the_rules_of_a_turn_go_with_it(connection: sqlite3.Connection) -> None:
    write = full("c1")
    write.rules = [RuleRow("r1", "turn", "t1", b"one"), RuleRow("r2", "turn", "t2", b"two")]
    journal.store(connection, write)
    journal.store(connection, Write(chat_row("c1", 3), turn_over="t1"))
    assert connection.execute("SELECT id FROM rule").fetchall() == [("r2",)]


def remove(connection: sqlite3.Connection, chat: str) -> None:
    journal.remove_chat(connection, chat)
    remains.forget(connection, chat)


def test_a_removed_chat_leaves_the_record_of_its_decisions_and_nothing_else(
    connection: sqlite3.Connection,
) -> None:
    journal.store(connection, full("c2"))
    others = everything(connection)
    journal.store(connection, full("c1"))
    remove(connection, "c1")
    left = everything(connection)
    decisions = [row for row in left["permission"] if row not in others["permission"]]
    assert len(decisions) == 1
    assert {"c1-p1", "c1", "bash", "d1", "deny", "me/cli", "at1", "at2"} <= {*decisions[0]}
    assert WORD.encode() not in decisions[0]
    left["permission"].remove(decisions[0])
    assert left == others


def test_a_chat_may_be_removed_twice(connection: sqlite3.Connection) -> None:
    journal.store(connection, full("c1"))
    remove(connection, "c1")
    before = everything(connection)
    remove(connection, "c1")
    assert everything(connection) == before
