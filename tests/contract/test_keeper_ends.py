"""Nothing that a sidecar started outlives it, or the keeper, whichever way that ends."""

import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import trio

from claudetted.protocol.base import SidecarId
from claudetted.sidecar.keeper import frames
from claudetted.sidecar.keeper.__main__ import TRY_AGAIN
from claudetted.sidecar.keeper_launch import connect, start_detached
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import KeeperFailed, LaunchFailed
from tests.contract.keeper_world import (
    ECHO,
    ENV,
    PATIENCE,
    SIDECAR,
    SLEEP,
    Ear,
    Raw,
    end_keeper,
    ended,
    is_running,
    is_there,
    linked,
    script,
    watched,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs pidfd and /proc")

STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True)\nwhile True: signal.pause()"
)
FAMILY = """
import os, signal, subprocess, sys
SLEEPER = [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"]
def child(*wrap):
    return subprocess.Popen([*wrap, *SLEEPER], stdout=subprocess.DEVNULL).pid
def left():
    # Forked twice in a session of its own: a daemon, in the old sense.
    told, tell = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(tell, b"%d" % os.getpid())
            os.execvp(sys.executable, SLEEPER)
        os._exit(0)
    os.wait()
    return int(os.read(told, 20))
pids = [child(), child("setsid"), child("nohup"), child("env", "-i"), left()]
pids += [child("setsid", "env", "-i")]
"""
IDLE = 8.0
"""Seconds without need after which a keeper ends: enough for a test to come to it before."""
WAIT = "\nprint(*pids, flush=True)\nsignal.pause()\n"
CRASH = "\nprint(*pids, flush=True)\nos.kill(os.getpid(), 9)\n"


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "k.sock"
    end_keeper(tmp_path / "k.sock")


@asynccontextmanager
async def family(link: KeeperLink, ear: Ear, end: str = WAIT) -> AsyncIterator[list[int]]:
    """A sidecar with descendants of every sort, each watched: the sidecar comes first."""
    pid = await link.start(SIDECAR, script(FAMILY + end), ENV, Path("/"))
    with ExitStack() as stack:
        members = [stack.enter_context(watched(pid))] if end == WAIT else []
        link.attach(SIDECAR, 0, ear)
        await ear.hears(b"\n")
        members += [stack.enter_context(watched(int(one))) for one in ear.data.split()]
        yield members


async def all_ended(members: list[int]) -> None:
    for one in members:
        await ended(one)


async def test_it_may_end_by_itself_when_asked(path: Path) -> None:
    text = "import signal, sys; signal.signal(15, lambda *_: sys.exit(3));" + SLEEP
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(text), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        await ear.hears(b"ready")
        await link.end(SIDECAR, 20)
        assert ear.exit
        assert ear.exit.code == 3


@pytest.mark.parametrize("hurry", [False, True])
async def test_whoever_ignores_the_signal_is_killed(path: Path, hurry: bool) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(STUBBORN), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        await ear.hears(b"ready")
        if hurry:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(link.end, SIDECAR, 60.0)
                link.kill(SIDECAR)
        else:
            await link.end(SIDECAR, 0.1)
        assert ear.exit
        assert ear.exit.signal == signal.SIGKILL


async def test_a_stopped_sidecar_is_killed(path: Path) -> None:
    async with linked(path) as (link, _):
        pid = await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        link.attach(SIDECAR, 0, Ear())
        os.kill(pid, signal.SIGSTOP)
        await link.end(SIDECAR, 0.1)


