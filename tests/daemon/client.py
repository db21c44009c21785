"""Owns a client as tests use it: requests, notifications in order, and waiting for them."""

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

PATIENCE = 60.0
"""Seconds after which what should happen is given up."""

Json = dict[str, Any]


class Refused(Exception):
    """A request was answered with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error['data'].get('name')}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: Json = error["data"]
        self.name: str = error["data"]["name"]


class Closed(Exception):
    """The daemon closed the connection."""


class Client:
    """One connection. `told` is every notification so far, in order."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.told: list[Json] = []
        self.closed = False
        self._unfinished: list[bytes] = []
        self.told_before: dict[Any, int] = {}
        """How many notifications came before a reply."""
        self._replies: dict[Any, Json] = {}
        self._numbers = itertools.count(1)
        self._sending = trio.Lock()
        self._news = trio.lowlevel.ParkingLot()
        self._reading = trio.Event()
        self._reading.set()

    # Reading

    async def run(self) -> None:
        try:
            while True:
                await self._reading.wait()
                chunk = await self.stream.receive_some(64 * 1024)
                if not chunk:
                    return
                self._unfinished.append(bytes(chunk))
                # A line of megabytes is looked through once.
                if b"\n" in chunk:
                    *lines, rest = self.rest.split(b"\n")
                    self._unfinished = [rest]
                    for line in lines:
                        self._take(json.loads(line))
                self._news.unpark_all()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        finally:
            self.closed = True
            self._news.unpark_all()

    def _take(self, frame: Any) -> None:
        if isinstance(frame, dict) and "method" in frame:
            self.told.append(frame)
        else:
            key = frame[0].get("id") if isinstance(frame, list) else frame.get("id")
            self._replies[key] = frame
            self.told_before[key] = len(self.told)

    @property
    def rest(self) -> bytes:
        """An unfinished line at the end of the connection."""
        return b"".join(self._unfinished)

    def forget(self) -> None:
        """All it was told, so that a long test measures the daemon and not this."""
        self.told.clear()
        self.told_before.clear()
        self._replies.clear()

    def stall(self) -> None:
        """Reads nothing more, after at most one more read, until `wake`."""
        self._reading = trio.Event()

    def wake(self) -> None:
        self._reading.set()

    # Requests

    async def call(self, method: str, **params: Any) -> Any:
        """The result; raises Refused."""
        return await self.result_of(await self.post(method, **params))

    async def refused(self, method: str, **params: Any) -> Refused:
        """The error that a request must be answered with."""
        try:
            result = await self.call(method, **params)
        except Refused as refused:
            return refused
        raise AssertionError(f"{method} was answered with {result}")

    async def post(self, method: str, **params: Any) -> int:
        """Sends a request without waiting for its answer; its number."""
        number = next(self._numbers)
        await self.send_line({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    async def send_line(self, line: Any) -> None:
        data = line if isinstance(line, bytes) else json.dumps(line).encode()
        async with self._sending:
            await self.stream.send_all(data + b"\n")

    async def reply(self, number: Any) -> Any:
        """The whole reply to a request."""
        await self.until(lambda: number in self._replies)
        return self._replies.pop(number)

    def answered(self, number: Any) -> bool:
        return number in self._replies

    async def result_of(self, number: Any) -> Any:
        reply = await self.reply(number)
        if "error" in reply:
            raise Refused(reply["error"])
        return reply["result"]

    async def ask(self, line: Any) -> Any:
        """The reply to a line as it is."""
        await self.send_line(line)
        number = line.get("id") if isinstance(line, dict) else None
        return await self.reply(number)

    async def end_writing(self) -> None:
        """Closes its side of a Unix socket, and goes on reading."""
        assert isinstance(self.stream, trio.SocketStream)
        await self.stream.send_eof()

    async def close(self) -> None:
        """Without a word, as a client does that dies."""
        await trio.aclose_forcefully(self.stream)
        self.wake()

    # Waiting

    async def until(self, true: Callable[[], Any]) -> Any:
        """What `true` gives, once it is true after something was read."""
        with trio.fail_after(PATIENCE):
            while not (found := true()):
                if self.closed:
                    raise Closed
                await self._news.park()
        return found

    async def gone(self) -> None:
        """Returns when the daemon has closed the connection and all it sent is read."""
        with trio.fail_after(PATIENCE):
            while not self.closed:
                await self._news.park()

    def events(self, kind: str | None = None, chat: str | None = None) -> list[Json]:
        """The events told so far, whole: `seq`, `at`, `event`."""
        return [
            frame["params"]
            for frame in self.told
            if frame["method"] == "event"
            and (kind is None or frame["params"]["event"]["type"] == kind)
            and (chat is None or frame["params"]["chatId"] == chat)
        ]

    def deltas(self, chat: str | None = None) -> list[Json]:
        return [
            frame["params"]
            for frame in self.told
            if frame["method"] == "delta" and (chat is None or frame["params"]["chatId"] == chat)
        ]


async def connect(path: Path, nursery: trio.Nursery, **options: int) -> Client:
    """A client whose reader runs in `nursery`. `options` are of the socket, such as SO_RCVBUF."""
    stream = await trio.open_unix_socket(os.fspath(path))
    for name, value in options.items():
        stream.setsockopt(trio.socket.SOL_SOCKET, getattr(trio.socket, name), value)
    client = Client(stream)
    nursery.start_soon(client.run)
    return client
