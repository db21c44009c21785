"""Owns who is on the other side of a connection, and what belongs to that connection."""

from collections.abc import Callable
from functools import partial

import msgspec
import trio

from claudetted.chat.audience.feed import Follower
from claudetted.chat.audience.hub import Subscription
from claudetted.protocol.base import ChatId
from claudetted.protocol.daemon import ClientKind
from claudetted.rpc.doors.peer import Peer
from claudetted.rpc.outbox import Outbox


class Clients(msgspec.Struct):
    """Who is connected, by their outboxes, and the word for them to go."""

    outboxes: set[Outbox] = msgspec.field(default_factory=set)
    present: "set[Client]" = msgspec.field(default_factory=set)
    """Those whose requests are read."""
    leave: trio.Event = msgspec.field(default_factory=trio.Event)


class Client:
    """One connection. Its subscriptions and its nursery end with it."""

    def __init__(self, peer: Peer, outbox: Outbox, nursery: trio.Nursery) -> None:
        self.peer = peer
        self.name = "anonymous"
        self.kind: ClientKind = "other"
        self.outbox = outbox
        self.nursery = nursery
        self.subscriptions: dict[ChatId, Subscription] = {}
        self.catching_up: dict[ChatId, trio.CancelScope] = {}
        self.follower: Follower | None = None
        self.gone = False

    @property
    def who(self) -> str:
        """As decisions record it."""
        return f"{self.name}/{self.kind} ({self.peer.label})"

    def keep(self, subscription: Subscription) -> Subscription:
        """Its only one to the chat. It ends with the client, who may have left meanwhile."""
        self.subscriptions[subscription.hub.chat_id] = subscription
        subscription.when_closed = partial(self._let_go, subscription)
        if self.gone:
            subscription.close()
        return subscription

    def _let_go(self, subscription: Subscription) -> None:
        chat_id = subscription.hub.chat_id
        if self.subscriptions.get(chat_id) is subscription:
            del self.subscriptions[chat_id]

    def leave(self) -> None:
        """The connection is over."""
        self.gone = True
        for subscription in list(self.subscriptions.values()):
            subscription.close()
        if self.follower:
            self.follower.close()


class Caller(msgspec.Struct):
    """A client while it is answered. `after_reply` runs when the reply is queued."""

    client: Client
    after_reply: list[Callable[[], None]] = msgspec.field(default_factory=list)
