"""Owns driving one sidecar over plain pipes: lines in, lines out, in order, without a daemon."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from claudetted.protocol import sidecar as sc
from claudetted.protocol.permissions import Level

DEADLINE = 60.0
"""Seconds after which a line that should come is given up."""

L = TypeVar("L")

_decode = msgspec.json.Decoder(sc.FromSidecar).decode
_encode = msgspec.json.Encoder().encode


def _kill_group(pgid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pgid, signal.SIGKILL)


class Refused(Exception):
    """The sidecar answered a request with an error."""

    def __init__(self, error: sc.LineError) -> None:
        super().__init__(f"{error.name}: {error.message}")
        self.error = error


class Sidecar:
    """One sidecar process. `lines` is everything it has said so far, parts joined."""

    def __init__(self, command: list[str], env: dict[str, str], place: Path) -> None:
        self.place = place
        self.cwd = place / "work"
        self.endpoint: sc.Endpoint | None = None
        """Where a model is served, for an agent that has to be told."""
        self.session_dir = place / "session"
        self.temp_dir = place / "tmp"
        for directory in (self.cwd, self.session_dir, self.temp_dir):
            directory.mkdir(parents=True, exist_ok=True)
        self.lines: list[Any] = []
        self.credentials = sc.Credentials()
        """What it is given when it asks."""
        self._heard: queue.Queue[bytes] = queue.Queue()
        self._rest = b""
        self._parts: list[str] = []
        self._requests = 0
        self._turns: list[str] = []
        self.process = subprocess.Popen(
            command,
            cwd=place,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout
        while chunk := os.read(self.process.stdout.fileno(), 256 * 1024):
            self._heard.put(chunk)
        self._heard.put(b"")

    def close(self) -> None:
        """Whatever it was doing, with the commands that a failed test left running."""
        assert self.process.stdin and self.process.stdout
        if self.process.stdout.closed:
            return
        _kill_group(self.process.pid)
        self.process.wait()
        self._listener.join()
        while self._hear():
            pass
        ended = {line.pgid for line in self.all(sc.GroupEnd)}
        for pgid in {line.pgid for line in self.all(sc.Group)} - ended:
            _kill_group(pgid)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()

    def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first line that is wanted, of those said already or yet to come."""
        seen = 0
        while True:
            for line in self.lines[seen:]:
                if wanted(line):
                    return line
            seen = len(self.lines)
            if not self._hear():
                raise EOFError(f"The sidecar ended; its last lines were {self.lines[-5:]}.")

    def next(self, kind: type[L], after: Any = None) -> L:
        """The first line of a kind, after another one."""
        start = 0 if after is None else self.index(after) + 1
        old = [id(line) for line in self.lines[:start]]
        found = self.until(lambda line: isinstance(line, kind) and id(line) not in old)
        assert isinstance(found, kind)
        return found

    def all(self, kind: type[L]) -> list[L]:
        return [line for line in self.lines if isinstance(line, kind)]

    def index(self, line: Any) -> int:
        return next(at for at, known in enumerate(self.lines) if known is line)

    def to_end(self) -> int:
        """Hears all it still has to say; its exit code."""
        while self._hear():
            pass
        assert self._rest == b"", f"An unfinished line at the end: {self._rest!r}"
        return self.process.wait(DEADLINE)

    def _hear(self) -> bool:
        chunk = self._heard.get(timeout=DEADLINE)
        if not chunk:
            self._heard.put(b"")
            return False
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            assert len(line) < 1024 * 1024, "A line over 1 MiB comes in parts."
            self._take(_decode(line))
        return True

    def _take(self, line: Any) -> None:
        if not isinstance(line, sc.Part):
            assert not self._parts, "Nothing comes between the parts of a line."
            if isinstance(line, sc.CredentialsWanted):
                self.send(self.credentials)
                return
            self.lines.append(line)
            return
        self._parts.append(line.text)
        if line.last:
            self.lines.append(_decode("".join(self._parts)))
            self._parts = []

    def send(self, line: sc.ToSidecar) -> None:
        assert self.process.stdin
        self.process.stdin.write(_encode(line) + b"\n")
        self.process.stdin.flush()

    def end_input(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def at_rest(self) -> bool:
        """Ends what still runs; false when it cannot be asked for anything any more."""
        if self.process.poll() is not None or not self.process.stdin or self.process.stdin.closed:
            return False
        self.abort()
        for turn in self._turns:
            self.end(turn)
        return True

    def forget(self) -> None:
        """What it has said so far."""
        self.lines.clear()
        self._turns.clear()

    def id(self) -> int:
        self._requests += 1
        return self._requests

    def reply(self, request: int) -> msgspec.Raw:
        found = self.until(lambda line: isinstance(line, sc.Reply) and line.id == request)
        if found.error:
            raise Refused(found.error)
        return msgspec.Raw(found.result)

    def ask_for(self, line: Any) -> msgspec.Raw:
        """Sends a request and waits for its answer."""
        self.send(line)
        return self.reply(line.id)

    def start(
        self,
        *,
        session_path: str = "",
        model: str = "fake/small",
        level: Level = "standard",
        cwd: Path | None = None,
        unasked: Sequence[str] = (),
    ) -> sc.Started:
        line = sc.Start(
            self.id(),
            "chat",
            os.fspath(cwd or self.cwd),
            os.fspath(self.session_dir),
            os.fspath(self.temp_dir),
            session_path=session_path,
            model=model,
            level=level,
            endpoint=self.endpoint,
            unasked=list(unasked),
        )
        return msgspec.json.decode(self.ask_for(line), type=sc.Started)

    def prompt(
        self, text: str, turn: str = "T1", note: str = "", images: Sequence[sc.ImageFile] = ()
    ) -> None:
        self.ask_for(sc.Prompt(self.id(), turn, text, note, images=list(images)))
        self._turns.append(turn)

    def end(self, turn: str = "T1") -> sc.TurnEnd:
        found = self.until(lambda line: isinstance(line, sc.TurnEnd) and line.turn == turn)
        assert isinstance(found, sc.TurnEnd)
        return found

    def turn(self, text: str, turn: str = "T1") -> sc.TurnEnd:
        """A whole turn in which whatever asks is allowed."""
        begin = len(self.lines)
        self.prompt(text, turn)
        decided = {line.ask for line in self.lines[:begin] if isinstance(line, sc.Ask)}
        while True:
            found = self.until(
                lambda line: (
                    (isinstance(line, sc.Ask) and line.ask not in decided)
                    or (isinstance(line, sc.TurnEnd) and line.turn == turn)
                )
            )
            if isinstance(found, sc.TurnEnd):
                return found
            decided.add(found.ask)
            self.send(sc.Decide(found.ask, True))

    def allow(self, ask: sc.Ask) -> None:
        self.send(sc.Decide(ask.ask, True))

    def deny(self, ask: sc.Ask, reason: str = "") -> None:
        self.send(sc.Decide(ask.ask, False, reason))

    def abort(self) -> None:
        self.ask_for(sc.Abort(self.id()))

    def opened(self, kind: str, after: int = 0) -> list[sc.ItemOpen]:
        lines = self.lines[after:]
        return [line for line in lines if isinstance(line, sc.ItemOpen) and line.kind == kind]

    def closed(self, item: str) -> sc.ItemClose:
        found = self.until(lambda line: isinstance(line, sc.ItemClose) and line.item == item)
        assert isinstance(found, sc.ItemClose)
        return found

    def text(self, item: str) -> str:
        """What an item says, from its deltas and its close."""
        closing = [line for line in self.all(sc.ItemClose) if line.item == item]
        if closing and closing[0].text is not None:
            return closing[0].text
        return "".join(line.text for line in self.all(sc.ItemDelta) if line.item == item)

    def texts(self, kind: str = "message", after: int = 0) -> list[str]:
        """What was said for good: without what was withdrawn."""
        withdrawn = {line.item for line in self.all(sc.ItemClose) if line.status == "discarded"}
        items = [line.item for line in self.opened(kind, after)]
        return [self.text(item) for item in items if item not in withdrawn]
