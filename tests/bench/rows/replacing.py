"""Owns the row of a daemon that is killed in mid-stream: how soon its clients read on."""

import json
import time
from collections.abc import Iterator
from functools import partial

from tests.bench.client import Client
from tests.bench.processes import wall
from tests.bench.table import Measure, Row, interleaved
from tests.bench.world import PYTHON, World, running

PACE = {"do": "pace", "rate": 200, "seconds": 600}


def rows(quick: bool) -> Iterator[Row]:
    with running() as world:
        with world.client() as client:
            chat = world.chat(client)
            client.call("turn/send", chatId=chat, text=json.dumps(PACE))
        cases: dict[str, Measure] = {
            "ours": partial(_killed, world, chat),
            "bare": lambda: {"s": wall([PYTHON, "-c", "pass"])},
        }
        found = interleaved(1 if quick else 7, cases)
    ours, bare = found["ours"]["s"], found["bare"]["s"]
    words = "replaced: killed to the next delta, beyond python -c pass"
    yield Row(words, f"{ours:.3f} s", f"{bare:.3f} s", ours - bare, 0.3, "s")


def _killed(world: World, chat: str) -> dict[str, float]:
    with world.client() as client:
        cursor = client.call("event/subscribe", chatId=chat)["snapshot"]["cursor"]
        client.delta()
        began = time.perf_counter()
        world.daemon.kill9()
    world.daemon.start()
    with Client(world.daemon.socket) as again:
        again.call("event/subscribe", chatId=chat, after=cursor)
        again.delta()
        return {"s": time.perf_counter() - began}
