"""What a chat tells is encoded once for all, and waits for nobody."""

import json
from typing import Any

from hypothesis import given, strategies as st

from claudetted.chat.audience.hub import Hub, Subscription
from claudetted.chat.state.open_texts import Texts
from claudetted.chat.step import PublishedDelta, PublishedEvent
from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId, ItemId
from claudetted.protocol.items import Item

CHAT = ChatId("c")


class Box:
    """A client's outbox that a test empties."""

    def __init__(self) -> None:
        self.lagging = False
        self.given_up = False
        self.puts: list[tuple[bytes, tuple[ChatId, int] | None]] = []
        self.unmarked = 0
        self.drained: list[Any] = []

    def put(self, frames: bytes, mark: tuple[ChatId, int] | None) -> None:
        self.puts.append((frames, mark))

    def unmark(self, chat_id: ChatId) -> None:
        assert chat_id == CHAT
        self.unmarked += 1

    def when_drained(self, call: Any) -> None:
        self.drained.append(call)

    def give_up(self) -> None:
        self.given_up = True

    def drain(self) -> None:
        self.lagging = False
        calls, self.drained = self.drained, []
        for call in calls:
            call()

    def frames(self) -> list[Any]:
        lines = b"".join(frames for frames, _ in self.puts).splitlines()
        return [json.loads(line) for line in lines]

    def told(self) -> list[Any]:
        """Numbers of events, and (item, offset, text) of deltas."""
        return [
            frame["params"]["seq"]
            if frame["method"] == "event"
            else tuple(frame["params"][name] for name in ("itemId", "offset", "text"))
            for frame in self.frames()
        ]

    def marks(self) -> list[int]:
        return [mark[1] for _, mark in self.puts if mark]


class Chat:
    """Publishes as an actor does: texts first."""

    def __init__(self) -> None:
        self.texts = Texts([])
        self.hub = Hub(CHAT, self.texts)
        self.seq = 0

    def follow(self, released: bool = True) -> tuple[Box, Subscription]:
        box = Box()
        subscription = self.hub.add(box)
        if released:
            subscription.release()
        return box, subscription

    def event(self, event: ev.Event | None = None) -> PublishedEvent:
        self.seq += 1
        event = event or ev.ChatRestored()
        return PublishedEvent(self.seq, "at", event, ev.encode(event))

    def close(self, item: str) -> PublishedEvent:
        return self.event(ev.ItemClosed(Item(ItemId(item), "message", "done")))

    def delta(self, item: str, *pieces: str) -> PublishedDelta:
        offset = self.texts.get(ItemId(item)).length
        self.texts.append(ItemId(item), "".join(pieces).encode())
        return PublishedDelta(ItemId(item), offset, list(pieces))

    def publish(self, *told: PublishedEvent | PublishedDelta) -> None:
        self.hub.publish(list(told), self.seq)
        for entry in told:
            if isinstance(entry, PublishedEvent) and isinstance(entry.event, ev.ItemClosed):
                self.texts.drop(entry.event.item.id)


def test_all_subscribers_share_the_same_bytes() -> None:
    chat = Chat()
    boxes = [chat.follow()[0] for _ in range(3)]
    chat.publish(chat.event(), chat.delta("a", "x", "y"), chat.event())
    assert boxes[0].told() == [1, ("a", 0, "xy"), 2]
    assert boxes[0].puts[-1][0] is boxes[1].puts[-1][0] is boxes[2].puts[-1][0]


def test_an_event_is_told_with_its_chat_its_time_and_its_content() -> None:
    chat = Chat()
    box, _ = chat.follow()
    chat.publish(chat.event(ev.SidecarLost("é\u2028", ["x"])))
    assert box.frames() == [
        {
            "jsonrpc": "2.0",
            "method": "event",
            "params": {
                "chatId": "c",
                "seq": 1,
                "at": "at",
                "event": {"type": "sidecar/lost", "why": "é\u2028", "stderr": ["x"]},
            },
        }
    ]


def test_a_subscription_is_held_until_its_reply_is_written() -> None:
    chat = Chat()
    box, subscription = chat.follow(released=False)
    chat.publish(chat.event())
    chat.publish(chat.delta("a", "x"))
    assert box.puts == []
    subscription.release()
    assert box.told() == [1, ("a", 0, "x")]
    chat.publish(chat.event())
    assert box.told() == [1, ("a", 0, "x"), 2]


def test_a_closed_subscription_tells_nothing_of_what_was_held() -> None:
    chat = Chat()
    box, subscription = chat.follow(released=False)
    chat.publish(chat.event())
    subscription.close()
    subscription.release()
    chat.publish(chat.event())
    assert box.puts == []
    assert len(chat.hub) == 0


