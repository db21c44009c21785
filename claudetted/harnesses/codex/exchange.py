"""Owns the talk with Codex: requests with what their answers mean, and what is to be done."""

from collections.abc import Callable
from typing import Any

import msgspec

from claudetted.harnesses import adapter
from claudetted.harnesses.codex.vendor import Head
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

Then = Callable[[Head], None]
_encode = msgspec.json.Encoder().encode


class Exchange:
    """`actions` is what was decided since they were last taken, in order."""

    def __init__(self) -> None:
        self._actions: list[adapter.Action] = []
        self._number = 0
        self._open: dict[int, Then] = {}

    def take(self) -> list[adapter.Action]:
        taken, self._actions = self._actions, []
        return taken

    def do(self, action: adapter.Action) -> None:
        self._actions.append(action)

    def say(self, line: Line) -> None:
        self._actions.append(line)

    def reply(self, request: int, result: Any = None) -> None:
        self.say(sc.Reply(request, result=msgspec.Raw(_encode(result))))

    def refuse(self, request: int, name: str, message: str, **data: Any) -> None:
        self.say(sc.Reply(request, sc.LineError(name, message, data)))

    def request(self, method: str, then: Then, **params: Any) -> None:
        """`then` gets the answer, whichever it is."""
        self._number += 1
        self._open[self._number] = then
        self._write({"id": self._number, "method": method, "params": params})

    def notify(self, method: str) -> None:
        self._write({"method": method})

    def answer(self, request: int | str, result: Any) -> None:
        self._write({"id": request, "result": result})

    def decline(self, request: int | str, message: str) -> None:
        """Every request of theirs is answered: what is not understood waits for nobody."""
        self._write({"id": request, "error": {"code": -32601, "message": message}})

    def answered(self, head: Head) -> bool:
        then = self._open.pop(head.id, None) if isinstance(head.id, int) else None
        if then:
            then(head)
        return then is not None

    def forget(self) -> None:
        """The program that was asked is gone."""
        self._open.clear()

    def _write(self, message: dict[str, Any]) -> None:
        self._actions.append(adapter.ToVendor(_encode(message) + b"\n"))


def ignore(_: Head) -> None:
    """For answers that say nothing."""
