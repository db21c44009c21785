"""Owns the rows of permissions: how late a request, a decision and an automatic decision come."""

import json
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.client import Client, connected, sunk
from tests.bench.table import Row, percentile
from tests.bench.world import World, program, running

GAP = 0.015
PACE = {"do": "pace", "rate": 40, "seconds": 600}
"""What the chats say that stream beside."""


def rows(quick: bool) -> Iterator[Row]:
    count, beside = (10, 2) if quick else (150, 50)
    with running() as world, world.client() as client:
        chat = world.chat(client)
        client.call("event/subscribe", chatId=chat)
        yield from _all(world, client, chat, count, "idle")
        with ExitStack() as stack:
            others = [world.chat(client) for _ in range(beside)]
            stack.enter_context(sunk([world.watcher(others)]))
            for other in others:
                client.call("turn/send", chatId=other, text=json.dumps(PACE))
            yield from _all(world, client, chat, count, f"beside {beside} streaming chats")


def _all(world: World, client: Client, chat: str, count: int, where: str) -> Iterator[Row]:
    raw, stored = _echoes(count), _commits(count)
    requests, decisions = _decided(client, chat, count)
    yield from _compared(f"approval, {where}: request to client", requests, raw)
    yield from _compared(f"approval, {where}: decision to sidecar", decisions, raw)
    yield _with_commit(f"approval, {where}: request to client", requests, raw, stored)
    automatic = _answered(client, chat, count, str(world.work / "file"))
    p50 = percentile(automatic, 0.5)
    p99 = percentile(automatic, 0.99)
    words = f"approval, {where}: automatic, question to answer, p50"
    yield Row(words, f"{p50:.2f} ms (p99 {p99:.1f})", "-", p50, 3.0, "ms")


def _compared(name: str, ours: list[float], raw: list[float]) -> Iterator[Row]:
    for part, aim in ((0.5, 5.0), (0.99, 20.0)):
        mine, theirs = percentile(ours, part), percentile(raw, part)
        words = f"{name}, p{part * 100:.0f}, beside a socket's round trip"
        yield Row(words, f"{mine:.2f} ms", f"{theirs:.2f} ms", mine / theirs, aim)


def _with_commit(name: str, ours: list[float], raw: list[float], stored: list[float]) -> Row:
    """What is told is on disk, which a socket knows nothing of: so much of it is the disk's."""
    mine, trip, commit = (percentile(values, 0.5) for values in (ours, raw, stored))
    words = f"{name}, p50, beside a round trip and a commit"
    return Row(words, f"{mine:.2f} ms", f"{trip:.2f} + {commit:.2f} ms", mine / (trip + commit))


def _decided(client: Client, chat: str, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the sidecar to us, and from us to the sidecar."""
    order = {"do": "ask", "count": count, "gap": GAP}
    client.call("turn/send", chatId=chat, text=json.dumps(order))
    requests = []
    for _ in range(count):
        permission = client.event("permission/opened")["permission"]
        now = time.monotonic_ns()
        requests.append((now - int(permission["request"]["reason"])) / 1e6)
        words = {"permissionId": permission["id"], "decision": "allow"}
        client.call("permission/decide", **words, reason=str(time.monotonic_ns()))
    return requests, _latencies(client)


def _answered(client: Client, chat: str, count: int, path: str) -> list[float]:
    """Milliseconds from the sidecar's question to its answer when nobody has to be asked."""
    order = {"do": "ask", "count": count, "gap": GAP, "path": path}
    client.call("turn/send", chatId=chat, text=json.dumps(order))
    return _latencies(client)


def _latencies(client: Client) -> list[float]:
    """As the sidecar tells them at the end of its turn."""
    found: list[float] = json.loads(client.event("item/closed")["item"]["text"])
    client.event("turn/ended")
    return found


def _echoes(count: int) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="cb-") as directory:
        path = Path(directory, "s")
        with program("echo", str(path)), connected(path) as peer:
            return [_round_trip(peer) for _ in range(count)]


def _commits(count: int) -> list[float]:
    """What the disk takes for a row, stored as the daemon stores."""
    with tempfile.TemporaryDirectory(prefix="cb-") as directory:
        database = sqlite3.connect(Path(directory, "db"), isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE event (body BLOB)")
        took = [_commit(database) for _ in range(count)]
        database.close()
        return took


def _commit(database: sqlite3.Connection) -> float:
    time.sleep(GAP)
    began = time.monotonic_ns()
    database.execute("INSERT INTO event VALUES (?)", (b"x" * 2000,))
    return (time.monotonic_ns() - began) / 1e6


def _round_trip(peer: socket.socket) -> float:
    time.sleep(GAP)
    began = time.monotonic_ns()
    peer.sendall(b"x" * 500)
    got = 0
    while got < 500:
        got += len(peer.recv(4096))
    return (time.monotonic_ns() - began) / 1e6
