"""Owns the interactive screen's beginning and its pauses, as the shell around it knows them."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.input.vt100 import Vt100Input

from claudette_cli.terminal import background

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
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
    """Inside, SIGTSTP suspends as the key does: the terminal is given back as it was first."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTSTP, suspend)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTSTP)


def suspend() -> None:
    """Stops this job until the shell goes on with it; then everything is drawn again."""
    run_in_terminal(_stop)


def _stop() -> None:
    loop = asyncio.get_running_loop()
    loop.remove_signal_handler(signal.SIGTSTP)
    # The whole job, as the terminal itself does it.
    os.kill(0, signal.SIGTSTP)
    loop.add_signal_handler(signal.SIGTSTP, suspend)
