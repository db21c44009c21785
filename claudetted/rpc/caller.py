"""Owns who is on the other side of a connection, and what belongs to that connection."""

from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from claudetted.chat.feed import Follower
from claudetted.chat.hub import Subscription
from claudetted.protocol.base import ChatId
from claudetted.protocol.daemon import ClientKind
from claudetted.rpc.outbox import Outbox


@dataclass
class Clients:
    """How many are connected, and the word for them to go."""

    count: int = 0
    leave: trio.Event = field(default_factory=trio.Event)


class Caller:
    """One connected client. Its subscriptions and its nursery end with the connection."""

    def __init__(self, pid: int | None, outbox: Outbox, nursery: trio.Nursery) -> None:
        self.name = "anonymous"
        self.kind: ClientKind = "other"
        self.pid = pid
        self.outbox = outbox
        self.nursery = nursery
        self.subscriptions: dict[ChatId, Subscription] = {}
        self.catching_up: dict[ChatId, trio.CancelScope] = {}
        self.follower: Follower | None = None
        self.after_reply: list[Callable[[], None]] = []
        """Runs when the reply to the request under way is queued."""

    @property
    def who(self) -> str:
        """As decisions record it."""
        process = f" (pid {self.pid})" if self.pid else ""
        return f"{self.name}/{self.kind}{process}"

    def replied(self) -> None:
        calls, self.after_reply = self.after_reply, []
        for call in calls:
            call()
