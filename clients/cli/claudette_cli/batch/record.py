"""Owns the record of a batch, beside its file: which entry has which chat, and how it ended."""

from __future__ import annotations

import fcntl
import json
import os

from claudette_cli.exits import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

SUFFIX = ".batch.jsonl"


class Record:
    """JSON lines, the last of an entry counts. Whoever opens it closes it; one at a time has it.

    Raises Failure where another batch of the file runs, or nothing can be written there.
    """

    def __init__(self, path: str, *, resume: bool) -> None:
        """`resume` keeps what is there; otherwise the record begins anew."""
        self.path = path + SUFFIX
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise Failure(f"{self.path} cannot be written ({error.strerror}).") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Failure(f"Another batch of {path} runs.") from None
        if not resume:
            os.ftruncate(self._file, 0)
        self.known = self._read()

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def note(self, key: str, chat_id: str, outcome: str = "") -> None:
        """On the disk when it returns: what runs must be found again after a crash."""
        row = {"entry": key, "chatId": chat_id, "outcome": outcome}
        os.write(self._file, json.dumps(row).encode() + b"\n")
        os.fsync(self._file)

    def _read(self) -> dict[str, Json]:
        """By entry. A line that was being written at a crash is as good as not written."""
        found: dict[str, Json] = {}
        with open(self._file, "rb", closefd=False) as file:
            data = file.read()
        whole, _, torn = data.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(data) - len(torn))
        for line in whole.splitlines():
            row = json.loads(line)
            found[row["entry"]] = row
        return found
