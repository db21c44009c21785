"""Owns one trial: chats at work, one fault at a random moment, and what must hold afterwards."""

import json
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import trio

from tests.daemon.client import Json, Refused
from tests.faults import audit, stage
from tests.faults.ledger import Ledger
from tests.faults.stage import AGAIN, PATIENCE, Stage, Stuck
from tests.support.follower import Follower

WITHIN = 0.7
"""Seconds after the messages within which the fault comes."""
STALL = 0.3
LEFT = (
    "sleep 7200.{run} &",
    "nohup sleep 7200.{run} &",
    "(setsid sleep 7200.{run} &);",
)
"""What a command leaves running. What throws its environment away, too, is not here: after the
death of the keeper nothing but a cgroup could tell whose it is."""


@dataclass
class Seat:
    """One chat at work, and who watches it."""

    chat: Json
    follower: Follower
    real: bool
    turn: str = ""
    decisions: dict[str, str] = field(default_factory=dict)
    """What a person says to the call that holds a token."""
    decided: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        return str(self.chat["id"])

    @property
    def over(self) -> bool:
        state = self.follower.seen.state
        return state.running is None and not state.permissions and not state.queue


class Trial:
    def __init__(
        self, stage: Stage, seats: list[Seat], ledger: Ledger, chance: random.Random
    ) -> None:
        self._stage = stage
        self._seats = seats
        self._ledger = ledger
        self._chance = chance
        self._down = False
        """The daemon is away for good until it is started again."""

    async def run(self) -> None:
        fault = self._chance.choice(list(FAULTS))
        self._ledger.trials += 1
        self._ledger.fault = fault
        self._ledger.of_fault[fault] = self._ledger.of_fault.get(fault, 0) + 1
        for seat in self._seats:
            await self._give_work(seat)
        try:
            with trio.fail_after(PATIENCE):
                async with trio.open_nursery() as nursery:
                    for seat in self._seats:
                        nursery.start_soon(self._sit, seat)
                    await trio.sleep(self._chance.uniform(0, WITHIN))
                    await FAULTS[fault](self)
        except trio.TooSlowError:
            unfinished = [seat.id for seat in self._seats if not seat.over]
            raise Stuck(f"after {fault}: {unfinished}") from None
        for seat in self._seats:
            await self._check(seat)

    # Work

    async def _give_work(self, seat: Seat) -> None:
        token = f"{self._ledger.trials}-{seat.id}"
        words = " ".join(f"w{n}" for n in range(self._chance.randint(20, 150)))
        says = f"@slow {self._chance.choice((0, 1, 4))} @text {words}"
        kind = self._chance.choice(("stream", "flood", "ask", "ask", "command", "leave"))
        if kind == "stream":
            script = says
        elif kind == "flood":
            script = f"@text a @many {self._chance.randint(50, 1500)}"
        else:
            script = f"@text now {self._call(kind, token)} @then {says}"
            answer = "deny" if self._chance.random() < 0.3 else "allow"
            seat.decisions[token] = answer
        sent = await self._stage.ask("turn/send", keyed=True, chatId=seat.id, text=script)
        seat.turn = sent["turnId"]

    def _call(self, kind: str, token: str) -> str:
        effect = self._stage.effects / token
        line = f"echo ran >> '{effect}'"
        if kind == "command":
            line += "; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $n; sleep 0.03; done"
        elif kind == "leave":
            line += f"; {self._chance.choice(LEFT).format(run=os.getpid())} echo left"
        return f"@tool bash {json.dumps({'command': line})}"

    async def _sit(self, seat: Seat) -> None:
        """Watches and decides, coming back whenever it is cut off, until the turn is over."""
        while True:
            if await self._look(seat):
                if self._is_over(seat):
                    return
                await self._decide(seat)

    def _is_over(self, seat: Seat) -> bool:
        ended = seat.follower.seen.ended
        return seat.over and seat.turn in ended

    async def _decide(self, seat: Seat) -> None:
        for asked in list(seat.follower.seen.state.permissions.values()):
            command = asked.request.command or ""
            token = next((token for token in seat.decisions if token in command), None)
            if token is None or asked.id in seat.decided:
                continue
            seat.decided.add(asked.id)
            await trio.sleep(self._chance.uniform(0, 0.2))
            about = {"permissionId": asked.id, "decision": seat.decisions[token]}
            try:
                await self._stage.ask("permission/decide", keyed=True, **about)
            except Refused as refused:
                # It went with its sidecar, meanwhile.
                if refused.name != "PermissionGone":
                    raise

    # Faults

    async def kill_daemon(self) -> None:
        await trio.to_thread.run_sync(self._stage.daemon.kill9)
        await self._stage.start_daemon()

    async def kill_daemon_twice(self) -> None:
        await self.kill_daemon()
        await trio.sleep(self._chance.uniform(0, 0.05))
        await self.kill_daemon()

    async def stall_daemon(self) -> None:
        await self._stall(self._stage.daemon.pid)

    async def restart_daemon(self) -> None:
        await trio.to_thread.run_sync(self._stage.daemon.restart)

    async def kill_keeper(self) -> None:
        self._signal(stage.keeper_pid(), signal.SIGKILL)

    async def stall_keeper(self) -> None:
        await self._stall(stage.keeper_pid())

    async def kill_sidecar(self) -> None:
        self._signal(self._some_sidecar(), signal.SIGKILL)

    async def stall_sidecar(self) -> None:
        await self._stall(self._some_sidecar())

    async def kill_client(self) -> None:
        client = self._chance.choice(self._seats).follower.client
        if client:
            await client.close()
        await self._stage.hang_up()

    async def stall_client(self) -> None:
        client = self._chance.choice(self._seats).follower.client
        if client:
            client.stall()
            await trio.sleep(STALL)
            client.wake()

    async def fill_disk(self) -> None:
        pid = self._stage.daemon.pid
        with stage.full_disk(pid, self._chance.choice((1, 64 * 1024, 512 * 1024))):
            await trio.sleep(self._chance.uniform(0.1, 0.6))

    async def fill_disk_and_kill_daemon(self) -> None:
        with stage.full_disk(self._stage.daemon.pid, 1):
            await trio.sleep(self._chance.uniform(0, 0.3))
            await trio.to_thread.run_sync(self._stage.daemon.kill9)
        await self._stage.start_daemon()

    async def _stall(self, pid: int | None) -> None:
        self._signal(pid, signal.SIGSTOP)
        await trio.sleep(self._chance.uniform(0.05, STALL))
        self._signal(pid, signal.SIGCONT)

    def _signal(self, pid: int | None, number: signal.Signals) -> None:
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _some_sidecar(self) -> int | None:
        known = [seat.follower.seen.state.sidecar for seat in self._seats]
        pids = [one.pid for one in known if one and one.pid]
        return self._chance.choice(pids) if pids else None

    # What must hold

    async def _check(self, seat: Seat) -> None:
        numbers, told = audit.events_of(seat.id)
        await self._catch_up(seat, len(numbers))
        audit.check_sequence(self._ledger, seat.id, numbers)
        audit.check_sidecars(self._ledger, self._stage.records, told)
        self._check_fold(seat, told)
        self._check_permissions(seat, told)
        self._check_effects(seat, told)

    async def _catch_up(self, seat: Seat, seq: int) -> None:
        """Until the client has been told what the journal has."""
        with trio.move_on_after(PATIENCE):
            while seat.follower.seen.state.seq < seq:
                await self._look(seat)
            return
        raise Stuck(f"a client of {seat.id} is at {seat.follower.seen.state.seq} of {seq}")

    async def _look(self, seat: Seat) -> bool:
        """Folds what came; False when the client had to come back."""
        client = seat.follower.client
        if client is None or client.closed:
            seat.follower.fold()
            if not await seat.follower.come(self._stage.socket):
                await trio.sleep(AGAIN)
            return False
        with trio.move_on_after(0.05):
            await client._news.park()
        seat.follower.fold()
        return True

    def _check_fold(self, seat: Seat, told: list[Json]) -> None:
        seen = seat.follower.seen
        closed = {
            event["item"]["id"]: event["item"].get("text", "")
            for event in told
            if event["type"] in ("item/added", "item/closed")
        }
        for name, text in closed.items():
            if name not in seen.items or seen.items[name].text != text:
                self._ledger.note("events_lost", f"a client lacks item {name}")
        for name in seen.items.keys() - closed.keys():
            self._ledger.note("events_doubled", f"a client has item {name}, which is nowhere")

    def _check_permissions(self, seat: Seat, told: list[Json]) -> None:
        open_ones = {e["permission"]["id"] for e in told if e["type"] == "permission/opened"}
        ends = {
            event["permissionId"]: event["resolution"]["outcome"]
            for event in told
            if event["type"] == "permission/resolved"
        }
        for name in open_ones - ends.keys():
            self._ledger.note("permissions_lost", f"{name} is over and was never resolved")
        lost = sum(1 for event in told if event["type"] == "sidecar/lost")
        if "lost" in ends.values() and not lost:
            self._ledger.note("permissions_lost", f"{seat.id}: lost although its agent lived")

    def _check_effects(self, seat: Seat, told: list[Json]) -> None:
        for token, answer in seat.decisions.items():
            if token in seat.checked:
                continue
            seat.checked.add(token)
            path = self._stage.effects / token
            ran = len(path.read_text().splitlines()) if path.exists() else 0
            if ran > (answer == "allow"):
                self._ledger.note("unapproved_effects", f"{token}: {answer}, ran {ran} times")
            elif ran == 0 and answer == "allow" and self._must_have_run(token, told):
                self._ledger.note("permissions_lost", f"{token} was allowed and did not run")

    def _must_have_run(self, token: str, told: list[Json]) -> bool:
        """Allowed, and the turn came to its end with its agent."""
        opened = [e["permission"] for e in told if e["type"] == "permission/opened"]
        asked = next((one for one in opened if token in one["request"].get("command", "")), None)
        if asked is None:
            return False
        ends = [e for e in told if e["type"] == "permission/resolved"]
        outcome = next(
            (e["resolution"]["outcome"] for e in ends if e["permissionId"] == asked["id"]), ""
        )
        turn = asked["turnId"]
        reasons = [
            e["reason"] for e in told if e["type"] == "turn/ended" and e["turn"]["id"] == turn
        ]
        return outcome == "allow" and reasons == ["done"]


Fault = Callable[[Trial], Awaitable[None]]

FAULTS: dict[str, Fault] = {
    "daemon killed": Trial.kill_daemon,
    "daemon killed twice": Trial.kill_daemon_twice,
    "daemon stalled": Trial.stall_daemon,
    "daemon restarted": Trial.restart_daemon,
    "keeper killed": Trial.kill_keeper,
    "keeper stalled": Trial.stall_keeper,
    "sidecar killed": Trial.kill_sidecar,
    "sidecar stalled": Trial.stall_sidecar,
    "client killed": Trial.kill_client,
    "client stalled": Trial.stall_client,
    "disk full": Trial.fill_disk,
    "disk full, daemon killed": Trial.fill_disk_and_kill_daemon,
}
