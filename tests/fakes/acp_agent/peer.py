"""Owns the scripted agent's side of the pipe: messages out, answers to what it asked."""

from __future__ import annotations

import json
import os
import threading

from tests.fakes.sidecar.stopping import Stop, Stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]
else:
    Json = dict


class Peer:
    """Any thread may use it."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._turn = threading.Lock()
        self._asked = 0
        self._answers: dict[int, Json] = {}
        self._come = threading.Condition()

    def send(self, **message: Any) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        with self._turn:
            view = memoryview(data)
            while view:
                view = view[os.write(self._out, view) :]

    def answer(self, number: Any, result: Any) -> None:
        self.send(id=number, result=result)

    def refuse(self, number: Any, code: int, message: str) -> None:
        self.send(id=number, error={"code": code, "message": message})

    def update(self, session: str, what: str, /, **fields: Any) -> None:
        update = {"sessionUpdate": what, **fields}
        self.send(method="session/update", params={"sessionId": session, "update": update})

    def heard(self, message: Json) -> None:
        """An answer to one of our requests."""
        with self._come:
            self._answers[message["id"]] = message
            self._come.notify_all()

    def ask(self, method: str, params: Json, stop: Stop, *, waits: bool) -> Json:
        """The result; {} for an error. A stopped turn asks no further, unless it `waits`."""
        with self._come:
            self._asked += 1
            number = self._asked
        self.send(id=number, method=method, params=params)

        def wake() -> None:
            with self._come:
                self._come.notify_all()

        with stop.waking(wake), self._come:
            self._come.wait_for(lambda: number in self._answers or (stop.is_set and not waits))
            if number not in self._answers:
                raise Stopped
            return dict(self._answers[number].get("result") or {})
