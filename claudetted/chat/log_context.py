"""Owns which chat the log speaks of, for everything that a task does for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_chat: ContextVar[str] = ContextVar("chat", default="")


def subject() -> str:
    """The chat's id; empty where it is about none."""
    return _chat.get()


@contextmanager
def speaking_of(chat_id: str | None) -> Iterator[None]:
    """Tasks that are started meanwhile speak of the same chat to their end."""
    token = _chat.set(chat_id or "")
    try:
        yield
    finally:
        _chat.reset(token)
