"""Owns the rows of streams at a pace: what they cost, how late they come, what memory they take."""

import json
from collections.abc import Iterator
from functools import partial

from tests.bench.client import Client, Json, Recorder
from tests.bench.processes import cpu, memory
from tests.bench.table import Row, interleaved, percentile
from tests.bench.world import World, relayed, running

MANY = 50
QUICK = 3
RATES = (100, 2000)
"""Lines a second of one chat; many chats say 100 each. The producers of 50 times 2,000 would need
the whole machine."""


def rows(quick: bool) -> Iterator[Row]:
    many, seconds = (QUICK, 0.5) if quick else (MANY, 2.0)
    paces = [*((1, rate) for rate in RATES), (many, 100)]
    with running() as world, world.client() as client:
        empty = memory(world.daemon.pid)
        chats = [world.chat(client) for _ in range(many)]
        cases = {}
        for count, rate in paces:
            order = {"do": "pace", "rate": rate, "seconds": seconds}
            name = f"paced: {count} x {rate} lines/s"
            cases[f"{name} ours"] = partial(_paced, world, client, chats[:count], order)
            cases[f"{name} raw"] = partial(_raw, count, order)
        found = interleaved(1 if quick else 3, cases)
        yield from _memory(world, client, many, empty)
    for count, rate in paces:
        name = f"paced: {count} x {rate} lines/s"
        yield from _compared(name, found[f"{name} ours"], found[f"{name} raw"])


def _compared(name: str, ours: dict[str, float], raw: dict[str, float]) -> Iterator[Row]:
    yield Row(
        f"{name}, CPU of daemon (and keeper)",
        f"{ours['cpu']:.1f} % (+ {ours['keeper']:.1f} %)",
        f"{raw['cpu']:.1f} %",
        ours["cpu"] / raw["cpu"],
    )
    yield Row(
        f"{name}, latency p50 / p99",
        f"{ours['p50']:.1f} / {ours['p99']:.1f} ms",
        f"{raw['p50']:.2f} / {raw['p99']:.1f} ms",
        ours["p99"],
        20.0,
        "ms",
    )


def _memory(world: World, client: Client, many: int, empty: float) -> Iterator[Row]:
    each = (memory(world.daemon.pid) - empty) * 1e3 / many
    yield Row(
        f"memory: a chat that has streamed, of {many}", f"{each:.0f} kB", "-", each, None, "kB"
    )
    keeper = memory(client.call("daemon/status")["keeperPid"])
    yield Row(f"memory: keeper with {many} sidecars", f"{keeper:.1f} MB", "-", keeper, 14, "MB")


def _paced(world: World, client: Client, chats: list[str], order: Json) -> dict[str, float]:
    pids = {"cpu": world.daemon.pid, "keeper": client.call("daemon/status")["keeperPid"]}
    peer = world.watcher(chats)
    recorder = Recorder([peer])
    before = {name: cpu(pid) for name, pid in pids.items()}
    for chat in chats:
        client.call("turn/send", chatId=chat, text=json.dumps(order))
    for chat in chats:
        client.call("turn/wait", chatId=chat)
    used = {name: cpu(pid) - before[name] for name, pid in pids.items()}
    recorder.stop()
    peer.close()
    return _figures(used, order, recorder.latencies())


def _raw(count: int, order: Json) -> dict[str, float]:
    cost, latencies = relayed(count, 1, order)
    return _figures({"cpu": cost}, order, latencies)


def _figures(used: dict[str, float], order: Json, late: list[float]) -> dict[str, float]:
    """Percent of a core, and milliseconds."""
    shares = {name: seconds * 100 / order["seconds"] for name, seconds in used.items()}
    return shares | {"p50": percentile(late, 0.5), "p99": percentile(late, 0.99)}
