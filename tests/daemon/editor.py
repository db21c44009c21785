"""Owns an editor that speaks the Agent Client Protocol with the real bridge, `claudette acp`."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import trio

from tests.daemon.client import PATIENCE, Json
from tests.support.acp_schema import Oracle

Wanted = Callable[[Json], bool]

EVERYTHING: Json = {
    "session": {"compaction": {}, "notices": {}},
    "elicitation": {"form": {}},
    "auth": {"terminal": True},
}
"""The capabilities of an editor that can show all there is."""


class Refused(Exception):
    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.code = error["code"]
        self.message = error["message"]


class Editor:
    """One bridge process and what it has said, whole, in order."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self.said: list[Json] = []
        self.faults: list[str] = []
        """What the schema has against it, in either direction."""
        self._oracle = Oracle()
        self.ended = trio.Event()
        self._more = trio.Event()
        self._last = 0

    async def listen(self) -> None:
        assert self.process.stdout
        rest = b""
        with suppress(trio.ClosedResourceError):
            while piece := await self.process.stdout.receive_some(1 << 18):
                *lines, rest = (rest + bytes(piece)).split(b"\n")
                for message in map(json.loads, lines):
                    self.faults += self._oracle.faults(message, "agent")
                    self.said.append(message)
                self._woken()
        self.ended.set()
        self._woken()

    def _woken(self) -> None:
        self._more.set()
        self._more = trio.Event()

    async def heard(self, wanted: Wanted, start: int = 0) -> Json:
        """The first message of that kind, among those after `start`; waited for."""
        with trio.fail_after(PATIENCE):
            while True:
                more = self._more
                for message in self.said[start:]:
                    if wanted(message):
                        return message
                if self.ended.is_set():
                    raise EOFError(f"The bridge has ended: {self.said[start:]}")
                await more.wait()

    async def writes(self, message: Json) -> None:
        await self.sends(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def sends(self, data: bytes) -> None:
        assert self.process.stdin
        await self.process.stdin.send_all(data)

    async def asks(self, method: str, /, **params: Any) -> int:
        self._last += 1
        request = {"id": self._last, "method": method, "params": params}
        self._oracle.faults(request, "client")
        await self.writes(request)
        return self._last

    async def reply(self, request_id: int | str) -> Json:
        return await self.heard(lambda message: is_reply(message, request_id))

    async def answer(self, request_id: int) -> Json:
        """Raises Refused."""
        reply = await self.reply(request_id)
        if "error" in reply:
            raise Refused(reply["error"])
        result: Json = reply["result"]
        return result

    async def call(self, method: str, /, **params: Any) -> Json:
        return await self.answer(await self.asks(method, **params))

    async def refused(self, method: str, /, **params: Any) -> Refused:
        try:
            result = await self.call(method, **params)
        except Refused as refused:
            return refused
        raise AssertionError(f"{method} was answered with {result}")

    async def notifies(self, method: str, /, **params: Any) -> None:
        await self.writes({"method": method, "params": params})

    async def initialize(self, name: str = "test", **capabilities: Any) -> Json:
        return await self.call(
            "initialize",
            protocolVersion=1,
            clientCapabilities=capabilities,
            clientInfo={"name": name, "version": "1"},
        )

    async def new(self, cwd: os.PathLike[str]) -> Json:
        return await self.call("session/new", cwd=os.fspath(cwd), mcpServers=[])

    async def prompts(self, session: str, text: str) -> int:
        return await self.asks(
            "session/prompt", sessionId=session, prompt=[{"type": "text", "text": text}]
        )

    async def asked(self, method: str, start: int = 0) -> Json:
        """The request of the bridge, waited for."""
        return await self.heard(lambda message: message.get("method") == method, start)

    async def replies(self, request: Json, result: Json) -> None:
        await self.writes({"id": request["id"], "result": result})

    async def chooses(self, request: Json, option: str) -> None:
        await self.replies(request, {"outcome": {"outcome": "selected", "optionId": option}})

    async def update(self, kind: str, start: int = 0, **fields: Any) -> Json:
        """The first update of a kind with such fields, waited for."""
        message = await self.heard(lambda message: is_update(message, kind, fields), start)
        update: Json = message["params"]["update"]
        return update

    def updates(self, kind: str, session: str | None = None) -> list[Json]:
        return [
            message["params"]["update"]
            for message in self.said
            if is_update(message, kind, {}) and session in (None, message["params"]["sessionId"])
        ]

    def text(self, kind: str = "agent_message_chunk", session: str | None = None) -> str:
        return "".join(update["content"]["text"] for update in self.updates(kind, session))

    async def closes(self) -> int:
        """Ends its input; the exit code of the bridge."""
        assert self.process.stdin
        await self.process.stdin.aclose()
        with trio.fail_after(PATIENCE):
            await self.ended.wait()
            return await self.process.wait()


def is_reply(message: Json, request_id: Any) -> bool:
    return "method" not in message and message["id"] == request_id


def is_update(message: Json, kind: str, fields: Json) -> bool:
    if message.get("method") != "session/update":
        return False
    update = message["params"]["update"]
    return bool(update["sessionUpdate"] == kind and update | fields == update)


@asynccontextmanager
async def editor(*options: str) -> AsyncIterator[Editor]:
    """Ends the bridge at the end, if the test has not."""
    async with trio.open_nursery() as nursery:
        process = await trio.lowlevel.open_process(
            [sys.executable, "-m", "claudette_cli", "acp", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        found = Editor(process)
        nursery.start_soon(found.listen)
        try:
            yield found
        finally:
            with trio.CancelScope(shield=True):
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                assert process.stdin and process.stdout
                await process.stdin.aclose()
                await found.ended.wait()
                await process.stdout.aclose()
        assert found.faults == []