async def test_one_that_nobody_listens_to_can_be_ended(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
    async with linked(path) as (link, _):
        with trio.fail_after(PATIENCE):
            await link.end(SIDECAR, 5)


async def test_its_end_is_the_end_of_all_it_started(path: Path) -> None:
    async with linked(path) as (link, _), family(link, Ear()) as members:
        await link.end(SIDECAR, 5)
        # The exit is told when they are gone, not before.
        assert not any(is_running(one) for one in members)


async def test_one_sidecars_end_is_not_another_ones(path: Path) -> None:
    other = SidecarId("other")
    async with linked(path) as (link, _):
        pid = await link.start(other, script(ECHO), ENV, path.parent)
        with watched(pid) as another:
            async with family(link, Ear()):
                await link.end(SIDECAR, 5)
                link.forget(SIDECAR)
            ear = Ear()
            link.attach(other, 0, ear)
            link.send(other, 1, b"alive\n")
            await ear.hears(b"got alive")
            assert is_running(another)


async def test_one_keepers_sidecar_is_not_another_keepers(path: Path, tmp_path: Path) -> None:
    """Even under the same id: data directories may be copied."""
    elsewhere = tmp_path / "other.sock"
    async with linked(path) as (link, _), linked(elsewhere) as (other, _):
        pid = await other.start(SIDECAR, script(SLEEP), ENV, path.parent)
        await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        with watched(pid) as its:
            await link.end(SIDECAR, 5)
            assert is_running(its)
        other.shut_down()


async def test_what_a_crashed_sidecar_left_ends_when_it_is_forgotten(path: Path) -> None:
    async with linked(path) as (link, _):
        ear = Ear()
        async with family(link, ear, CRASH) as members:
            await ear.exits()
            assert all(is_running(one) for one in members)
            link.forget(SIDECAR)
            # The last has no mark, no session and no parent: only the keeper's own end reaches it.
            await all_ended(members[:-1])


@pytest.mark.parametrize("end", [WAIT, CRASH])
@pytest.mark.parametrize("how", ["signal", "order"])
async def test_the_keepers_end_is_the_end_of_all(path: Path, end: str, how: str) -> None:
    async with linked(path) as (link, _):
        ear = Ear()
        async with family(link, ear, end) as members:
            if how == "order":
                link.shut_down()
            else:
                assert link.pid
                os.kill(link.pid, signal.SIGTERM)
            await all_ended(members)


async def test_a_killed_keeper_takes_its_sidecars_along(path: Path) -> None:
    """Those that read their input, and those that do not, without any help of a next keeper."""
    await start_detached(path)
    with Raw(path) as raw:
        keeper = raw.hello()
        reader, sleeper = raw.start(script(ECHO), "reader"), raw.start(script(SLEEP), "sleeper")
        raw.tell(frames.ATTACH, "sleeper", 0)
        raw.hear(frames.OUTPUT)
        with watched(reader) as one, watched(sleeper) as two:
            os.kill(keeper, signal.SIGKILL)
            await all_ended([one, two])


async def test_a_killed_keepers_sidecars_are_told_lost(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        ended_before = SidecarId("before")
        await link.start(ended_before, script("pass"), ENV, path.parent)
        ear, earlier = Ear(), Ear()
        link.attach(SIDECAR, 0, ear)
        link.attach(ended_before, 0, earlier)
        await earlier.exits()
        assert link.pid
        os.kill(link.pid, signal.SIGKILL)
        await ear.is_lost()
        assert not earlier.lost


async def test_the_link_replaces_a_killed_keeper(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        old = link.pid
        assert old
        os.kill(old, signal.SIGKILL)
        await ear.is_lost()
        again = SidecarId("again")
        await link.start(again, script(ECHO), ENV, path.parent)
        assert link.pid not in (None, old)
        ear = Ear()
        link.attach(again, 0, ear)
        link.send(again, 1, b"hello\n")
        await ear.hears(b"got hello")
        with trio.fail_after(PATIENCE):
            await link.end(SIDECAR, 5)


async def test_what_survived_a_killed_keeper_is_ended_by_the_next(path: Path) -> None:
    async with linked(path) as (link, _):
        ear = Ear()
        pid = await link.start(SIDECAR, script(STUBBORN), ENV, path.parent)
        link.attach(SIDECAR, 0, ear)
        await ear.hears(b"ready")
        with watched(pid) as stray:
            assert link.pid
            os.kill(link.pid, signal.SIGKILL)
            await ear.is_lost()
            await ended(stray)


async def test_a_keeper_that_cannot_be_replaced_is_a_failed_launch(path: Path) -> None:
    async with linked(path) as (link, _):
        ear = Ear()
        await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        link.attach(SIDECAR, 0, ear)
        shutil.rmtree(path.parent)
        os.close(os.open(path.parent, os.O_CREAT))  # no directory any more
        assert link.pid
        os.kill(link.pid, signal.SIGKILL)
        await ear.is_lost()
        with pytest.raises(LaunchFailed, match="keeper"), trio.fail_after(PATIENCE):
            await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        os.unlink(path.parent)
        os.mkdir(path.parent, 0o700)
        with trio.fail_after(PATIENCE):
            await link.start(SIDECAR, script(ECHO), ENV, path.parent)


async def test_a_keeper_that_nobody_needs_ends(path: Path) -> None:
    await start_detached(path, idle=1)
    # It may have ended before anybody looks.
    with suppress(ConnectionRefusedError), Raw(path) as raw:
        raw.wait_for_the_end()
    assert connect(path) is None


async def test_a_keeper_with_a_sidecar_waits_for_a_daemon(path: Path) -> None:
    await start_detached(path, idle=IDLE)
    with Raw(path) as raw:
        raw.hello()
        raw.start(script("import os; os.read(0, 1); os.write(1, b'late')"))
    with Raw(path) as raw:
        with pytest.raises(TimeoutError):
            raw.peer.settimeout(IDLE + 1)
            raw.wait_for_the_end()
        raw.peer.settimeout(PATIENCE)
        raw.hello()
        raw.tell(frames.ATTACH, SIDECAR, 0)
        raw.tell(frames.INPUT, SIDECAR, 1, b"x")
        assert raw.hear(frames.OUTPUT)[3] == b"late"


async def test_two_first_daemons_get_one_keeper(path: Path) -> None:
    pids = []

    async def first() -> None:
        await start_detached(path)
        with Raw(path) as raw:
            pids.append(raw.hello())

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(first)
    assert len(pids) == 4
    assert len(set(pids)) == 1


async def test_a_dead_keepers_socket_is_in_nobodys_way(path: Path) -> None:
    await start_detached(path)
    end_keeper(path, signal.SIGKILL)
    assert is_there(path)
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)


async def test_a_vanished_socket_comes_back(path: Path) -> None:
    await start_detached(path, idle=IDLE)
    with Raw(path) as raw:
        pid = raw.hello()
        raw.start(script(SLEEP))
        os.unlink(path)
        with trio.fail_after(PATIENCE):
            while not is_there(path):  # noqa: ASYNC110 - nothing else tells of a file
                await trio.sleep(0.05)
        with Raw(path) as again:
            assert again.hello() == pid


@pytest.mark.parametrize("mode", [0o755, 0o770])
async def test_a_directory_that_others_may_enter_is_refused(tmp_path: Path, mode: int) -> None:
    os.chmod(tmp_path, mode)
    with pytest.raises(KeeperFailed, match="0700"):
        await start_detached(tmp_path / "k.sock")
    os.chmod(tmp_path, 0o700)


async def test_the_socket_is_the_users_alone(path: Path) -> None:
    await start_detached(path)
    assert os.stat(path).st_mode & 0o777 == 0o600


async def test_a_service_runs_it_in_the_foreground_one_for_each_user(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "claudetted.sidecar.service"]
    env = {**ENV, "CLAUDETTED_RUNTIME_DIR": str(tmp_path)}
    socket_path = tmp_path / "keeper.sock"
    async with trio.open_nursery() as nursery:
        service = await nursery.start(partial(trio.run_process, words, env=env, check=False))
        with trio.fail_after(PATIENCE):
            while not is_there(socket_path):  # noqa: ASYNC110 - nothing else tells of a file
                await trio.sleep(0.02)
        second = await trio.run_process(words, env=env, check=False)
        assert second.returncode == TRY_AGAIN
        async with linked(socket_path) as (link, _):
            assert link.pid == service.pid
        service.send_signal(signal.SIGTERM)
        assert await service.wait() == 0
