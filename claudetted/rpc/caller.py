"""Owns who is on the other side of a connection, and what belongs to that connection."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import trio

from claudetted.chat.feed import Follower
from claudetted.chat.hub import Subscription
from claudetted.protocol.base import ChatId
from claudetted.protocol.daemon import ClientKind
from claudetted.rpc.outbox import Outbox


@dataclass
class Clients:
    """Who is connected, by their outboxes, and the word for them to go."""

    outboxes: set[Outbox] = field(default_factory=set)
    leave: trio.Event = field(default_factory=trio.Event)


class Client:
    """One connection. Its subscriptions and its nursery end with it."""

    def __init__(
        self, pid: int | None, of_agent: bool, outbox: Outbox, nursery: trio.Nursery
    ) -> None:
        self.of_agent = of_agent
        """An agent has started it: it may watch."""
        self.name = "anonymous"
        self.kind: ClientKind = "other"
        self.pid = pid
        self.outbox = outbox
        self.nursery = nursery
        self.subscriptions: dict[ChatId, Subscription] = {}
        self.catching_up: dict[ChatId, trio.CancelScope] = {}
        self.follower: Follower | None = None
        self.gone = False

    @property
    def who(self) -> str:
        """As decisions record it."""
        process = f" (pid {self.pid})" if self.pid else ""
        return f"{self.name}/{self.kind}{process}"

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


@dataclass
class Caller:
    """A client while it is answered. `after_reply` runs when the reply is queued."""

    client: Client
    after_reply: list[Callable[[], None]] = field(default_factory=list)

    @property
    def who(self) -> str:
        return self.client.who

    def replied(self) -> None:
        for call in self.after_reply:
            call()
