"""Owns what the scripted sidecar says and thinks: at most one open item, its deltas, its close."""

from __future__ import annotations

from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.stopping import Stop
from tests.fakes.sidecar.transcript import Transcript

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 500


class Speech:
    """The messages and the reasoning of one turn."""

    def __init__(
        self, out: Outlet, transcript: Transcript, model: Callable[[], str], stop: Stop
    ) -> None:
        self._out = out
        self._transcript = transcript
        self._model = model
        self._stop = stop
        self._open = ""
        self._kind = ""
        self._said = ""
        self.pause = 0.0
        """Seconds before every word."""
        self.deltas = 0

    def say(self, kind: str, text: str) -> None:
        """Word by word."""
        for number, word in enumerate(text.split(" ")):
            self._stop.check()
            if self.pause:
                self._stop.pause(self.pause)
            self.delta(kind, word if number == 0 else f" {word}")

    def delta(self, kind: str, text: str) -> None:
        item = self._item(kind)
        self._said += text
        self.deltas += 1
        self._out.send("item.delta", item=item, text=text)

    def burst(self, count: int, text: str) -> None:
        """Many deltas, as fast as they are read."""
        line = {"type": "item.delta", "item": self._item("message"), "text": text}
        self._said += text * count
        self.deltas += count
        while count:
            self._stop.check()
            batch = min(count, BATCH)
            self._out.send_all([line] * batch)
            count -= batch

    def close(self, status: str) -> None:
        if not self._open:
            return
        self._out.send("item.close", item=self._open, status=status)
        if self._kind == "message" and status == "done":
            self._transcript.add("assistant", self._said)
        self._open = ""
        self._said = ""

    def _item(self, kind: str) -> str:
        if not self._open or kind != self._kind:
            self.close("done")
            self._kind = kind
            self._open = self._out.name(kind[0])
            self._out.send("item.open", item=self._open, kind=kind, model=self._model())
        return self._open
