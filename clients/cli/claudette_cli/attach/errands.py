"""Owns the requests a seated person causes: made in threads, so that the screen stays usable."""

from __future__ import annotations

import queue
import threading

from claudette_cli.client.daemon import Daemon
from claudette_cli.exits import REPLACED, Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Errand = Callable[[], object]

LAST_SECONDS = 5.0


class Errands:
    """Failures are told as sentences, from whatever thread they happen in."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._queue: queue.SimpleQueue[Errand | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def in_order(self, errand: Errand) -> None:
        """One after the other, as messages must be."""
        self._queue.put(errand)

    def aside(self, errand: Errand) -> None:
        """At once, whatever else takes its time."""
        threading.Thread(target=self._do, args=(errand,), daemon=True).start()

    def close(self) -> None:
        """Lets the messages that were entered go out."""
        self._queue.put(None)
        self._worker.join(timeout=LAST_SECONDS)

    def _work(self) -> None:
        while (errand := self._queue.get()) is not None:
            self._do(errand)

    def _do(self, errand: Errand) -> None:
        try:
            errand()
        except Failure as failure:
            self._tell(failure.message)
        except ImportError:
            # What is loaded late is gone when another installation has replaced this one.
            self._tell(REPLACED)


def call(method: str, params: dict[str, Any]) -> Any:
    with Daemon() as daemon:
        return daemon.call(method, params)
