"""Owns the comparison of what a sidecar wrote with what the journal has."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from claudetted.protocol import places
from tests.daemon.client import Json
from tests.faults.ledger import Ledger

INLINE = 64 * 1024


class Fact(NamedTuple):
    """Something durable that a line of a sidecar says."""

    what: str
    name: str
    text: str = ""


def events_of(chat: str) -> tuple[list[int], list[Json]]:
    with closing(sqlite3.connect(f"file:{places.database_path()}?mode=ro", uri=True)) as database:
        query = "SELECT seq, body FROM event WHERE chat_id = ? ORDER BY seq"
        rows = database.execute(query, (chat,)).fetchall()
    return [seq for seq, _ in rows], [json.loads(body) for _, body in rows]


def check_sequence(ledger: Ledger, chat: str, numbers: list[int]) -> None:
    missing = set(range(1, len(numbers) + 1)) - set(numbers)
    if missing:
        ledger.note("events_lost", f"chat {chat} lacks events {sorted(missing)[:5]}", len(missing))


def check_sidecars(ledger: Ledger, records: Path, told: list[Json]) -> None:
    """Every sidecar of a chat, by its record. One that was started ends in `sidecar/lost` when it
    was killed: then its last write may be torn, and with its keeper all that was on the way."""
    ends: dict[str, str] = {}
    current = ""
    for event in told:
        if event["type"] == "sidecar/started":
            current = event["sidecar"]["id"]
            ends[current] = ""
        elif event["type"] in ("sidecar/lost", "sidecar/stopped") and current:
            ends[current] = event["why"]
    for sidecar, end in ends.items():
        record = records / sidecar
        if record.exists():
            _check_sidecar(ledger, sidecar, end, record.read_bytes(), told)


def _check_sidecar(ledger: Ledger, sidecar: str, end: str, record: bytes, told: list[Json]) -> None:
    whole, _, torn = record.rpartition(b"\n\n")
    must = list(_facts(whole if b"\n\n" in record else b""))
    may = list(_facts(record)) if torn.strip() else must
    journaled = list(_journaled(told, sidecar))
    for fact, count in Counter((fact.what, fact.name) for fact in journaled).items():
        if count > 1:
            ledger.note("events_doubled", f"{sidecar} {fact}", count - 1)
    if journaled != may[: len(journaled)]:
        odd = next((pair for pair in zip(journaled, may, strict=False) if pair[0] != pair[1]), None)
        ledger.note("events_lost", f"{sidecar}: {str(odd)[:300]}")
    lost_with_keeper = "process that kept it running" in end
    if len(journaled) < len(must) and not lost_with_keeper:
        missing = len(must) - len(journaled)
        ledger.note("events_lost", f"{sidecar} ({end}): {must[len(journaled)]!s:.200}", missing)


def _facts(record: bytes) -> Iterator[Fact]:
    texts: dict[str, str] = {}
    for raw in record.split(b"\n"):
        if not raw.strip():
            continue
        try:
            line = json.loads(raw)
        except ValueError:
            return  # the torn end
        if line["type"] == "item.open":
            texts[line["item"]] = ""
            yield Fact("opened", line["item"])
        elif line["type"] == "item.delta":
            texts[line["item"]] += line["text"]
        elif line["type"] == "item.close":
            yield Fact("closed", line["item"], line.get("text", texts[line["item"]])[:INLINE])
        elif line["type"] == "ask":
            yield Fact("asked", line["ask"])
        elif line["type"] == "turn.end":
            yield Fact("ended", line["turn"])


def _journaled(told: list[Json], sidecar: str) -> Iterator[Fact]:
    """In the order of the journal. What the daemon closed for a lost sidecar is not its word."""
    prompts: set[Any] = set()
    current = ""
    for event in told:
        item = event.get("item", {})
        name = str(item.get("id", "")).removeprefix(f"{sidecar}.")
        ours = name != item.get("id", "")
        if event["type"] == "sidecar/started":
            current = event["sidecar"]["id"]
        elif event["type"] in ("sidecar/lost", "sidecar/stopped"):
            current = ""  # A turn that fails now, because too many died before, is nobody's word.
        elif event["type"] == "item/opened" and ours:
            yield Fact("opened", name)
        elif event["type"] == "item/closed" and ours and item["status"] != "lost":
            yield Fact("closed", name, item.get("text", "")[:INLINE])
        elif event["type"] == "permission/opened":
            asked = event["permission"]["id"]
            if asked.startswith(f"{sidecar}."):
                yield Fact("asked", asked.removeprefix(f"{sidecar}."))
        elif event["type"] == "turn/ended" and current == sidecar:
            turn = event["turn"]["id"]
            if event["reason"] != "lost" and turn not in prompts:
                yield Fact("ended", turn)
