"""The client's fold agrees with the daemon's, and takes deltas in any shape."""

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from claudette_cli.client.fold import Fold
from claudetted.chat.state import fold as daemon
from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId, ItemId, PermissionId, QuestionId, SidecarId, TurnId
from claudetted.protocol.chats import Chat, Context, SidecarInfo, Snapshot, Status
from claudetted.protocol.items import CompactionInfo, Item, ToolCall
from claudetted.protocol.permissions import Permission, Request, Resolution
from claudetted.protocol.questions import Answer, Question
from claudetted.protocol.queue import QueueEntry
from claudetted.protocol.turns import Turn, Usage

CHAT = Chat(ChatId("c"), "/w", "/w", "", "pi", "standard", Status("idle"), "then", "then")
TURN = Turn(TurnId("t1"), CHAT.id, "running")
ENDED = Turn(
    TURN.id, CHAT.id, "ended", reason="done", usage=Usage(input=5, output=2, cost_usd=0.25)
)
MESSAGE = Item(ItemId("m"), "message", "open", turn_id=TURN.id)
TOOL = Item(ItemId("b"), "tool", "open", tool=ToolCall("bash", "writing"))
ASKED = Permission(
    PermissionId("p"), CHAT.id, TOOL.id, Request("bash", "run", "d", command="ls"), "now"
)
QUEUED = QueueEntry(TurnId("t2"), "later", 5, "queue", "now")


def question(name: str) -> Question:
    return Question(QuestionId(name), CHAT.id, "trust", "Trust it?", "now", subject=name)


STORY: list[Any] = [
    ev.SidecarStarted(SidecarInfo(SidecarId("s"), "pi")),
    ev.ItemAdded(Item(ItemId("u"), "user", "done", text="hello")),
    ev.TurnStarted(TURN),
    ev.StatusChanged(Status("running")),
    ev.ItemOpened(MESSAGE),
    ev.ItemClosed(Item(MESSAGE.id, "message", "done", text="hi", text_bytes=2)),
    ev.ItemOpened(TOOL),
    ev.ItemChanged(Item(TOOL.id, "tool", "open", tool=ToolCall("bash", phase="asking"))),
    ev.PermissionOpened(ASKED),
    ev.AttentionRaised("permission"),
    ev.QueueChanged([QUEUED]),
    ev.PermissionResolved(ASKED.id, Resolution("allow", "me")),
    ev.AttentionRaised("failed"),
    ev.AttentionCleared("permission"),
    ev.ItemClosed(Item(TOOL.id, "tool", "done", tool=ToolCall("bash", "ended", exit_code=0))),
    ev.TurnEnded(ENDED, "done"),
    ev.QueueChanged([], paused=True),
    ev.ContextChanged(Context(10, 100)),
    ev.CompactionStarted("manual"),
    ev.CompactionEnded(CompactionInfo("manual", 10, 5)),
    ev.ChatConfigured(replace(CHAT, title="new", level="full")),
    ev.ChatArchived("then"),
    ev.ChatRestored(),
    ev.TurnStarted(TURN),
    ev.QuestionOpened(question("c.q1")),
    ev.QuestionOpened(question("c.q2")),
    ev.QuestionResolved(QuestionId("c.q1"), Answer("answered", "cli", "yes", "Yes")),
    ev.TurnEnded(ENDED, "done"),
    ev.SidecarLost("it died", ["last words"]),
]


def told(seq: int, event: Any) -> dict[str, Any]:
    params = ev.EventParams(CHAT.id, seq, f"at {seq}", event)
    return dict(json.loads(msgspec.json.encode(params)))


def subscribed(**parts: Any) -> dict[str, Any]:
    snapshot = Snapshot(CHAT, parts.pop("seq", 1), "j.1", **parts)
    return dict(json.loads(msgspec.json.encode(ev.SubscribeResult(snapshot=snapshot))))


def seen_by(fold: Fold) -> daemon.ChatState:
    """The client's state in the daemon's terms."""
    state = {
        "chat": fold.chat,
        "seq": fold.seq,
        "turn": fold.turn,
        "open": fold.open,
        "permissions": fold.permissions,
        "questions": fold.questions,
        "queue": fold.queue,
        "queuePaused": fold.queue_paused,
        "sidecar": fold.sidecar,
        "compacting": fold.compacting,
        "compaction": fold.compaction,
    }
    return msgspec.convert(
        msgspec.json.decode(msgspec.json.encode(state)), daemon.ChatState, strict=False
    )


def fold_of(story: list[Any]) -> Iterator[tuple[Fold, daemon.ChatState]]:
    client = Fold()
    client.snapshot(subscribed())
    state = daemon.fold(None, 1, "", ev.ChatCreated(CHAT))
    for seq, event in enumerate(story, 2):
        client.event(told(seq, event))
        state = daemon.fold(state, seq, f"at {seq}", event)
        yield client, state


