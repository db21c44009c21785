"""Owns a sidecar whose every line the test itself hears and says.

The scripted sidecar behaves; this one does what a test needs it to, at the moment it needs it. It
is a real child of the keeper: a relay between its standard streams and a socket of the test.
"""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import trio

from tests.daemon.client import PATIENCE, Json

_RELAY = """
import os, sys, _socket, _thread
peer = _socket.socket(_socket.AF_UNIX)
peer.connect(sys.argv[1])
peer.sendall(b"%d\\n" % os.getpid())
def listen():
    while data := os.read(0, 65536):
        peer.sendall(data)
    os._exit(0)
_thread.start_new_thread(listen, ())
while data := peer.recv(65536):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]
os._exit(7)
"""
"""The modules below `socket` and `threading` halve its start, of which the tests see hundreds."""


class Puppet:
    """One running sidecar. It dies with exit code 7 when the test closes it."""

    def __init__(self, stream: trio.SocketStream, pid: int, rest: bytes) -> None:
        self.pid = pid
        self.heard: list[Json] = []
        self._stream = stream
        self._rest = rest

    async def hears(self, kind: str) -> Json:
        """The next line of a kind; those before it are in `heard`."""
        with trio.fail_after(PATIENCE):
            while True:
                while b"\n" in self._rest:
                    raw, _, self._rest = self._rest.partition(b"\n")
                    line: Json = json.loads(raw)
                    self.heard.append(line)
                    if line["type"] == kind:
                        return line
                chunk = await self._receive()
                if not chunk:
                    raise EOFError(f"The daemon let go before it said {kind}: {self.heard}")
                self._rest += bytes(chunk)

    async def _receive(self) -> bytes:
        """Nothing at the end, also of one that is killed with something unread."""
        try:
            return bytes(await self._stream.receive_some(64 * 1024))
        except trio.BrokenResourceError:
            return b""

    async def says(self, kind: str, /, **line: Any) -> None:
        await self.writes(json.dumps({"type": kind, **line}).encode() + b"\n")

    async def writes(self, data: bytes) -> None:
        """Whatever it is."""
        await self._stream.send_all(data)

    async def answers(self, request: Json, result: Any = None) -> None:
        await self.says("reply", id=request["id"], result=result)

    async def refuses(self, request: Json, name: str, message: str, **data: Any) -> None:
        error = {"name": name, "message": message, "data": data}
        await self.says("reply", id=request["id"], error=error)

    async def greets(self, level: int = 1, **more: Any) -> None:
        about = {"harness": "pi", "version": "1", "agentVersion": "2", **more}
        await self.says("hello", level=level, **about)

    async def starts(self, boxed: bool = False, **started: Any) -> Json:
        """Says hello and has a session; the `start` it was asked with."""
        await self.greets(**({"boxed": True} if boxed else {}))
        start = await self.hears("start")
        session = start.get("sessionPath") or f"{start['sessionDir']}/puppet.jsonl"
        known = {"sessionPath": session, "model": "fake/small", "contextWindow": 40_000}
        await self.answers(start, {**known, **started})
        return start

    async def takes_prompt(self) -> Json:
        prompt = await self.hears("prompt")
        await self.answers(prompt)
        return prompt

    async def ends_turn(self, turn: str, reason: str = "done", **more: Any) -> None:
        await self.says("turn.end", turn=turn, reason=reason, **more)

    async def closes(self) -> None:
        await trio.aclose_forcefully(self._stream)


class Puppets:
    """Where the puppets of one test call in. Its launcher stands for a harness."""

    def __init__(self, directory: Path, launcher: Path) -> None:
        self.path = directory / "puppets"
        self._listener = trio.socket.socket(trio.socket.AF_UNIX)
        self._launcher = launcher
        self._streams: list[trio.SocketStream] = []

    async def open(self) -> None:
        await self._listener.bind(os.fspath(self.path))
        self._listener.listen(16)
        words = [sys.executable, "-I", "-S", "-c", _RELAY, os.fspath(self.path)]
        self._launcher.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n", encoding="utf-8")
        self._launcher.chmod(0o700)

    async def next(self) -> Puppet:
        """The next sidecar that the daemon starts."""
        with trio.fail_after(PATIENCE):
            peer, _ = await self._listener.accept()
            stream = trio.SocketStream(peer)
            self._streams.append(stream)
            data = b""
            while b"\n" not in data:
                data += bytes(await stream.receive_some(64 * 1024))
        pid, _, rest = data.partition(b"\n")
        return Puppet(stream, int(pid), rest)

    async def close(self) -> None:
        self._listener.close()
        for stream in self._streams:
            await trio.aclose_forcefully(stream)
