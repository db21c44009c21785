"""Owns the end of a turn that takes longer than it was given."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from claudette_cli.client import finding
from claudette_cli.exits import Disconnected, Refused
from claudette_cli.terminal.output import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def limited(chat_id: str, seconds: float | None) -> Iterator[threading.Event]:
    """Inside, the chat is stopped when the time is over; the event says whether it was."""
    over = threading.Event()

    def stop() -> None:
        over.set()
        connection = finding.running()
        if connection is not None:
            with connection:
                try:
                    connection.request("turn/stop", {"chatId": chat_id})
                except (Refused, Disconnected) as failed:
                    errors().say(f"claudette: The turn could not be stopped: {failed}")

    timer = threading.Timer(seconds, stop) if seconds is not None else None
    if timer is not None:
        timer.daemon = True
        timer.start()
    try:
        yield over
    finally:
        if timer is not None:
            timer.cancel()
