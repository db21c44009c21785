"""Owns a daemon that pulls its own plug at a chosen place, or makes a chosen mistake.

Run as `aimed_daemon.py POINT COUNT MISTAKE ARGUMENTS...`: the COUNT-th time it comes to POINT it
ends by SIGKILL. POINT `never` is a daemon like any other; MISTAKE is one that a daemon must not
make, or `none`.
"""

import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

import trio

from claudetted.chat import actor, recovery
from claudetted.chat.actor import Actor
from claudetted.chat.process.output_reader import Hearing
from claudetted.chat.process.process import Process
from claudetted.chat.step import Step
from claudetted.daemon import main
from claudetted.sidecar.keeper import frames
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import Output
from claudetted.store import journal

Seen = Callable[..., Any]

FLUSH_SECONDS = 0.03
"""Long enough for what was published to reach the clients."""


class Aim:
    """Counts how often each point was come to."""

    def __init__(self, point: str, count: int) -> None:
        self.point = point
        self._left = count

    def hit(self, point: str) -> bool:
        """Whether this is the time."""
        if point == self.point:
            self._left -= 1
        return point == self.point and self._left == 0

    def at(self, point: str) -> None:
        if self.hit(point):
            die()

    def past(self, point: str) -> bool:
        return point == self.point and self._left <= 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_soon() -> None:
    await trio.sleep(FLUSH_SECONDS)
    die()


def around(owner: Any, name: str, before: Seen, after: Seen = lambda *_: None) -> None:
    """Has both called around a function; they get what it gets."""
    inner = getattr(owner, name)

    async def slow(*given: Any) -> Any:
        before(*given)
        result = await inner(*given)
        after(*given)
        return result

    def quick(*given: Any) -> Any:
        before(*given)
        result = inner(*given)
        after(*given)
        return result

    is_slow = inner.__code__.co_flags & 0x80  # CO_COROUTINE
    setattr(owner, name, slow if is_slow else quick)


def take_aim(aim: Aim) -> None:
    """Lays every point in the daemon's way."""

    def if_heard(point: str) -> Seen:
        return lambda _actor, _step, hearing: aim.at(point) if hearing else None

    def if_output(chat: Actor) -> None:
        if isinstance(chat._inbox.reports[0], Output):
            aim.at("received")

    def if_unsaved(point: str) -> Seen:
        return lambda chat: aim.at(point) if chat.texts.unsaved_bytes else None

    def if_saved(chat: Actor) -> None:
        if not chat.texts.unsaved_bytes:
            aim.at("checkpointed")

    def if_input(point: str) -> Seen:
        return lambda _process, _agent, step, _hearing: aim.at(point) if step.write.inputs else None

    def in_transaction(_connection: object, _chat: str, write: journal.Write) -> None:
        if write.committed:
            aim.at("in the transaction")

    actor.CHECKPOINT_SECONDS = 0.05
    around(Actor, "_report", if_output)
    around(Actor, "_commit", if_heard("before the commit"), if_heard("committed"))
    around(Actor, "_checkpoint", if_unsaved("before the checkpoint"), if_saved)
    around(Process, "carry_out", if_input("input stored"), if_input("input sent"))
    around(Actor, "attach", lambda *_: aim.at("attaching"), lambda *_: aim.at("attached"))
    around(recovery, "recover", lambda *_: None, lambda *_: aim.at("recovered"))
    around(KeeperLink, "_greet", lambda *_: None, lambda *_: aim.at("greeted"))
    around(journal, "_store_sidecar", in_transaction)
    _aim_at_acknowledgements(aim)
    _aim_at_a_held_commit(aim)


def _aim_at_a_held_commit(aim: Aim) -> None:
    """Held before the commit: what was ordered of the keeper reaches it, the disk gets nothing."""
    inner = Actor._commit

    async def commit(self: Actor, step: Step, hearing: Hearing | None) -> None:
        if hearing and aim.hit("held before the commit"):
            await die_soon()
        await inner(self, step, hearing)

    Actor._commit = commit  # type: ignore[method-assign]


def _aim_at_acknowledgements(aim: Aim) -> None:
    """Published: what is told to clients reaches them, and its acknowledgement nobody."""
    order = KeeperLink._order

    def ordered(self: KeeperLink, kind: int, *rest: Any) -> None:
        if kind == frames.ACKNOWLEDGE:
            if aim.hit("published") or aim.hit("acknowledged"):
                trio.lowlevel.spawn_system_task(die_soon)
            if aim.past("published"):
                return
        order(self, kind, *rest)

    KeeperLink._order = ordered  # type: ignore[assignment,method-assign]


DELTA = re.compile(rb'^\{"type": ?"item\.delta".*$', re.MULTILINE)


def _blank(line: re.Match[bytes]) -> bytes:
    return b" " * len(line[0])


def make_mistake(mistake: str) -> None:
    attach = KeeperLink.attach

    if mistake == "acknowledge on receipt":

        def attached(self: KeeperLink, sidecar: Any, offset: int, sink: Any) -> None:
            def heard(report: Any) -> None:
                if isinstance(report, Output):
                    self.acknowledge(sidecar, report.offset + len(report.data))
                sink(report)

            attach(self, sidecar, offset, heard)

        KeeperLink.attach = attached  # type: ignore[method-assign]
    elif mistake == "attach at the end":

        def attached_late(self: KeeperLink, sidecar: Any, offset: int, sink: Any) -> None:
            def moved(report: Any) -> None:
                if isinstance(report, Output):
                    report = Output(report.sidecar, report.offset - skipped, report.data)
                sink(report)

            skipped = self._held[sidecar].end - offset
            attach(self, sidecar, offset + skipped, moved)

        KeeperLink.attach = attached_late  # type: ignore[method-assign]
    elif mistake == "overlook lines":

        def attached_blind(self: KeeperLink, sidecar: Any, offset: int, sink: Any) -> None:
            def blinded(report: Any) -> None:
                if isinstance(report, Output):
                    seen = DELTA.sub(_blank, report.data, count=1)
                    report = Output(report.sidecar, report.offset, seen)
                sink(report)

            attach(self, sidecar, offset, blinded)

        KeeperLink.attach = attached_blind  # type: ignore[method-assign]
    else:
        assert mistake == "none"


if __name__ == "__main__":
    take_aim(Aim(sys.argv[1], int(sys.argv[2])))
    make_mistake(sys.argv[3])
    sys.argv[1:] = sys.argv[4:]
    main.main()
