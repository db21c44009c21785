"""Owns the process of an adapter: lines of the daemon, the vendor's program, all waiting.

An adapter is what the keeper starts for an agent that does not speak our lines. A `Translation`
decides what every line means; this loop does the reading, writing, starting and waiting for it,
in one thread and without a library for that: what an adapter takes, every chat of its kind takes.

Resource handling: the vendor's program is the only child. It is asked to end and then killed when
the daemon's side closes, and its end is the translation's to handle. What it leaves running is the
keeper's, which knows it by its mark.
"""

import contextlib
import gc
import heapq
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import count
from typing import IO

import msgspec

from claudetted.harnesses.actions import (
    END_SECONDS as END_SECONDS,
    Action as Action,
    AnswerCaller as AnswerCaller,
    EndVendor as EndVendor,
    Exit as Exit,
    Listen as Listen,
    StartVendor as StartVendor,
    ToVendor as ToVendor,
    Translation as Translation,
    VendorEnd as VendorEnd,
    Wake as Wake,
)
from claudetted.harnesses.callers import Callee, Callers
from claudetted.harnesses.vendor_lines import LINE_LIMIT, VendorLines
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line
from claudetted.wire.lines import Tail

READ_BYTES = 64 * 1024
"""As much as a pipe holds; for more, memory would be mapped and unmapped at each read."""
PACE_SECONDS = 0.02
"""A vendor that talks all the time is read so often: what it said meanwhile is said in few lines.
The first words after a silence, or after something was sent to it, do not wait."""
LINE_BYTES = 1024 * 1024
"""Longer lines go to the daemon in parts."""
STDERR_BYTES = 16 * 1024
"""Of what the vendor's program said last on its stderr."""
TOO_LONG = (
    f"The agent wrote a line of more than {LINE_LIMIT >> 20} MiB, which was left out: what it told "
    "with that is missing here. If the turn does not go on, stop it."
)


def run(translation: Translation, callee: Callee | None = None) -> int:
    """Until the daemon's side closes, or the translation says `Exit`. The exit code."""
    gc.freeze()
    gc.enable()
    return _Loop(translation, callee).run()


class _Request(msgspec.Struct):
    """As much of any request as an answer needs."""

    id: int


