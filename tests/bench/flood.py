"""Owns a sidecar that costs next to nothing: it says what a prompt orders, at the ordered pace.

A prompt is JSON: `{"do": "burst", "lines": N, "each": true}`, `{"do": "pace", "rate": N,
"seconds": N}` or `{"do": "ask", "count": N, "gap": SECONDS, "path": PATH}`. Paced deltas and asks
carry the time at which they were written. An order that comes as an argument is carried out once
the input is closed, raw, with no protocol around it: for the relay that the daemon stands beside.
Standard library alone: `python -I -S tests/bench/flood.py`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

FLOOD = [sys.executable, "-I", "-S", os.path.abspath(__file__)]
STAMP_DIGITS = 20
BLOCK = 64 * 1024


def send(what: str, **fields: object) -> None:
    write(json.dumps({"type": what, **fields}, separators=(",", ":")).encode() + b"\n")


def write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def delta(text: bytes) -> bytes:
    return b'{"type":"item.delta","item":"m%d","text":"%s"}\n' % (turns, text)


def stamp() -> bytes:
    return b"%0*d" % (STAMP_DIGITS, time.monotonic_ns())


def burst(lines: int, each: bool = False) -> None:
    line = delta(b"a word ")
    if each:
        for _ in range(lines):
            os.write(1, line)
        return
    whole = BLOCK // len(line)
    for _ in range(lines // whole):
        write(line * whole)
    write(line * (lines % whole))


def pace(rate: float, seconds: float) -> None:
    began = time.monotonic()
    for n in range(int(rate * seconds)):
        ahead = began + n / rate - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        write(delta(stamp()))


def ask(count: int, gap: float, path: str = "") -> None:
    """With a path the call only reads it, which nobody is asked about; without, it writes."""
    answers = iter(sys.stdin.buffer.readline, b"")
    latencies: list[float] = []
    for n in range(count):
        time.sleep(gap)
        name = f"{turns}.{n}"
        request: dict[str, object] = {"tool": "probe", "digest": name, "reason": stamp().decode()}
        request |= {"access": "read", "paths": [path]} if path else {"access": "write"}
        asked = time.monotonic_ns()
        send("ask", ask=name, item=f"m{turns}", request=request)
        line = next(line for line in answers if b'"decide"' in line)
        told = asked if path else int(json.loads(line)["reason"])
        latencies.append((time.monotonic_ns() - told) / 1e6)
    send("item.delta", item=f"m{turns}", text=json.dumps(latencies))


DO: dict[str, Callable[..., None]] = {"burst": burst, "pace": pace, "ask": ask}
turns = 0


def carry_out(order: str) -> None:
    words = json.loads(order)
    DO[words.pop("do")](**words)


def play(prompt: dict[str, Any]) -> None:
    global turns
    turns += 1
    send("reply", id=prompt["id"])
    send("item.open", item=f"m{turns}", kind="message")
    carry_out(prompt["text"])
    send("item.close", item=f"m{turns}")
    send("turn.end", turn=prompt["turn"], reason="done")


def live() -> None:
    send("hello", level=1, harness="pi", version="0", agentVersion="0", pid=os.getpid())
    for raw in iter(sys.stdin.buffer.readline, b""):
        line = json.loads(raw)
        if line["type"] == "start":
            result = {"sessionPath": line["sessionDir"], "model": "none/none"}
            send("reply", id=line["id"], result=result)
        elif line["type"] == "prompt":
            play(line)
        elif "id" in line:
            send("reply", id=line["id"])


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.stdin.read()
        carry_out(sys.argv[1])
    else:
        live()
