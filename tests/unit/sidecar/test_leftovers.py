"""A stop ends what the stopped command started, and nothing that an earlier one did."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from claudetted.sidecar import leftovers, moments
from claudetted.sidecar.environment import CHAT_MARK
from claudetted.sidecar.keeper import processes
from claudetted.sidecar.keeper.processes import LINUX, Table
from claudetted.sidecar.leftovers import Commands
from claudetted.sidecar.moments import Moment

pytestmark = pytest.mark.skipif(not LINUX, reason="nothing tells whose a process is")


class Agents:
    """Processes that carry a chat's mark."""

    def __init__(self, stack: ExitStack, chat: str) -> None:
        self.chat = chat
        self._stack = stack
        self.agent = self.start("exec sleep 7205").pid

    def start(self, command: str) -> subprocess.Popen[str]:
        made = subprocess.Popen(
            ["sh", "-c", command],
            env={**os.environ, CHAT_MARK: self.chat},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.enter_context(made)
        self._stack.callback(made.kill)
        return made

    def allow(self, command: str) -> tuple[subprocess.Popen[str], Commands, int]:
        """An agent whose command has begun, what is known of it, and the pid it printed."""
        agent = self.start(f"read go; {command}")
        allowed = moments.now()
        print("go", file=agent.stdin, flush=True)
        assert agent.stdout
        printed = int(agent.stdout.readline())
        commands = leftovers.running(self.chat, agent.pid, allowed)
        assert commands
        return agent, commands, printed

    def left_since(self, since: Moment) -> set[int]:
        commands = leftovers.running(self.chat, self.agent, since)
        assert commands
        return {pid for pid, _ in commands.look()[0]}


@pytest.fixture
def agents(request: pytest.FixtureRequest) -> Iterator[Agents]:
    with ExitStack() as stack:
        yield Agents(stack, f"{request.node.name}-{os.getpid()}")


def test_what_an_earlier_command_left_in_the_same_tick_goes_on(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = agents.start("exec sleep 7205")
    allowed = moments.now()
    later = agents.start("exec sleep 7205")
    table = processes.processes

    def in_one_tick() -> Table:
        return {pid: (up, session, allowed.tick) for pid, (up, session, _) in table().items()}

    monkeypatch.setattr(processes, "processes", in_one_tick)
    assert earlier.poll() is None
    assert agents.left_since(allowed) == {later.pid}


def test_what_that_starts_meanwhile_goes_on(agents: Agents) -> None:
    earlier = agents.start("read go; sleep 7205 & echo $!; wait")
    allowed = moments.now()
    later = agents.start("sleep 7205 & echo $!; wait")
    assert earlier.stdin and earlier.stdout and later.stdout
    earlier.stdin.write("go\n")
    earlier.stdin.flush()
    worker, own = int(earlier.stdout.readline()), int(later.stdout.readline())
    with_worker = processes.living(set(), f"{CHAT_MARK}={agents.chat}".encode())
    assert worker in {pid for pid, _ in with_worker}
    left = agents.left_since(allowed)
    for pid in (worker, own):
        os.kill(pid, 9)
    assert left == {later.pid, own}


def test_what_was_below_the_agent_is_ended_without_a_mark(agents: Agents) -> None:
    orphan = subprocess.Popen(["sleep", "7205"], env={})
    with orphan:
        tree = {(orphan.pid, processes.processes()[orphan.pid][2])}
        commands = Commands(agents.chat, agents.agent, tree, moments.now())
        commands.end_left()
        assert orphan.wait() < 0


def test_what_is_left_is_ended_however_late_it_is(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look may take all the time there is, on a machine that stalls."""
    for name in ("GRACE_SECONDS", "KILL_SECONDS"):
        monkeypatch.setattr(leftovers, name, 0.0)
    allowed = moments.now()
    deaf = agents.start("trap '' TERM; echo ready; while :; do read go; done")
    assert deaf.stdout and deaf.stdout.readline() == "ready\n"
    commands = leftovers.running(agents.chat, agents.agent, allowed)
    assert commands
    commands.end_left()
    assert deaf.wait(60) == -signal.SIGKILL


def test_what_is_left_only_after_the_agent_has_stopped_is_ended(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "setsid sleep 7205 & echo $!; read end"
    agent, commands, left = agents.allow(f"sh -c '{command}'; echo ended; exec sleep 7205")
    polls: list[float] = []

    def poll(seconds: float) -> None:
        if not polls:
            print("end", file=agent.stdin, flush=True)
            assert agent.stdout and agent.stdout.readline() == "ended\n"
        polls.append(seconds)

    monkeypatch.setattr(leftovers, "GRACE_SECONDS", 60)
    monkeypatch.setattr("time.sleep", poll)
    commands.end_left()
    assert left not in {pid for pid, _ in processes.living(commands.tree)}
    assert agent.poll() is None


def test_what_the_agent_keeps_is_not_waited_for_long(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, commands, own = agents.allow("sleep 7205 & echo $!; wait")
    monkeypatch.setattr(leftovers, "KILL_SECONDS", 60)
    commands.end_left()
    assert own in {pid for pid, _ in processes.living(commands.tree)}
    os.kill(own, signal.SIGKILL)