class _Loop:
    def __init__(self, translation: Translation, callee: Callee | None) -> None:
        self._translation = translation
        self._selector = selectors.DefaultSelector()
        self._callers = Callers(self._selector, callee, self._do) if callee else None
        self._decode = msgspec.json.Decoder(sc.ToSidecar).decode
        self._encode = msgspec.json.Encoder().encode
        self._daemon = Tail()
        self._out = os.dup(1)
        self._vendor: subprocess.Popen[bytes] | None = None
        self._vendor_lines = VendorLines()
        self._to_vendor = bytearray()
        self._said = bytearray()
        self._grown: sc.ItemDelta | None = None
        """The last piece of an item, which the next one may be joined to."""
        self._read_at = 0.0
        self._read_again_at: float | None = None
        self._stderr = bytearray()
        self._alarms: list[tuple[float, int, str]] = []
        self._numbers = count()
        self._kill_at: float | None = None
        self._code: int | None = None

    def run(self) -> int:
        os.dup2(2, 1)  # What anything prints is no line of ours.
        signals = self._watch_signals()
        self._selector.register(0, selectors.EVENT_READ, self._read_daemon)
        self._selector.register(signals, selectors.EVENT_READ, lambda: self._signalled(signals))
        self._do(self._translation.begun())
        self._tell()
        while self._code is None:
            for key, _ in self._selector.select(self._until_alarm()):
                if self._code is None:
                    key.data()
                    self._tell()
            self._ring()
            self._tell()
        self._end_vendor_now()
        if self._callers:
            self._callers.close()
        return self._code

    # The daemon

    def _read_daemon(self) -> None:
        data = os.read(0, READ_BYTES)
        if not data:
            self._code = 0
            return
        for raw in self._daemon.feed(data).split(b"\n"):
            if raw.strip():
                self._take(raw)

    def _take(self, raw: bytes) -> None:
        try:
            line = self._decode(raw)
        except msgspec.MsgspecError as error:
            log(f"the daemon wrote something that is no line ({len(raw)} bytes): {error}")
            self._refuse(raw)
            return
        self._do(self._translation.line(line, time.monotonic()))

    def _refuse(self, raw: bytes) -> None:
        """A request of a later daemon is answered, so that it does not wait."""
        with contextlib.suppress(msgspec.MsgspecError):
            request = msgspec.json.decode(raw, type=_Request)
            error = sc.LineError("InvalidRequest", "This adapter does not know the request.")
            self._say(sc.Reply(request.id, error))

    def _say(self, line: Line) -> None:
        grown, self._grown = self._grown, line if isinstance(line, sc.ItemDelta) else None
        if grown and self._grown and grown.item == self._grown.item:
            self._grown = sc.ItemDelta(grown.item, grown.text + self._grown.text)
            return
        if grown:
            self._put(grown)
        if self._grown is None:
            self._put(line)

    def _put(self, line: Line) -> None:
        data = self._encode(line)
        if len(data) <= LINE_BYTES:
            self._write(data + b"\n")
            return
        text = data.decode()
        starts = range(0, len(text), sc.PART_BYTES // 4)
        for at in starts:
            piece = text[at : at + sc.PART_BYTES // 4]
            self._write(self._encode(sc.Part(piece, at == starts[-1])) + b"\n")

    def _write(self, data: bytes) -> None:
        self._said += data
        if len(self._said) >= LINE_BYTES:
            self._tell()

    def _tell(self) -> None:
        """Waits for the daemon: what it does not take, the vendor does not say. All lines of one
        event go at once: a vendor that talks fast costs few calls."""
        grown, self._grown = self._grown, None
        if grown:
            self._put(grown)
        if not self._said:
            return
        view, self._said = memoryview(self._said), bytearray()
        try:
            while view:
                view = view[os.write(self._out, view) :]
        except BrokenPipeError:
            self._code = 0

    # What is to be done

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case ToVendor(data):
                    self._to_vendor += data
                    self._flush()
                    self._read_soon()
                case StartVendor():
                    self._start(action)
                case EndVendor(grace):
                    self._close_vendor_stdin()
                    self._kill_at = time.monotonic() + grace
                case Wake(seconds, what):
                    at = time.monotonic() + seconds
                    heapq.heappush(self._alarms, (at, next(self._numbers), what))
                case Exit(code):
                    self._code = code
                case Listen(directory, name):
                    assert self._callers
                    self._callers.listen(directory, name)
                case AnswerCaller(caller, data):
                    assert self._callers
                    self._callers.answer(caller, data)
                case _:
                    self._say(action)

    # The vendor's program

    def _start(self, wanted: StartVendor) -> None:
        try:
            self._vendor = vendor = subprocess.Popen(
                wanted.argv,
                env=wanted.env,
                cwd=wanted.cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        except (OSError, ValueError) as fault:
            self._do(self._translation.vendor_ended(VendorEnd(-1, "", str(fault))))
            return
        self._vendor_lines, self._kill_at = VendorLines(), None
        self._stderr.clear()
        assert vendor.stdin and vendor.stdout and vendor.stderr
        os.set_blocking(vendor.stdin.fileno(), False)
        self._selector.register(vendor.stdout, selectors.EVENT_READ, self._read_vendor)
        self._selector.register(vendor.stderr, selectors.EVENT_READ, self._read_stderr)
        self._flush()

    def _read_vendor(self) -> None:
        assert self._vendor and self._vendor.stdout
        stdout = self._vendor.stdout
        data = self._read(stdout)
        lines = self._vendor_lines.feed(data)
        if not stdout.closed and self._vendor_lines.unfinished <= READ_BYTES:
            self._pace(stdout)
        for line in lines:
            if self._code is None:
                self._do(self._translation.vendor_line(line, time.monotonic()))
        if self._vendor_lines.left_out():
            log(TOO_LONG)
            self._say(sc.Notice("error", TOO_LONG))

    def _pace(self, stdout: IO[bytes]) -> None:
        now = time.monotonic()
        if now - self._read_at < 2 * PACE_SECONDS:
            self._unwatch(stdout)
            self._read_again_at = now + PACE_SECONDS
        self._read_at = now

    def _read_soon(self) -> None:
        self._read_at = 0.0
        if self._read_again_at is not None:
            self._read_again()

    def _read_again(self) -> None:
        self._read_again_at = None
        stdout = self._vendor.stdout if self._vendor else None
        if stdout and not stdout.closed and stdout.fileno() not in self._selector.get_map():
            self._selector.register(stdout, selectors.EVENT_READ, self._read_vendor)

    def _unwatch(self, stream: IO[bytes]) -> None:
        if stream.fileno() in self._selector.get_map():
            self._selector.unregister(stream)

    def _read_stderr(self) -> None:
        assert self._vendor and self._vendor.stderr
        self._stderr += self._read(self._vendor.stderr)
        del self._stderr[:-STDERR_BYTES]

    def _read(self, pipe: IO[bytes]) -> bytes:
        """What is there. At its end the pipe is closed."""
        data = os.read(pipe.fileno(), READ_BYTES)
        if not data:
            self._close(pipe)
        return data

    def _close(self, pipe: IO[bytes]) -> None:
        self._unwatch(pipe)
        pipe.close()

    def _flush(self) -> None:
        """Writes what the vendor takes now; the rest follows when it takes more."""
        stdin = self._vendor.stdin if self._vendor else None
        if stdin is None or stdin.closed:
            return
        try:
            while self._to_vendor:
                del self._to_vendor[: os.write(stdin.fileno(), self._to_vendor)]
        except BlockingIOError:
            self._await_room(stdin.fileno())
        except BrokenPipeError:
            self._to_vendor.clear()

    def _await_room(self, descriptor: int) -> None:
        if descriptor not in self._selector.get_map():
            self._selector.register(descriptor, selectors.EVENT_WRITE, self._has_room)

    def _has_room(self) -> None:
        assert self._vendor and self._vendor.stdin
        self._selector.unregister(self._vendor.stdin)
        self._flush()

    def _close_vendor_stdin(self) -> None:
        stdin = self._vendor.stdin if self._vendor else None
        if stdin and not stdin.closed:
            self._unwatch(stdin)
            stdin.close()

    def _watch_signals(self) -> socket.socket:
        """Readable when a child has ended, or the keeper asks to end."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self._wakeup = theirs
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: None)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        return ours

    def _signalled(self, signals: socket.socket) -> None:
        if signal.SIGTERM in signals.recv(4096):
            self._code = 0
        else:
            self._reap()

    def _reap(self) -> None:
        vendor = self._vendor
        if vendor is None or vendor.poll() is None:
            return
        self._drain(vendor)
        self._forget(vendor)
        end = VendorEnd(vendor.returncode, self._stderr.decode(errors="replace"))
        self._do(self._translation.vendor_ended(end))

    def _drain(self, vendor: subprocess.Popen[bytes]) -> None:
        """What it wrote before its end is read first. What it left running may hold the pipes."""
        out, err = (vendor.stdout, self._read_vendor), (vendor.stderr, self._read_stderr)
        for stream, read in (out, err):
            if stream and not stream.closed:
                os.set_blocking(stream.fileno(), False)
                with contextlib.suppress(BlockingIOError):
                    while not stream.closed:
                        read()

    def _forget(self, vendor: subprocess.Popen[bytes]) -> None:
        self._close_vendor_stdin()
        for stream in (vendor.stdout, vendor.stderr):
            if stream and not stream.closed:
                self._close(stream)
        self._vendor, self._kill_at = None, None
        self._to_vendor.clear()

    def _end_vendor_now(self) -> None:
        """The daemon's side is closed: nobody is left to wait for."""
        vendor = self._vendor
        if vendor is None:
            return
        self._close_vendor_stdin()
        vendor.terminate()
        try:
            vendor.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            vendor.kill()
            vendor.wait()

    # Time

    def _until_alarm(self) -> float | None:
        times = [self._alarms[0][0]] if self._alarms else []
        times += [at for at in (self._kill_at, self._read_again_at) if at is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _ring(self) -> None:
        now = time.monotonic()
        if self._read_again_at is not None and now >= self._read_again_at:
            self._read_again()
        if self._kill_at is not None and now >= self._kill_at and self._vendor:
            self._kill_at = None
            self._vendor.kill()
        while self._code is None and self._alarms and self._alarms[0][0] <= now:
            *_, what = heapq.heappop(self._alarms)
            self._do(self._translation.woken(what, now))


def log(text: str) -> None:
    """For the daemon's log, which keeps the last lines of a sidecar's stderr."""
    sys.stderr.write(text.replace("\n", " ")[:2000] + "\n")
    sys.stderr.flush()
