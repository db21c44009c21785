"""What a service manager hears."""

import os
from pathlib import Path

import trio

from claudetted.daemon.service_manager import ServiceManager
from tests.daemon.client import PATIENCE


async def test_it_hears_of_the_beginning_and_the_end_and_between(tmp_path: Path) -> None:
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM) as listening:
        await listening.bind(str(tmp_path / "n"))
        given = {"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "2000", "PATH": "/bin"}
        manager = ServiceManager(given)
        assert given == {"PATH": "/bin"}
        stop = trio.Event()

        async def heard() -> str:
            """In the loop that also tells: the kernel keeps ten words, and drops the rest."""
            with trio.fail_after(PATIENCE):
                return (await listening.recv(1000)).decode()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(manager.keep_told, lambda: "well", stop)
            assert await heard() == "READY=1\nSTATUS=well"
            assert await heard() == "WATCHDOG=1\nSTATUS=well"
            stop.set()
            while (last := await heard()).startswith("WATCHDOG"):
                pass
        assert last == "STOPPING=1\nSTATUS=stopping"


async def test_without_one_nothing_is_said_and_nothing_waited_for() -> None:
    await ServiceManager({}).keep_told(lambda: "well", trio.Event())


async def test_the_watchdog_of_another_process_is_not_ours(tmp_path: Path) -> None:
    given = {"WATCHDOG_USEC": "2000", "WATCHDOG_PID": str(os.getpid() + 1)}
    assert ServiceManager(given)._pause > 1


async def test_one_that_is_gone_hurts_nobody(tmp_path: Path) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    manager.failed("why")
