"""SIGHUP alone, to the daemon and to the keeper: neither is lost by it, nor anything of a turn."""

import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
import trio

from claudetted.protocol import places
from tests.daemon.client import Client, connect
from tests.daemon.intruder import pid_of_keeper
from tests.daemon.world import Home
from tests.e2e.test_survival_versions import further
from tests.support.commands import Terminal
from tests.support.counting import Counting
from tests.support.daemon import RunningDaemon
from tests.support.follower import Follower


async def test_hangups_lose_and_double_nothing(world: Counting, follower: Follower) -> None:
    assert await world.start(), world.daemon.printed()
    assert await follower.come(world.socket)
    keeper = pid_of_keeper(str(places.keeper_socket_path()))
    for _ in range(3):
        for pid in (world.daemon.pid, keeper):
            os.kill(pid, signal.SIGHUP)
            await further(follower)
    assert world.daemon.alive
    assert pid_of_keeper(str(places.keeper_socket_path())) == keeper
    await trio.to_thread.run_sync(world.daemon.stop)
    await follower.gone()
    await world.finish(follower)
    written = world.counting.written()
    assert world.journal() == written
    assert {kind: follower.said(kind) for kind in written} == written


@pytest.fixture
async def watcher(home: Home) -> AsyncIterator[tuple[RunningDaemon, Client]]:
    with RunningDaemon(home.root / "daemon.txt") as daemon:
        async with trio.open_nursery() as nursery:
            client = await connect(daemon.socket, nursery)
            await client.call("event/subscribe", all=True)
            yield daemon, client
            await client.close()
        daemon.stop()


async def test_a_hangup_has_the_settings_read_again(watcher: tuple[RunningDaemon, Client]) -> None:
    daemon, client = watcher
    places.config_path().write_text('default_model = "fake/small"\n')
    os.kill(daemon.pid, signal.SIGHUP)
    await client.until(
        lambda: [one for one in client.told if one["params"].get("subject") == "models"]
    )


def test_a_daemon_ends_in_order_with_its_terminal(home: Home) -> None:
    program = [sys.executable, "-m", "claudetted"]
    with Terminal(home.work, "--verbose", program=program) as terminal:
        terminal.expect("serving at")
        assert terminal.hang_up() == 0
    assert "asked to stop by signal 1" in (places.log_dir() / "claudetted.log").read_text()
