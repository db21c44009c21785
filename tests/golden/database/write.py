"""Writes a small database of the present version: `python -m tests.golden.database.write`.

Run once for every version, before the shape changes again. A file that was written stays as it
is: it stands for the databases that people have.
"""

import sqlite3
from pathlib import Path

import msgspec

from claudetted.chat.plans import lifecycle, permissions
from claudetted.chat.step import Step
from claudetted.protocol import sidecar as sc
from claudetted.protocol.permissions import Request, Resolution
from claudetted.protocol.turns import Usage
from claudetted.store import journal, schema
from tests.unit.chat.draft import Draft, request

HERE = Path(__file__).parent
LONG = "A line of a long output.\n" * 2700
KEY = ("chat/create", "key-1", b"digest", b'{"chat":"result"}')


def busy_chat() -> Draft:
    """A chat with every kind of item, in the middle of a turn."""
    draft = Draft()
    draft.running("Fix the failing test\nand say why.")
    draft.hear(
        sc.ItemOpen("r", "reasoning", model="house/large"),
        sc.ItemDelta("r", "Let me look. "),
        sc.ItemClose("r"),
        sc.ItemOpen("m", "message", model="house/large"),
        sc.ItemDelta("m", "I look at the test … and run it."),
        sc.ItemClose("m"),
    )
    _call(draft, "t1", request("make test", "d1"), allow=True, output=LONG)
    _call(draft, "t2", request("rm -r /", "d2"), allow=False, output="")
    draft.hear(
        sc.Notice("retry", "The provider is busy; trying again."),
        sc.CompactionStart("threshold"),
        sc.CompactionEnd("threshold", ok=True, before=900, after=100),
        sc.ContextUsed(420, 1000),
    )
    draft.send("And then the next one.")
    running = draft.now.running
    assert running
    draft.hear(sc.TurnEnd(running.id, "done", usage=Usage(input=10, output=20, cost_usd=0.5)))
    draft.answer("prompt")
    draft.hear(sc.ItemOpen("m2", "message"), sc.ItemDelta("m2", "Still "))
    draft.hear(sc.ItemDelta("m2", "speaking …"), sc.Ask("a3", "t3", request("make", "d3")))
    draft.send("Wait for me.", "queue")
    draft.send("Hear this now.", "steer")
    return draft


def _call(draft: Draft, name: str, asked: Request, allow: bool, output: str) -> None:
    tool = sc.ToolInfo("bash", msgspec.Raw(b'{"command":"make test"}'), "make test")
    draft.hear(sc.ItemOpen(name, "tool", tool), sc.Ask(f"a-{name}", name, asked))
    (waiting,) = draft.now.permissions

    def decide(step: Step) -> None:
        resolution = Resolution("allow" if allow else "deny", "me/cli", "" if allow else "No.")
        permissions.resolve(step, waiting, resolution)
        step.send(sc.Decide(f"a-{name}", allow))

    draft.plan(decide)
    if allow:
        draft.hear(sc.ItemDelta(name, output))
    draft.hear(sc.ItemClose(name, "done" if allow else "failed"))


def quiet_chat() -> Draft:
    """An archived chat that did nothing."""
    draft = Draft("Put away")
    draft.plan(lifecycle.archive)
    return draft


def write(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 1024")
    schema.prepare(connection)
    for draft in (busy_chat(), quiet_chat()):
        for write in draft.writes:
            journal.store(connection, write)
    connection.execute("INSERT INTO answered VALUES (?, ?, ?, ?, '2026-01-01')", KEY)
    connection.execute("VACUUM")
    connection.close()


if __name__ == "__main__":
    target = HERE / f"v{schema.VERSION}.db"
    if target.exists():
        raise SystemExit(f"{target} was written before and stays as it is.")
    write(target)
