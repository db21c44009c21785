"""Owns who follows the chats whose models one provider serves, and telling them of it."""

from collections.abc import Iterator

from claudetted.chat.actor import Actor
from claudetted.chat.audience.feed import Listener
from claudetted.chat.manager import Manager
from claudetted.protocol.chats import Chat
from claudetted.protocol.usage import Balance, BalanceParams
from claudetted.wire import jsonrpc


class Audience:
    """Those who follow such a chat, or all chats while one such is loaded."""

    def __init__(self, manager: Manager, provider: str) -> None:
        self._manager = manager
        self._prefix = f"{provider}/"

    def is_served(self, chat: Chat) -> bool:
        return (chat.model_used or chat.model or "").startswith(self._prefix)

    @property
    def concerned(self) -> bool:
        """Whether such a chat is loaded, followed or not."""
        return bool(self._served())

    @property
    def present(self) -> bool:
        return any(True for _ in self._listeners())

    def tell(self, balance: Balance | None) -> None:
        """Each once, however many such chats they follow."""
        frame = balance_frame(balance)
        for listener in dict.fromkeys(self._listeners()):
            listener.put(frame, None)

    def _listeners(self) -> Iterator[Listener]:
        served = self._served()
        for actor in served:
            yield from actor.hub.sinks
        if served:
            yield from self._manager.world.feed.listeners

    def _served(self) -> list[Actor]:
        return [actor for actor in self._manager.loaded if self.is_served(actor.state.chat)]


def balance_frame(balance: Balance | None) -> bytes:
    return jsonrpc.notification("balance", BalanceParams(balance))
