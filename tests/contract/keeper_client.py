"""A daemon in miniature: journals what a sidecar writes, until it kills itself where it is told.

Run as `keeper_client.py SOCKET DATABASE POINT COUNT MISTAKE BLOCK`: kills itself with SIGKILL the
COUNT-th time it comes to POINT. Else it says `done` when the sidecar has written everything, or
`gap` when the keeper dropped what the journal lacks.
MISTAKE is one of those that a real daemon must not make.
"""

import itertools
import os
import signal
import sqlite3
import sys
from pathlib import Path

import trio

from claudetted.protocol.base import SidecarId
from claudetted.sidecar.keeper_launch import start_detached
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import Output, Report

SIDECAR = SidecarId("s234567abcde")
SCRIPT = """
import sys
n = 0
for line in sys.stdin:
    print("in", line, end="")
    for n in range(n + 1, n + 1 + BLOCK):
        print(n)
    print("block", flush=True)
"""
BLOCKS = 40
POINTS = ("connected", "attached", "received", "committed", "acknowledged", "asked")


class Dying:
    """Counts how often each point was reached."""

    def __init__(self, point: str, count: int) -> None:
        self.point = point
        self.left = count

    def at(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Journal:
    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("create table if not exists line (text)")
        self.db.execute("create table if not exists asked (n integer primary key)")
        self.db.execute("create table if not exists committed (offset)")

    @property
    def committed(self) -> int:
        return int(self.db.execute("select max(offset) from committed").fetchone()[0] or 0)

    @property
    def blocks(self) -> int:
        return int(self.db.execute("select count(*) from line where text = 'block'").fetchone()[0])

    @property
    def asked(self) -> int:
        return int(self.db.execute("select max(n) from asked").fetchone()[0] or 0)

    def ask(self, n: int) -> None:
        self.db.execute("insert into asked values (?)", (n,))

    def commit(self, lines: list[bytes], offset: int) -> None:
        self.db.execute("begin immediate")
        self.db.executemany("insert into line values (?)", [(one.decode(),) for one in lines])
        self.db.execute("insert into committed values (?)", (offset,))
        self.db.execute("commit")

    def lines(self) -> list[str]:
        return [text for (text,) in self.db.execute("select text from line order by rowid")]


class Client:
    def __init__(self, link: KeeperLink, journal: Journal, dying: Dying, mistake: str) -> None:
        self.link = link
        self.journal = journal
        self.dying = dying
        self.mistake = mistake
        self.pieces: list[Output] = []
        self.came = trio.lowlevel.ParkingLot()
        self.said = False

    def hear(self, report: Report) -> None:
        if not isinstance(report, Output):
            assert self.said, f"{report} came too early"
            return
        self.pieces.append(report)
        if self.mistake == "acknowledge on receipt":
            self.link.acknowledge(SIDECAR, report.offset + len(report.data))
        self.came.unpark_all()

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            running = await nursery.start(self.link.run)
            self.dying.at("connected")
            base, input_n = 0, 0
            if running:
                base, input_n = running[0].base, running[0].input_n
                if self.mistake == "attach at the end":
                    base = running[0].end
            else:
                script = f"BLOCK = {sys.argv[-1]}\n{SCRIPT}"
                argv = [sys.executable, "-I", "-S", "-c", script]
                await self.link.start(SIDECAR, argv, {}, Path("/"))
            if base > self.journal.committed:
                self.say("gap")
                return
            self.link.attach(SIDECAR, base, self.hear)
            self.dying.at("attached")
            for n in range(input_n + 1, self.journal.asked + 1):
                self.link.send(SIDECAR, n, b"%d\n" % n)
            self.ask()
            await self.follow(base)
            self.say("done")

    def say(self, word: str) -> None:
        """The last word: nothing is left behind it."""
        self.said = True
        sys.stdout.write(f"{word}\n")
        self.link.shut_down()

    async def follow(self, position: int) -> None:
        """One batch is one transaction is one acknowledgement."""
        rest = b""
        while self.journal.blocks < BLOCKS:
            while not self.pieces:
                await self.came.park()
            batch, self.pieces = self.pieces, []
            await trio.lowlevel.checkpoint()  # what a mistake wants to send is sent
            self.dying.at("received")
            *whole, rest = (rest + b"".join(one.data for one in batch)).split(b"\n")
            ends = list(itertools.accumulate((len(one) + 1 for one in whole), initial=position))
            position = ends[-1]
            done = 0 if self.mistake == "journal again" else self.journal.committed
            new = [one for one, end in zip(whole, ends[1:], strict=True) if end > done]
            self.journal.commit(new, position)
            self.dying.at("committed")
            self.link.acknowledge(SIDECAR, position)
            await trio.lowlevel.checkpoint()  # lets the link write it
            self.dying.at("acknowledged")
            self.ask()

    def ask(self) -> None:
        """The next input is recorded before it is sent, as soon as the last was answered."""
        if self.journal.blocks >= self.journal.asked < BLOCKS:
            n = self.journal.asked + 1
            self.journal.ask(n)
            self.dying.at("asked")
            self.link.send(SIDECAR, n, b"%d\n" % n)


def main() -> None:
    path, database, point, count, mistake, _ = sys.argv[1:]
    link = KeeperLink(Path(path), start_detached)
    trio.run(Client(link, Journal(database), Dying(point, int(count)), mistake).run)


if __name__ == "__main__":
    main()
