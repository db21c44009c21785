"""Counts the calls between files of the daemon while it carries out one request.

    python -m tests.bench.walks

The daemon runs in this process with a chat that is warm. What its agent says meanwhile is counted,
too, so each request is made several times and the least is printed. A coroutine that goes on is no
new call.
"""

import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio

import claudetted
from tests.daemon.calls import asked_once, bash
from tests.daemon.world import Chat, Daemon, made_home
from tests.support import isolation

ROOT = os.path.dirname(claudetted.__file__) + os.sep
TIMES = 8


class Walk:
    """A profiler of this thread."""

    def __init__(self) -> None:
        self.calls = self.moves = self.changes = 0
        """Calls; those from a file into another; calls in another file than the one before."""
        self.files: set[str] = set()
        self._last = ""
        self._seen: dict[int, FrameType] = {}

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event != "call" or not file.startswith(ROOT) or id(frame) in self._seen:
            return
        # Kept, so that no later frame is at its address.
        self._seen[id(frame)] = frame
        self.calls += 1
        self.files.add(file)
        self.changes += file != self._last
        self._last = file
        self.moves += _caller(frame) not in ("", file)

    def __str__(self) -> str:
        return (
            f"{self.calls} calls in {len(self.files)} files, {self.moves} from one file into"
            f" another; the file changes {self.changes} times"
        )


def _caller(frame: FrameType) -> str:
    """The file of ours that the call comes from; empty when a task begins with it."""
    back = frame.f_back
    while back and not back.f_code.co_filename.startswith(ROOT):
        back = back.f_back
    return back.f_code.co_filename if back else ""


async def _walked(request: Callable[[], Awaitable[Any]]) -> tuple[Walk, Any]:
    walk = Walk()
    sys.setprofile(walk)
    try:
        return walk, await request()
    finally:
        sys.setprofile(None)


async def _sent(chat: Chat) -> Walk:
    walk, told = await _walked(lambda: chat.call("turn/send", text="@text hello"))
    await chat.ended(told["turnId"])
    return walk


async def _decided(chat: Chat) -> Walk:
    turn, asked = await asked_once(chat, bash("touch one"))
    decision = {"permissionId": asked["id"], "decision": "allow"}
    walk, _ = await _walked(lambda: chat.client.call("permission/decide", **decision))
    await chat.ended(turn)
    return walk


async def _main(place: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, made_home(place, patch) as home:
        async with trio.open_nursery() as nursery:
            daemon = Daemon(home, nursery)
            await daemon.start()
            client = await daemon.client()
            made = await client.call("chat/create", cwd=str(home.work))
            chat = Chat(client, made["chat"])
            await chat.call("event/subscribe")
            await chat.turn("@text hello")
            for name, one in (("turn/send", _sent), ("permission/decide", _decided)):
                walks = [await one(chat) for _ in range(TIMES)]
                sys.stdout.write(f"{name}: {min(walks, key=lambda walk: walk.calls)}\n")
            await daemon.close()


if __name__ == "__main__":
    isolation.enter()
    with tempfile.TemporaryDirectory(prefix="cw-") as directory:
        trio.run(_main, Path(directory))
