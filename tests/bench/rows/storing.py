"""Owns the rows of a store with much in it: start-up, attaching, listing, memory; and the CLI."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench import stores
from tests.bench.processes import memory, wall
from tests.bench.stores import Size
from tests.bench.table import Measure, Row, interleaved
from tests.bench.world import PYTHON, World, new_world, program

SMALL = Size(chats=50, events=30, long=30)
LARGE = Size(chats=10_000, events=75, long=50_000)
QUICK = Size(chats=100, events=30, long=2_000)
LOADED = 1_000
"""Chats that are loaded to see what a loaded one takes, at most."""


def rows(quick: bool) -> Iterator[Row]:
    size = QUICK if quick else LARGE
    repeats = 1 if quick else 9
    with new_world() as small, new_world() as large, new_world() as none:
        stores.fill(small, SMALL)
        stores.fill(large, size)
        yield from _starting(none, large, size, repeats)
        with small.daemon, large.daemon:
            yield from _reading(small, large, size, repeats * 10)
        with none.daemon:
            empty = memory(none.daemon.pid)
            shell = list(_shell(none, repeats))
        yield from _memory(empty, large, size)
        yield from shell


def _starting(none: World, large: World, size: Size, repeats: int) -> Iterator[Row]:
    with _kept(none), _kept(large):
        cases: dict[str, Measure] = {
            "bare": _started_bare,
            "none": partial(_started, none),
            "large": partial(_started, large),
        }
        found = {name: one["s"] for name, one in interleaved(repeats, cases).items()}
    yield Row(
        "start-up: ready, no chats, beside bare trio + msgspec + sqlite3",
        f"{found['none']:.3f} s",
        f"{found['bare']:.3f} s",
        found["none"] / found["bare"],
        2.0,
    )
    total = size.chats * size.events + stores.LONG_CHATS * size.long
    yield Row(
        f"start-up: {size.chats:,} chats, {total:,} events, beside none",
        f"{found['large']:.3f} s",
        f"{found['none']:.3f} s",
        found["large"] / found["none"],
        1.2,
    )


@contextmanager
def _kept(world: World) -> Iterator[None]:
    """With the keeper there all the time: that it starts is not what is measured."""
    with world.daemon, world.client() as client:
        world.chat(client)
        world.daemon.stop()
        yield
        world.end_keeper()


def _started(world: World) -> dict[str, float]:
    began = time.perf_counter()
    world.daemon.start()
    took = time.perf_counter() - began
    world.daemon.stop()
    return {"s": took}


def _started_bare() -> dict[str, float]:
    began = time.perf_counter()
    with program("start"):
        return {"s": time.perf_counter() - began}


def _reading(small: World, large: World, size: Size, repeats: int) -> Iterator[Row]:
    for words, measure, times in (
        (f"attach: to {size.long:,} events, not loaded", _attached, stores.LONG_CHATS),
        (f"attach: to {size.long:,} events, loaded", _attached, repeats),
        (f"list: 50 of {size.chats:,} chats", _listed, repeats),
    ):
        ours, beside = [], []
        for n in range(times):
            ours.append(measure(large, n))
            beside.append(measure(small, n))
        mine, theirs = median(ours), median(beside)
        words = f"{words}, beside an almost empty store"
        yield Row(words, f"{mine:.2f} ms", f"{theirs:.2f} ms", mine / theirs, 3.0)


def _attached(world: World, n: int) -> float:
    chat = stores.name(n % stores.LONG_CHATS)
    return _timed(world, "event/subscribe", chatId=chat)


def _listed(world: World, _: int) -> float:
    return _timed(world, "chat/list", limit=50)


def _timed(world: World, method: str, **params: object) -> float:
    """Milliseconds of one call on a connection that has called before."""
    with world.client() as client:
        client.call("daemon/hello", name="bench")
        began = time.perf_counter()
        client.call(method, **params)
        return (time.perf_counter() - began) * 1e3


def _memory(empty: float, large: World, size: Size) -> Iterator[Row]:
    with program("start") as bare:
        least = memory(bare.pid)
    with large.daemon, large.client() as client:
        client.call("chat/list")
        idle = memory(large.daemon.pid)
        count = min(LOADED, size.chats)
        for n in range(count):
            client.call("chat/get", chatId=stores.name(stores.LONG_CHATS + n))
        loaded = memory(large.daemon.pid)
    words = "memory: daemon, no chats, beside bare trio + msgspec + sqlite3"
    yield Row(words, f"{empty:.1f} MB", f"{least:.1f} MB", empty / least, 1.6)
    each = (idle - empty) * 1e3 / size.chats
    words = f"memory: an idle chat, of {size.chats:,} (after listing)"
    yield Row(words, f"{idle:.1f} MB", f"{empty:.1f} MB", each, 2.0, "kB")
    each = (loaded - idle) * 1e3 / count
    words = f"memory: a loaded chat, of {count:,}"
    yield Row(words, f"{loaded:.1f} MB", f"{idle:.1f} MB", each, None, "kB")


def _shell(world: World, repeats: int) -> Iterator[Row]:
    env = {**os.environ, **world.env}
    claudette = str(Path(PYTHON).with_name("claudette"))
    programs = {
        "claudette ls": [claudette, "ls"],
        "claudette --version": [claudette, "--version"],
        "completing a chat in bash": [claudette, "--complete", "bash", "claudette attach "],
        "pass": [PYTHON, "-c", "pass"],
    }
    cases: dict[str, Callable[[], dict[str, float]]] = {
        name: lambda argv=argv: {"s": wall(argv, env)} for name, argv in programs.items()
    }
    found = {name: one["s"] * 1e3 for name, one in interleaved(repeats, cases).items()}
    bare = found.pop("pass")
    for name, taken in found.items():
        words = f"CLI: {name} beside python -c pass"
        yield Row(words, f"{taken:.0f} ms", f"{bare:.0f} ms", taken / bare, 3.0)
