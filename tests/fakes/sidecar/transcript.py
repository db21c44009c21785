"""Owns the scripted sidecar's session: what was said, on disk, so that it can be resumed."""

from __future__ import annotations

import os

from tests.fakes.sidecar import notation

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class CannotOpen(Exception):
    """The stored session is gone or not a session."""


class Transcript:
    """Messages in order, appended to a file as they come."""

    def __init__(self, path: str, header: dict[str, Any], messages: list[dict[str, str]]) -> None:
        self.path = path
        self.model = str(header["model"])
        self._messages = messages

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self._messages)

    @classmethod
    def create(cls, session_dir: str, model: str) -> Transcript:
        os.makedirs(session_dir, mode=0o700, exist_ok=True)
        path = os.path.join(session_dir, "session.jsonl")
        transcript = cls(path, {"model": model}, [])
        transcript._append({"type": "session", "model": model})
        return transcript

    @classmethod
    def open(cls, path: str) -> Transcript:
        import json

        try:
            with open(path, encoding="utf-8") as file:
                header, *messages = [json.loads(line) for line in file.read().split("\n") if line]
            if header["type"] != "session":
                raise ValueError(f"begins with {header['type']}")
            return cls(path, header, messages)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotOpen(f"The session {path} cannot be opened: {error}.") from error

    @property
    def empty(self) -> bool:
        return not self._messages

    @property
    def characters(self) -> int:
        return sum(len(message["text"]) for message in self._messages)

    def add(self, role: str, text: str) -> None:
        message = {"role": role, "text": text}
        self._messages.append(message)
        self._append(message)

    def compact(self) -> None:
        """Forgets, as a summary does."""
        self._messages[:] = []
        self.add("user", "A summary of what was said before.")

    def told(self) -> str:
        """What a model would be sent, one line a message."""
        lines = (f"{m['role']}: {notation.quoted(m['text'][:500])}" for m in self._messages)
        return "\n".join(lines)

    def _append(self, record: dict[str, Any]) -> None:
        text = notation.dumps(record) + "\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(text.encode(errors="replace"))
