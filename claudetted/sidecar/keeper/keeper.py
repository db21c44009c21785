"""Owns the decisions: who is served, what an order does, whose turn it is, when all is over."""

import contextlib
import errno
import os
import signal
import time

from claudetted.sidecar.keeper import frames, processes
from claudetted.sidecar.keeper.child import INPUT_LIMIT, Child
from claudetted.sidecar.keeper.connection import AlreadyRunning, Connection, Door
from claudetted.sidecar.keeper.ends import Ends, end_descendants
from claudetted.sidecar.keeper.frames import frame
from claudetted.sidecar.keeper.loop import Loop

OUTBOX = 256 * 1024
PIECE = 64 * 1024
SHUTDOWN_GRACE_MS = 2000
HOUSEKEEPING = 5.0


class Keeper:
    def __init__(self, path: str, idle: float) -> None:
        self._path = path
        self._mark = b"CLAUDETTED_KEEPER=" + os.fsencode(path)
        self._idle = idle
        """Ends after this many seconds without sidecars and without a daemon; 0 for never."""
        self._door = Door(path)
        self._loop = Loop()
        self._loop.readable(self._door.open(), self._accept)
        self._ends = Ends(self._loop, self._finished)
        self._client: Connection | None = None
        self._children: dict[bytes, Child] = {}
        self._ready: dict[Child, None] = {}
        """Who has something to deliver, in turn."""
        self._needed_at = time.monotonic()
        self._stopping = False
        self._loop.signals((signal.SIGCHLD, signal.SIGTERM, signal.SIGINT), self._signalled)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        processes.seclude()
        processes.become_reaper()
        self._ends.end_strays(self._mark)
        self._keep_house()

    def run(self) -> None:
        while not self._stopping or any(not one.final for one in self._children.values()):
            self._loop.round()
            self._deliver()
        end_descendants()

    # The door

    def _accept(self) -> None:
        if one := self._door.accept():
            self._loop.readable(one.peer.fileno(), lambda: self._hear(one))

    def _hear(self, one: Connection) -> None:
        there = one.receive()
        try:
            for kind, name, n, body in frames.take_frames(one.inbox):
                if not one.fenced:
                    self._obey(one, kind, name, n, body)
        except (ValueError, LookupError):
            there = False  # Not a daemon of ours, or not in its senses: it may come again.
        if not there or (one.fenced and not self._write(one)):
            self._drop(one)

    def _write(self, one: Connection) -> bool:
        """False when there is no more to write, or nobody to write to."""
        there = one.flush()
        if there:
            self._loop.also_writable(one.peer.fileno(), bool(one.outbox))
        return there and bool(one.outbox)

    def _drop(self, one: Connection) -> None:
        self._loop.ignore(one.peer.fileno())
        one.peer.close()
        if self._client is one:
            self._serve(None)

    def _serve(self, client: Connection | None) -> None:
        self._client = client
        self._needed_at = time.monotonic()
        self._ready.clear()
        for child in self._children.values():
            child.sent = None

    def _tell(self, kind: int, name: bytes, n: int, body: bytes = b"") -> None:
        if self._client:
            self._client.outbox += frame(kind, name, n, body)

    def _deliver(self) -> None:
        """Writes what is ready, a piece of each in turn, as far as the daemon takes it."""
        client = self._client
        if not client:
            return
        while True:
            while self._ready and len(client.outbox) < OUTBOX:
                child = next(iter(self._ready))
                del self._ready[child]
                self._deliver_piece(child)
            if not client.flush():
                self._drop(client)
                return
            if client.outbox or not self._ready:
                break
        self._loop.also_writable(client.peer.fileno(), bool(client.outbox))

    def _deliver_piece(self, child: Child) -> None:
        if child.sent is None or child.forgotten:
            return
        if child.sent < child.end:
            piece = child.piece(PIECE)
            self._tell(frames.OUTPUT, child.name, child.sent, piece)
            child.sent += len(piece)
        if child.sent < child.end:
            self._ready[child] = None
        elif child.final and not child.exit_told and child.status is not None:
            child.exit_told = True
            status = child.status if child.status >= 0 else frames.SIGNALLED - child.status
            self._tell(frames.EXIT, child.name, status, bytes(child.tail))

    # Orders

    def _obey(self, one: Connection, kind: int, name: bytes, n: int, body: bytes) -> None:
        if kind == frames.HELLO:
            self._greet(one)
        elif one is not self._client:
            raise ValueError("HELLO comes first.")
        elif kind == frames.SHUTDOWN:
            self._stop()
        elif kind == frames.START:
            self._start(name, body)
        elif child := self._children.get(name):
            self._obey_for(child, kind, n, body)

    def _obey_for(self, child: Child, kind: int, n: int, body: bytes) -> None:
        if kind == frames.ATTACH:
            self._attach(child, n)
        elif kind == frames.ACKNOWLEDGE:
            self._acknowledge(child, n)
        elif kind == frames.INPUT:
            self._take_input(child, n, body)
        elif kind == frames.END:
            self._ends.end(child, n)
        elif kind == frames.FORGET:
            child.forgotten = True
            self._ends.end(child, 0)
        else:
            raise ValueError("A frame of no known type.")

    def _greet(self, one: Connection) -> None:
        """Serves the newest daemon: one that hangs loses its say, also if it wakes again."""
        if self._client and self._client is not one:
            self._client.fenced = True
            self._client.outbox += frame(frames.FENCED)
            self._loop.also_writable(self._client.peer.fileno(), True)
        self._serve(one)
        self._tell(frames.HELLO, b"", frames.GENERATION, b"%d" % os.getpid())
        for its in self._children.values():
            if not its.forgotten:
                state = (its.end, its.input_n, its.pid, its.status is not None)
                self._tell(frames.RUNNING, its.name, its.base, frames.RUNNING_BODY.pack(*state))
        self._tell(frames.READY, b"", 0)

    def _start(self, name: bytes, body: bytes) -> None:
        if name in self._children or self._stopping:
            code = errno.ESHUTDOWN if self._stopping else errno.EEXIST
            self._tell(frames.FAILED, name, code, b"start")
            return
        marks = [self._mark, b"CLAUDETTED_SIDECAR=" + name]
        try:
            pid, pipes = processes.spawn(body, marks)
        except OSError as fault:
            self._tell(frames.FAILED, name, fault.errno or 0, b"start")
            return
        child = self._children[name] = Child(name, marks, pid, pipes)
        self._loop.readable(child.launch, lambda: self._launched(child))
        self._loop.readable(child.stderr, lambda: self._read_stderr(child))
        self._loop.stream(child.stdout, lambda: self._read_output(child))

    def _launched(self, child: Child) -> None:
        report = os.read(child.launch, PIECE)
        self._loop.ignore(child.launch)
        os.close(child.launch)
        child.launch = -1
        if not report:
            self._tell(frames.STARTED, child.name, child.pid)
            return
        self._close_pipes(child)
        child.status = 127
        del self._children[child.name]
        code, _, what = report.partition(b"\0")
        self._tell(frames.FAILED, child.name, int(code), what)

    def _attach(self, child: Child, offset: int) -> None:
        if child.base <= offset <= child.end:
            child.sent = offset
            child.exit_told = False
            self._ready[child] = None
        else:
            self._tell(frames.REFUSED, child.name, child.base, b"attach")

    def _acknowledge(self, child: Child, offset: int) -> None:
        was_full = child.full
        child.acknowledge(offset)
        if was_full and not child.full and child.stdout >= 0:
            self._loop.stream(child.stdout, lambda: self._read_output(child))

    def _take_input(self, child: Child, n: int, line: bytes) -> None:
        if 0 < n <= child.input_n:
            self._tell(frames.REFUSED, child.name, child.input_n, b"input")
            return
        child.input_n = max(n, child.input_n)
        if child.stdin < 0:
            return
        waiting = bool(child.input)
        child.input += line
        if len(child.input) > INPUT_LIMIT:
            child.tail += b"\nIt stopped reading its input and was killed.\n"
            self._ends.kill(child)
        elif not waiting:
            child.write_input()
            if child.input:
                self._loop.writable(child.stdin, lambda: self._write_input(child))

    # Pipes

    def _read_output(self, child: Child) -> int:
        got = child.read_output()
        if got:
            self._ready[child] = None
        if got < 0 or child.full:
            self._loop.ignore(child.stdout)
        if got < 0:
            os.close(child.stdout)
            child.stdout = -1
        return got

    def _read_stderr(self, child: Child) -> None:
        if child.read_stderr() < 0:
            self._loop.ignore(child.stderr)
            os.close(child.stderr)
            child.stderr = -1

    def _write_input(self, child: Child) -> None:
        child.write_input()
        if not child.input:
            self._loop.ignore(child.stdin)

    def _close_pipes(self, child: Child) -> None:
        for fd in (child.stdin, child.stdout, child.stderr):
            if fd >= 0:
                self._loop.ignore(fd)
                os.close(fd)
        child.stdin = child.stdout = child.stderr = -1

    # Ends

    def _signalled(self, number: int) -> None:
        if number != signal.SIGCHLD:
            self._stop()
            return
        while ended := processes.reap():
            pid, status = ended
            child = next((one for one in self._children.values() if one.pid == pid), None)
            if child and child.status is None:
                self._exited(child, status)

    def _exited(self, child: Child, status: int) -> None:
        if child.launch >= 0:
            self._launched(child)
        if child.status is None:
            child.drain()
            self._close_pipes(child)
            self._ends.exited(child, status)

    def _finished(self, child: Child) -> None:
        self._needed_at = time.monotonic()
        self._ready[child] = None
        if child.forgotten:
            self._children.pop(child.name, None)

    def _stop(self) -> None:
        """Ends every sidecar, then the keeper. A second time without grace."""
        grace_ms = 0 if self._stopping else SHUTDOWN_GRACE_MS
        if not self._stopping:
            self._stopping = True
            self._loop.ignore(self._door.close(last=True))
        for child in list(self._children.values()):
            self._ends.end(child, grace_ms)

    def _keep_house(self) -> None:
        if self._stopping:
            return
        if not os.path.lexists(self._path):
            self._come_back()
        unneeded = not self._children and not self._client and self._idle > 0
        if unneeded and time.monotonic() - self._needed_at >= self._idle:
            self._stop()
        else:
            delay = min(HOUSEKEEPING, self._idle / 4) if self._idle else HOUSEKEEPING
            self._loop.after(delay, self._keep_house)

    def _come_back(self) -> None:
        """Somebody cleaned up the runtime directory: daemons must still find us."""
        self._loop.ignore(self._door.close())
        with contextlib.suppress(AlreadyRunning, OSError):
            self._loop.readable(self._door.open(), self._accept)
