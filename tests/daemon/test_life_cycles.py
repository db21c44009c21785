"""A thousand lives of chats leave what ten leave: the same processes, descriptors and memory.

`LIFE_CYCLES=1000` lives that many; fewer show a leak as well, since every life would add to it.
"""

import os
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.world import Home

CYCLES = int(os.environ.get("LIFE_CYCLES", "40"))
FIRST = 10
LEAK = 16 * 1024
"""Bytes that a life may seem to cost, where an allocator rounds up."""
SLACK = 4 * 1024 * 1024


async def live(client: Client, new_chat: NewChat) -> None:
    """One chat, from its making to its end, with a permission in between."""
    chat = await new_chat()
    turn = await chat.send('@tool bash {"command": "touch made"} @then @text done')
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    await chat.call("chat/delete")
    client.forget()


def memory(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def leads_to(pid: int) -> list[str]:
    """What each descriptor of a process is open for. Raises PermissionError."""
    found = []
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # It was closed meanwhile.
            found.append(os.readlink(one))
    return found


def descriptors(pid: int) -> int:
    """Without those of the database, which opens up to four readers when it has to."""
    try:
        return sum(".db" not in path for path in leads_to(pid))
    except PermissionError:
        # The keeper's are closed to all but root, who may know how many it has room for.
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(status.partition("FDSize:")[2].split()[0])


def holds_pipes(keeper: int) -> bool:
    """Those of a sidecar are closed a moment after its end."""
    try:
        return any(path.startswith("pipe:") for path in leads_to(keeper))
    except PermissionError:
        return False


async def measured(home: Home, client: Client, keeper: int) -> dict[str, object]:
    """What there is beside memory. The keeper hears of a chat's end a moment later."""
    with trio.fail_after(PATIENCE):
        while len(home.processes()) > 1 or holds_pipes(keeper):
            await client.call("daemon/status")
    rows = (await client.call("process/list"))["processes"]
    files = {pid: descriptors(pid) for pid in (os.getpid(), keeper)}
    return {"rows": [row["kind"] for row in rows], "files": files}


@pytest.mark.timeout(120 + CYCLES)
async def test_many_lives_leave_what_few_leave(
    home: Home, client: Client, new_chat: NewChat
) -> None:
    for _ in range(FIRST):
        await live(client, new_chat)
    keeper = (await client.call("daemon/status"))["keeperPid"]
    few = await measured(home, client, keeper)
    before = {pid: memory(pid) for pid in (os.getpid(), keeper)}
    for _ in range(CYCLES - FIRST):
        await live(client, new_chat)
    assert await measured(home, client, keeper) == few
    for pid, had in before.items():
        assert memory(pid) - had < SLACK + LEAK * CYCLES // 10
    status = await client.call("daemon/status")
    assert (status.get("chats", 0), status.get("sidecars", 0)) == (0, 0)
