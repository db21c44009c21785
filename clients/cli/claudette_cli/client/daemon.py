"""Owns calls to the daemon that outlive it: it is started when it is gone, and asked again."""

from __future__ import annotations

import os
from contextlib import contextmanager

from claudette_cli.client import finding, versions
from claudette_cli.client.connection import Connection
from claudette_cli.exits import NO_DAEMON, REPLACED, Disconnected, Failure
from claudette_cli.terminal.output import errors
from claudetted import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_ATTEMPTS = 5
_mentioned: set[str] = set()
_READING = {"get", "list", "history", "status", "wait"}


class Daemon:
    """The daemon as a command sees it. Whoever makes it closes it; it is a context manager."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = connect()
        return self._connection

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Asks, and asks again when the daemon was replaced meanwhile and that is harmless."""
        attempts = _ATTEMPTS if _repeatable(method, params) else 1
        while True:
            attempts -= 1
            try:
                result = self.connection.request(method, params)
                _mention_version(self.connection)
                return result
            except Disconnected:
                self.close()
                if not attempts:
                    raise Failure(
                        f"The daemon went away during {method}; look with claudette status, "
                        "then run the command again."
                    ) from None


def connect() -> Connection:
    """To the daemon that runs, or to one started for it."""
    connection = finding.running()
    if connection is not None:
        return connection
    if host := finding.elsewhere():
        raise Failure(f"{host} cannot be reached, or no daemon answers there.", NO_DAEMON)
    try:
        from claudette_cli.client import starting
    except ImportError:
        raise Failure(REPLACED) from None
    return starting.start()


def _mention_version(connection: Connection) -> None:
    """A person, not a script, learns of a daemon that an upgrade has left behind."""
    told = str(connection.hello["version"])
    if told == __version__ or told in _mentioned or not errors().interactive:
        return
    _mentioned.add(told)
    _remark(
        f"The daemon is of version {told} and this command of {__version__}; "
        f"{versions.advice(newer=versions.is_newer(told))}"
    )


@contextmanager
def remarking(say: Callable[[str], None]) -> Iterator[None]:
    """Inside, what is remarked on the way is said by a screen of its own."""
    global _remark
    before, _remark = _remark, say
    try:
        yield
    finally:
        _remark = before


def _say(sentence: str) -> None:
    errors().say(sentence)


_remark: Callable[[str], None] = _say


def new_key() -> str:
    """Makes the repetition of a request harmless."""
    return os.urandom(12).hex()


def _repeatable(method: str, params: dict[str, Any] | None) -> bool:
    return method.rpartition("/")[2] in _READING or "key" in (params or {})
