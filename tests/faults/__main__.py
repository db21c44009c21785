"""Runs faults at random: `python -m tests.faults --trials N --seed S`.

Prints a table; exits with 1 unless every count is zero.
"""

import argparse
import os
import random
import sys
import time
from itertools import chain

import trio

from tests.daemon.client import Refused
from tests.faults import stage as machine
from tests.faults.ledger import Ledger
from tests.faults.stage import Stage, Stuck, staged
from tests.faults.trial import Seat, Trial
from tests.support.follower import Follower

CHATS = 3
RENEW = 10
"""Trials after which the chats are deleted and others made."""
REAL_EVERY = 3
"""One renewal of so many has a chat with the real Pi."""
QUIET_SECONDS = 20.0


class Run:
    def __init__(self, stage: Stage, chance: random.Random, real: bool) -> None:
        self.ledger = Ledger()
        self.real_trials = 0
        self._stage = stage
        self._chance = chance
        self._with_real = real
        self._seats: list[Seat] = []
        self._quiet: tuple[list[str], list[str]] = ([], [])

    async def go(self, trials: int) -> None:
        self._quiet = await self._descriptors()
        for number in range(trials):
            if number % RENEW == 0:
                await self._renew(number // RENEW)
            self.real_trials += any(seat.real for seat in self._seats)
            try:
                await Trial(self._stage, self._seats, self.ledger, self._chance).run()
            except* (Stuck, AssertionError) as group:
                self._note(group)
                await self._clear()
                await self._seat(number // RENEW)
            if sys.stderr.isatty() or number % 20 == 19:
                sys.stderr.write(f"{number + 1} of {trials}, {len(self.ledger.notes)} wrong\n")
        await self._clear()
        await self._check_leftovers()

    def _note(self, group: BaseExceptionGroup[BaseException]) -> None:
        """A fold that cannot go on tells by its numbers whether an event is missing or double."""
        for fault in chain.from_iterable([_flat(group)]):
            if isinstance(fault, Stuck):
                self.ledger.note("stuck", str(fault))
            else:
                self.ledger.note("events_lost", f"a client's fold: {str(fault)[:300]}")

    async def _renew(self, number: int) -> None:
        await self._clear()
        if number:
            await self._check_leftovers()
        await self._seat(number)

    async def _seat(self, number: int) -> None:
        real = self._with_real and number % REAL_EVERY == 0
        for index in range(CHATS):
            chat = await self._stage.new_chat(real and index == 0)
            follower = Follower(chat["id"], self._stage.nursery)
            assert await follower.come(self._stage.socket), self._stage.daemon.printed()
            self._seats.append(Seat(chat, follower, real and index == 0))

    async def _clear(self) -> None:
        """Deletes every chat."""
        for seat in self._seats:
            await seat.follower.close()
            try:
                await self._stage.ask("chat/delete", chatId=seat.id)
            except Refused as refused:
                # Asked twice, because the first answer was lost.
                if refused.name != "ChatNotFound":
                    raise
        self._seats.clear()

    # What is left

    async def _check_leftovers(self) -> None:
        """Of chats that are gone: no process, and no descriptor."""
        orphans = await self._once_empty(self._strangers)
        for orphan in orphans:
            self.ledger.note("orphans", orphan)
        left = await self._once_empty(self._too_many)
        for what in left:
            self.ledger.note("descriptors_leaked", what)
        for orphan in await self._once_empty(self._directories):
            self.ledger.note("orphans", orphan)

    async def _once_empty(self, look: object) -> list[str]:
        """What is found when it has had time to go."""
        give_up = trio.current_time() + QUIET_SECONDS
        while True:
            found: list[str] = await look()  # type: ignore[operator]
            if not found or trio.current_time() > give_up:
                return found
            await trio.sleep(0.1)

    async def _strangers(self) -> list[str]:
        """Processes that belong to this run and to no chat, and zombies of ours."""
        keeper, daemon = machine.keeper_pid(), self._stage.daemon.pid
        mark, job = os.fsencode(self._stage.root), b"7200.%d" % os.getpid()
        found = []
        for pid in machine.pids():
            state, parent = machine.stat_of(pid)
            if pid in (os.getpid(), keeper, daemon) or not state:
                continue
            marked = mark in machine.environment_of(pid) or job in machine.words_of(pid)
            ours = parent in (keeper, daemon) or marked
            if ours and (state != b"Z" or parent in (keeper, daemon)):
                found.append(f"{pid} {b' '.join(machine.words_of(pid))!r} {state!r} of {parent}")
        return found

    async def _directories(self) -> list[str]:
        """The daemon removes them by and by."""
        found = (machine.places.data_dir() / "chats").glob("*")
        return [f"the directory {path.name}" for path in found]

    async def _descriptors(self) -> tuple[list[str], list[str]]:
        """Of the daemon and of the keeper, with one client and no chat."""
        await self._stage.ask("chat/list")
        keeper = machine.keeper_pid()
        return (
            machine.descriptors(self._stage.daemon.pid),
            machine.descriptors(keeper) if keeper else self._quiet[1],
        )

    async def _too_many(self) -> list[str]:
        now = await self._descriptors()
        return [
            f"the {who} has {have} and had {had}"
            for who, have, had in zip(("daemon", "keeper"), now, self._quiet, strict=True)
            if len(have) > len(had)
        ]


def _flat(group: BaseException) -> list[BaseException]:
    if isinstance(group, BaseExceptionGroup):
        return [one for inner in group.exceptions for one in _flat(inner)]
    return [group]


async def run(trials: int, seed: int, real: bool, mistake: str) -> int:
    began = time.monotonic()
    async with staged(mistake) as stage:
        faults = Run(stage, random.Random(seed), real)
        await faults.go(trials)
    ledger = faults.ledger
    table = ledger.table(faults.real_trials, time.monotonic() - began, seed)
    sys.stdout.write("".join(f"{note}\n" for note in ledger.notes) + table + "\n")
    return 0 if ledger.clean else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--without-pi", action="store_true", help="scripted sidecars alone")
    parser.add_argument("--mistake", default="", help="one that tests.support.aimed_daemon makes")
    options = parser.parse_args()
    real = not options.without_pi and machine.PI.exists()
    return trio.run(run, options.trials, options.seed, real, options.mistake)


if __name__ == "__main__":
    sys.exit(main())