def test_a_closed_subscription_tells_nothing_of_what_was_put_off() -> None:
    chat = Chat()
    box, subscription = chat.follow()
    box.lagging = True
    chat.publish(chat.delta("a", "x"))
    subscription.close()
    box.drain()
    assert box.told() == []


def test_a_subscription_may_be_closed_twice() -> None:
    """Another one to the same chat may have begun in between, and has its own mark."""
    chat = Chat()
    box, subscription = chat.follow()
    subscription.close()
    subscription.close()
    assert len(chat.hub) == 0
    assert box.unmarked == 1


def test_a_subscription_says_from_where_it_leads_and_how_far() -> None:
    chat = Chat()
    chat.publish(chat.event(), chat.event())
    box, subscription = chat.follow(released=False)
    chat.publish(chat.event())
    subscription.release()
    chat.publish(chat.delta("a", "x"))
    assert box.marks() == [2, 3, 3]


def test_a_lagging_client_gets_events_at_once_and_one_delta_an_item() -> None:
    chat = Chat()
    box, _ = chat.follow()
    other, _ = chat.follow()
    chat.publish(chat.delta("a", "told "))
    box.lagging = True
    for n in range(5):
        chat.publish(chat.delta("a", f"é{n}"), chat.event(), chat.delta("b", "x"))
    assert box.told() == [("a", 0, "told "), 1, 2, 3, 4, 5]
    box.drain()
    assert box.told()[6:] == [("a", 5, "é0é1é2é3é4"), ("b", 0, "xxxxx")]
    assert len(other.told()) == 16
    chat.publish(chat.delta("a", "!"))
    assert box.told()[8:] == [("a", 20, "!")]


def test_what_was_closed_meanwhile_needs_no_delta() -> None:
    chat = Chat()
    box, _ = chat.follow()
    box.lagging = True
    chat.publish(chat.delta("a", "x"), chat.delta("b", "y"))
    chat.publish(chat.close("a"))
    box.drain()
    assert box.told() == [1, ("b", 0, "y")]


def test_deltas_stay_put_off_until_all_is_drained() -> None:
    """Also when the queue is shorter meanwhile: what was put off comes first."""
    chat = Chat()
    box, _ = chat.follow()
    box.lagging = True
    chat.publish(chat.delta("a", "x"))
    box.lagging = False
    chat.publish(chat.delta("a", "y"))
    assert box.told() == []
    assert len(box.drained) == 1
    box.drain()
    assert box.told() == [("a", 0, "xy")]


def test_a_chat_that_cannot_go_on_gives_its_clients_up() -> None:
    chat = Chat()
    boxes = [chat.follow()[0] for _ in range(2)]
    chat.hub.give_up()
    assert [box.given_up for box in boxes] == [True, True]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["delta", "event", "close", "lag", "drain"]),
            st.sampled_from("ab"),
            st.sampled_from(["x", "é", "yy"]),
        ),
        max_size=30,
    )
)
def test_however_it_lags_a_client_holds_what_the_chat_holds(
    happened: list[tuple[str, str, str]],
) -> None:
    chat = Chat()
    box, _ = chat.follow()
    for what, item, text in happened:
        if what == "delta":
            chat.publish(chat.delta(item, text), chat.event())
        elif what == "event":
            chat.publish(chat.event())
        elif what == "close":
            chat.publish(chat.close(item))
        elif what == "lag":
            box.lagging = True
        else:
            box.drain()
    box.drain()
    assert [told for told in box.told() if isinstance(told, int)] == list(range(1, chat.seq + 1))
    assert box.marks() == sorted(box.marks())
    assert texts_of(box) == {item: chat.texts.get(ItemId(item)).whole() for item in "ab"}


def texts_of(box: Box) -> dict[str, bytes]:
    """As a client builds them: a delta goes where its offset says, and never leaves a gap."""
    held = {"a": b"", "b": b""}
    for frame in box.frames():
        params = frame["params"]
        if frame["method"] == "delta":
            text = held[params["itemId"]]
            assert params["offset"] <= len(text)
            held[params["itemId"]] = text[: params["offset"]] + params["text"].encode()
        elif params["event"]["type"] == "item/closed":
            held[params["event"]["item"]["id"]] = b""
    return held


def test_nobody_keeps_what_followed_a_chat_that_is_no_more() -> None:
    chat = Chat()
    box, subscription = chat.follow()
    late, held = chat.follow(released=False)
    closed: list[Subscription] = []
    subscription.when_closed = lambda: closed.append(subscription)
    held.when_closed = lambda: closed.append(held)
    chat.hub.publish([chat.event(ev.ChatDeleted())], chat.seq)
    chat.hub.end()
    assert closed == [subscription]
    assert box.told() == [chat.seq]
    held.release()
    assert closed == [subscription, held]
    assert late.told() == [chat.seq]
    assert len(chat.hub) == 0
