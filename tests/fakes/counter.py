"""Owns a sidecar that counts: numbered lines, every 20th durable, all of them on record.

Run as `counter.py RECORD INPUTS ENOUGH LEAST PAUSE`. A prompt makes it count until the file ENOUGH
exists and LEAST lines are written; every 1,000 lines belong to one message. What it writes is in
RECORD before it is written, what it hears is in INPUTS. 20 lines take PAUSE seconds; every message
is broken off once for long enough that its text alone is heard, and waits for a checkpoint.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EVERY = 20
MESSAGE = 1000
BREAK = 0.15

Json = dict[str, Any]


class Counter:
    def __init__(self, record: str, inputs: str, enough: str, least: str, pause: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._record = os.open(record, flags, 0o600)
        self._inputs = os.open(inputs, flags, 0o600)
        self._enough = enough
        self._least = int(least)
        self._pause = float(pause)
        self._writing = threading.Lock()

    def live(self) -> None:
        self._write({"type": "hello", "level": 1, "harness": "pi", "version": "1", **_about()})
        for raw in sys.stdin.buffer:
            os.write(self._inputs, raw)
            line = json.loads(raw)
            if "id" in line:  # the others want no answer
                self._hear(line)

    def _hear(self, line: Json) -> None:
        session = line.get("sessionDir", "") + "/session"
        result = {"sessionPath": session, "model": "counter"} if line["type"] == "start" else None
        self._write({"type": "reply", "id": line["id"], "result": result})
        if line["type"] == "steer":
            self._write({"type": "steer.taken", "turn": line["turn"]})
        elif line["type"] == "prompt":
            threading.Thread(target=self._count, args=(line["turn"],), daemon=True).start()

    def _count(self, turn: str) -> None:
        n = 0
        while n < self._least or not os.path.exists(self._enough):
            first, *rest = _lines(n)
            pause = BREAK if n % MESSAGE == MESSAGE // 2 else self._pause / 2
            time.sleep(pause)
            self._write(first, *rest[: EVERY // 2])
            time.sleep(pause)
            self._write(*rest[EVERY // 2 :])
            n += EVERY
        if n % MESSAGE:
            self._write({"type": "item.close", "item": _message(n), "status": "done"})
        self._write({"type": "turn.end", "turn": turn, "reason": "done"})

    def _write(self, *lines: Json) -> None:
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        with self._writing:
            os.write(self._record, data)
            view = memoryview(data)
            while view:
                view = view[os.write(1, view) :]


def _about() -> Json:
    return {"agentVersion": "1", "pid": os.getpid()}


def _message(n: int) -> str:
    return f"m{n // MESSAGE}"


def _lines(done: int) -> Iterator[Json]:
    """The next 20 numbered lines, and those that open and close what they belong to."""
    item = _message(done)
    if done % MESSAGE == 0:
        yield {"type": "item.open", "item": item, "kind": "message"}
    for n in range(done + 1, done + EVERY):
        yield {"type": "item.delta", "item": item, "text": f"{n} "}
    yield {"type": "notice", "kind": "info", "text": str(done + EVERY)}
    if (done + EVERY) % MESSAGE == 0:
        yield {"type": "item.close", "item": item, "status": "done"}


class Count:
    """One counter as a test sees it, from before it is started to after it has ended."""

    def __init__(self, root: Path, least: int, pause: float) -> None:
        self._record = root / "record"
        self._inputs = root / "inputs"
        self._enough = root / "enough"
        words = [self._record, self._inputs, self._enough, least, pause]
        self._command = " ".join(f"'{word}'" for word in [sys.executable, "-IS", __file__, *words])

    def write_launcher(self, path: Path) -> None:
        path.write_text(f"#!/bin/sh\nexec {self._command}\n", encoding="utf-8")
        path.chmod(0o700)

    def end(self) -> None:
        """It may end its turn when it has counted far enough."""
        self._enough.touch()

    def written(self) -> dict[str, list[str]]:
        """What it said: its messages and notices, whole and in order."""
        messages: dict[str, str] = {}
        said: dict[str, list[str]] = {"message": [], "notice": []}
        for raw in self._record.read_bytes().splitlines():
            line = json.loads(raw)
            if line["type"] == "item.delta":
                messages[line["item"]] = messages.get(line["item"], "") + line["text"]
            elif line["type"] == "notice":
                said["notice"].append(line["text"])
        return {**said, "message": list(messages.values())}

    def heard(self, kind: str) -> list[Json]:
        lines = [json.loads(raw) for raw in self._inputs.read_bytes().splitlines()]
        return [line for line in lines if line["type"] == kind]


if __name__ == "__main__":
    Counter(*sys.argv[1:]).live()
