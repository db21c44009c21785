"""Owns the rows of a sidecar at full speed, one write a line: what a line costs the daemon."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from tests.bench.client import Client, Json, sunk
from tests.bench.processes import cpu
from tests.bench.table import Row, interleaved
from tests.bench.world import World, relayed, running

CLIENTS = (1, 10, 50)
AIMS = {1: 1.5, 10: 3.0, 50: 6.0}


def rows(quick: bool) -> Iterator[Row]:
    lines = 1_000 if quick else 200_000
    order = {"do": "burst", "lines": lines, "each": True}
    with running() as world, world.client() as client:
        chat = world.chat(client)
        client.call("event/subscribe", chatId=chat)
        cases = {f"ours {n}": partial(_flooded, world, client, chat, n, order) for n in CLIENTS}
        cases |= {f"raw {n}": partial(_raw, n, order) for n in CLIENTS}
        found = interleaved(1 if quick else 5, cases)
    for n in CLIENTS:
        yield _beside(n, found[f"ours {n}"], found[f"raw {n}"])
    for n in CLIENTS[1:]:
        ours, one = found[f"ours {n}"]["daemon"], found["ours 1"]["daemon"]
        words = f"flood: daemon's CPU a line, {n} clients beside 1"
        yield Row(words, f"{ours:.2f} us", f"{one:.2f} us", ours / one, AIMS[n])
    ours, raw = found["ours 1"]["keeper"], found["raw 1"]["daemon"]
    words = "flood: keeper's CPU a line beside a raw relay"
    yield Row(words, f"{ours:.2f} us", f"{raw:.2f} us", ours / raw)


def _beside(n: int, ours: dict[str, float], raw: dict[str, float]) -> Row:
    words = f"flood: daemon's CPU a line, {n} clients, beside a raw relay"
    return Row(
        words,
        f"{ours['daemon']:.2f} us ({ours['speed']:.0f} k/s)",
        f"{raw['daemon']:.2f} us ({raw['speed']:.0f} k/s)",
        ours["daemon"] / raw["daemon"],
        AIMS[1] if n == 1 else None,
    )


def _flooded(world: World, client: Client, chat: str, n: int, order: Json) -> dict[str, float]:
    """Microseconds of processor time a line, and thousands of lines a second."""
    pids = {"daemon": world.daemon.pid, "keeper": client.call("daemon/status")["keeperPid"]}
    with ExitStack() as stack:
        if n > 1:
            stack.enter_context(sunk([world.watcher([chat]) for _ in range(n - 1)]))
        before = {name: cpu(pid) for name, pid in pids.items()}
        began = time.perf_counter()
        client.call("turn/send", chatId=chat, text=json.dumps(order))
        client.event("turn/ended")
        took = time.perf_counter() - began
        used = {
            name: (cpu(pid) - before[name]) * 1e6 / order["lines"] for name, pid in pids.items()
        }
    return used | {"speed": order["lines"] / took / 1e3}


def _raw(n: int, order: Json) -> dict[str, float]:
    began = time.perf_counter()
    cost, _ = relayed(1, n, order)
    took = time.perf_counter() - began
    return {"daemon": cost * 1e6 / order["lines"], "speed": order["lines"] / took / 1e3}
