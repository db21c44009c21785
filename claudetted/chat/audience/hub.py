"""Owns the fan-out of one chat: what is published goes once, as bytes, to every subscriber."""

from collections.abc import Callable, Iterator
from typing import Protocol

from claudetted.chat.audience.frames import delta_frame, framed
from claudetted.chat.state.open_texts import Texts
from claudetted.chat.step import PublishedDelta, PublishedEvent
from claudetted.protocol.base import ChatId, ItemId
from claudetted.protocol.events import ItemClosed


class Sink(Protocol):
    """A client's outbox, as far as a chat needs it."""

    lagging: bool
    """Whether deltas should wait until what is queued has gone."""

    def put(self, frames: bytes, mark: tuple[ChatId, int] | None) -> None:
        """Queues frames; `mark` tells up to which event of which chat they lead."""

    def unmark(self, chat_id: ChatId) -> None:
        """Forgets how far a chat was told."""

    def when_drained(self, call: Callable[[], None]) -> None:
        """Calls once when what is queued has gone."""

    def give_up(self) -> None:
        """The client is not served any further; it is told where to resume."""


class Subscription:
    """One client's view of one chat. Held back until the reply that announces it is written."""

    def __init__(self, hub: "Hub", sink: Sink) -> None:
        self.hub = hub
        self.sink = sink
        self._held: list[tuple[bytes, int]] | None = [(b"", hub.seq)]
        self._closed = False
        self._last_was_told = False
        self.when_closed: Callable[[], None] = lambda: None
        """Called once; whoever keeps the subscription need not keep it any longer."""
        self._lagging = False
        self._behind: dict[ItemId, int] = {}
        """Open items whose deltas were skipped, and from which offset."""

    def release(self) -> None:
        """The reply is written: what was published meanwhile follows."""
        held, self._held = self._held or [], None
        for frames, seq in held:
            self._put(frames, seq)
        if self._last_was_told:
            self.close()

    def end(self) -> None:
        """The chat has published its last event; who has not heard it yet still will."""
        self._last_was_told = True
        if self._held is None:
            self.close()

    def close(self) -> None:
        """Nothing comes after this, also not what was held or put off."""
        if not self._closed:
            self._closed = True
            self.sink.unmark(self.hub.chat_id)
            self.hub.remove(self)
            self.when_closed()

    def publish(self, batch: "Batch") -> None:
        if self._held is not None:
            self._held.append((batch.joined, batch.seq))
        elif self._lagging or self.sink.lagging:
            self._publish_events(batch)
        else:
            self._put(batch.joined, batch.seq)

    def _publish_events(self, batch: "Batch") -> None:
        """For a client that lags: deltas are put off and merged; closed items need none."""
        if not self._lagging:
            self._lagging = True
            self.sink.when_drained(self._catch_up)
        for item_id, offset in batch.grown:
            self._behind.setdefault(item_id, offset)
        for item_id in batch.closed:
            self._behind.pop(item_id, None)
        if batch.events:
            self._put(batch.events, batch.seq)

    def _catch_up(self) -> None:
        """One merged delta for every item that is still open."""
        self._lagging = False
        behind, self._behind = self._behind, {}
        for item_id, offset in behind.items():
            text = self.hub.texts.get(item_id).after(offset)
            if text:
                frame = delta_frame(self.hub.chat_id, item_id, offset, text.decode())
                self._put(frame, self.hub.seq)

    def _put(self, frames: bytes, seq: int) -> None:
        if not self._closed:
            self.sink.put(frames, (self.hub.chat_id, seq))


class Batch:
    """What one step publishes, encoded once; the parts are built only when somebody lags."""

    def __init__(
        self, chat_id: ChatId, published: list[PublishedEvent | PublishedDelta], seq: int
    ) -> None:
        self.seq = seq
        self._published = published
        self._frames = framed(chat_id, published)
        self.joined = b"".join(self._frames)
        self.closed = [
            entry.event.item.id
            for entry in published
            if isinstance(entry, PublishedEvent) and isinstance(entry.event, ItemClosed)
        ]

    @property
    def events(self) -> bytes:
        told = zip(self._published, self._frames, strict=True)
        return b"".join(frame for entry, frame in told if isinstance(entry, PublishedEvent))

    @property
    def grown(self) -> Iterator[tuple[ItemId, int]]:
        return (
            (entry.item_id, entry.offset)
            for entry in self._published
            if isinstance(entry, PublishedDelta)
        )


class Hub:
    """The subscribers of one chat. Owned by the chat's actor."""

    def __init__(self, chat_id: ChatId, texts: Texts) -> None:
        self.chat_id = chat_id
        self.texts = texts
        self.seq = 0
        self.subscriptions: dict[Subscription, None] = {}

    def __len__(self) -> int:
        return len(self.subscriptions)

    @property
    def sinks(self) -> list[Sink]:
        return [subscription.sink for subscription in self.subscriptions]

    def add(self, sink: Sink) -> Subscription:
        subscription = Subscription(self, sink)
        self.subscriptions[subscription] = None
        return subscription

    def remove(self, subscription: Subscription) -> None:
        self.subscriptions.pop(subscription, None)

    def end(self) -> None:
        """The chat is no more, and has said so."""
        for subscription in list(self.subscriptions):
            subscription.end()

    def give_up(self) -> None:
        """The chat cannot go on telling."""
        for subscription in list(self.subscriptions):
            subscription.sink.give_up()

    def publish(self, published: list[PublishedEvent | PublishedDelta], seq: int) -> None:
        """Tells every subscriber; never waits for one."""
        self.seq = seq
        if not published or not self.subscriptions:
            return
        batch = Batch(self.chat_id, published, seq)
        for subscription in list(self.subscriptions):
            subscription.publish(batch)
