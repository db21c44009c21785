"""Owns what a client makes of a subscription: the snapshot, folded on by events and deltas."""

from typing import Any

import msgspec

from claudetted.chat.state.fold import ChatState, fold
from claudetted.protocol import events as ev
from claudetted.protocol.chats import Snapshot
from claudetted.protocol.items import Item
from tests.daemon.client import Client, Json


class Mirror:
    """A chat as one client sees it. Raises AssertionError when anything is missing or doubled."""

    def __init__(self, snapshot: Json) -> None:
        told = msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot)
        self.cursor = told.cursor
        self.state = ChatState(
            told.chat,
            told.seq,
            turn=told.turn,
            open={item.id: item for item in told.open},
            permissions={asked.id: asked for asked in told.permissions},
            questions={asked.id: asked for asked in told.questions},
            queue=told.queue,
            queue_paused=told.queue_paused,
            sidecar=told.sidecar,
            compacting=told.chat.status.name == "compacting",
        )
        self.items: dict[str, Item] = {item.id: item for item in told.items}
        self.texts: dict[str, bytes] = {item.id: item.text.encode() for item in told.open}
        self.ended: set[str] = set()
        """Turns that were told to be over."""
        self.missed: set[str] = set()
        """Open items of which a piece was skipped: a client would read them again."""

    @classmethod
    async def of(cls, client: Client, chat: str) -> "Mirror":
        """Subscribes."""
        answer = await client.call("event/subscribe", chatId=chat)
        return cls(answer["snapshot"])

    @property
    def chat(self) -> str:
        return self.state.chat.id

    def take(self, frames: list[Json]) -> None:
        """Folds every notification that is about this chat."""
        for frame in frames:
            if frame["params"].get("chatId") != self.chat:
                continue
            if frame["method"] == "event":
                self._take_event(frame["params"])
            elif frame["method"] == "delta":
                self._take_delta(frame["params"])

    def _take_event(self, params: Json) -> None:
        assert params["seq"] == self.state.seq + 1, (params["seq"], self.state.seq)
        event = ev.decode(msgspec.json.encode(params["event"]))
        self.state = fold(self.state, params["seq"], params["at"], event)
        if isinstance(event, ev.ItemOpened):
            self.texts[event.item.id] = b""
        elif isinstance(event, ev.ChatReset) and event.hidden:
            self.items.clear()
        elif isinstance(event, ev.ItemAdded):
            self.items[event.item.id] = event.item
        elif isinstance(event, ev.ItemClosed):
            self._close(event.item)
        elif isinstance(event, ev.TurnEnded):
            self.ended.add(event.turn.id)

    def _close(self, item: Item) -> None:
        built = self.texts.pop(item.id)
        if item.id not in self.missed and item.tool is None:
            shown = item.text.encode()
            assert built[: len(shown)] == shown[: len(built)]
        self.missed.discard(item.id)
        self.items[item.id] = item

    def _take_delta(self, params: Json) -> None:
        held = self.texts[params["itemId"]]
        if params["offset"] > len(held):
            self.missed.add(params["itemId"])
            return
        self.texts[params["itemId"]] = held[: params["offset"]] + params["text"].encode()

    def picture(self) -> Json:
        """All a client could show but its transcript, for comparing."""
        state = self.state
        opened = {item: text for item, text in self.texts.items() if item not in self.missed}
        return {
            "chat": state.chat,
            "seq": state.seq,
            "turn": state.turn,
            "open": {key: _bare(item) for key, item in state.open.items()},
            "texts": opened,
            "permissions": state.permissions,
            "questions": state.questions,
            "queue": (state.queue, state.queue_paused),
            "sidecar": state.sidecar,
        }


def _bare(item: Item) -> Any:
    """Without the text, which grows by deltas."""
    return msgspec.structs.replace(item, text="", text_bytes=0)