def test_the_client_and_the_daemon_agree_after_every_event() -> None:
    for client, state in fold_of(STORY):
        assert seen_by(client).chat == state.chat
        assert seen_by(client) == msgspec.convert(
            msgspec.to_builtins(state), daemon.ChatState, strict=False
        )


def test_the_transcript_is_what_was_added_and_closed() -> None:
    *_, (client, _) = fold_of(STORY)
    assert [item["id"] for item in client.items] == ["u", "m", "b"]


def test_an_item_keeps_the_place_where_it_was_opened() -> None:
    def tool(name: str, status: Literal["open", "done"], at: str) -> Item:
        return Item(ItemId(name), "tool", status, opened_at=at)

    client = Fold()
    client.snapshot(subscribed(items=[tool("b", "done", "2")], open=[tool("a", "open", "1")]))
    story = [
        ev.ItemOpened(tool("c", "open", "3")),
        ev.ItemOpened(tool("d", "open", "3")),
        ev.ItemClosed(tool("d", "done", "3")),
        ev.ItemClosed(tool("c", "done", "3")),
        ev.ItemClosed(tool("a", "done", "1")),
        ev.ItemAdded(tool("e", "done", "3")),
    ]
    for seq, event in enumerate(story, 2):
        client.event(told(seq, event))
    assert [item["id"] for item in client.items] == ["a", "b", "c", "d", "e"]


def test_an_event_that_comes_again_changes_nothing() -> None:
    client = Fold()
    client.snapshot(subscribed())
    client.event(told(2, STORY[1]))
    assert client.event(told(2, STORY[1])) == []
    assert len(client.items) == 1


def test_it_resumes_after_what_it_has_taken() -> None:
    client = Fold()
    assert client.cursor is None
    client.snapshot(subscribed())
    assert client.cursor == "j.1"
    client.event(told(2, STORY[1]))
    assert client.cursor == "j.2"
    assert client.snapshot({"resumed": True}) == [("resumed", None)]
    assert len(client.items) == 1


def test_a_fresh_snapshot_replaces_everything() -> None:
    *_, (client, _) = fold_of(STORY)
    client.snapshot(subscribed(seq=90, open=[MESSAGE]))
    assert (client.seq, client.items, list(client.open)) == (90, [], ["m"])


def test_a_change_keeps_the_text_of_the_item() -> None:
    client = Fold()
    client.snapshot(subscribed(open=[TOOL]))
    client.delta({"itemId": "b", "offset": 0, "text": "out"})
    client.event(told(2, ev.ItemChanged(TOOL)))
    assert client.open["b"]["text"] == "out"


def test_a_reset_that_hides_takes_the_transcript_away() -> None:
    client = Fold()
    client.snapshot(subscribed(items=[MESSAGE], history="older"))
    client.event(told(2, ev.ChatReset(hidden=False)))
    assert len(client.items) == 1
    client.event(told(3, ev.ChatReset(hidden=True)))
    assert (client.items, client.older) == ([], None)


@given(st.lists(st.text(), max_size=8), st.integers(0, 8))
def test_a_delta_replaces_what_is_held_from_its_offset_on(pieces: list[str], again: int) -> None:
    client = Fold()
    client.snapshot(subscribed(open=[MESSAGE]))
    said = ""
    for piece in pieces:
        client.delta({"itemId": "m", "offset": len(said.encode()), "text": piece})
        said += piece
    assert client.open["m"].get("text", "") == said
    kept = said[:again]
    client.delta({"itemId": "m", "offset": len(kept.encode()), "text": "new"})
    assert client.open["m"]["text"] == kept + "new"
    assert client.open["m"]["textBytes"] == client.held("m")


def test_a_missing_piece_is_noticed_and_filled() -> None:
    client = Fold()
    client.snapshot(subscribed(open=[MESSAGE]))
    assert client.delta({"itemId": "m", "offset": 2, "text": "c"}) == []
    assert client.gaps == {"m"}
    client.fill("m", 0, "äc")
    assert (client.open["m"]["text"], client.gaps, client.held("m")) == ("äc", set(), 3)


def test_an_open_item_that_was_cut_has_a_gap() -> None:
    client = Fold()
    client.snapshot(subscribed(open=[Item(ItemId("m"), "message", "open", text="a", text_bytes=9)]))
    assert client.gaps == {"m"}


@pytest.mark.parametrize(
    ("total", "more", "expected"),
    [
        ({}, {"input": 1}, (1, None)),
        ({"costUsd": 1.0}, {"costUsd": 0.5}, (0, 1.5)),
        ({"costUsd": 1.0}, {}, (0, 1.0)),
    ],
)
def test_money_nobody_knows_counts_as_none(
    total: dict[str, Any], more: dict[str, Any], expected: tuple[int, float | None]
) -> None:
    from claudette_cli.client.fold import add_usage

    summed = add_usage(total, more)
    assert (summed["input"], summed["costUsd"]) == expected
