"""Owns the interactive screen's beginning and its pauses, as the shell around it knows them."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.input.vt100 import Vt100Input

from claudette_cli.attach import job
from claudette_cli.terminal import background

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import Any

    from prompt_toolkit.input import Input


def type_ahead(source: Input, text: str) -> None:
    """Keys that the screen finds when it begins. A paste that they begin goes on in what it reads
    itself."""
    if text and isinstance(source, Vt100Input):
        source.vt100_parser.feed(text)
        store_typeahead(source, source.flush_keys())


def without_answers(source: Input) -> None:
    """What the terminal says of itself is no key."""
    reader: Any = getattr(source, "stdin_reader", None)
    if reader is not None:
        reader.read = background.filtered(reader.read)


@contextmanager
def on_request() -> Iterator[None]:
    """Inside, SIGTSTP suspends as the key does: the terminal is given back as it was first.

    By a handler that is not the loop's: the loop also hears of a signal that another handler has
    taken just before, and the person would be suspended twice.
    """
    loop = asyncio.get_running_loop()

    def request(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(suspend)

    signal.signal(signal.SIGTSTP, request)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)


def suspend() -> None:
    """Stops this job until the shell goes on with it; then everything is drawn again."""
    run_in_terminal(job.stop)
