"""Owns the recording of what a command does to the machine: Linux on x86-64, by ptrace and seccomp.

System calls that change nothing run freely; all others stop at their entry and are looked at. What
a caller refuses ends the whole command before it happens.
"""

import ctypes
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

_TRACEME, _CONT, _SETOPTIONS, _GETEVENTMSG, _SYSCALL_INFO = 0, 7, 0x4200, 0x4201, 0x420E
_OPTIONS = 0x02 | 0x04 | 0x08 | 0x10 | 0x80 | 0x100000
"""Fork, vfork, clone, exec and seccomp are told; the tracees end with the tracer."""
_SECCOMP_EVENT = 7
_WALL = 0x40000000
_HARMLESS = (
    "0-1 3-17 19-26 28 32-40 51-52 56-58 60-61 63 72 78-81 89 95-100 102 104 107-112 115 118 "
    "120-121 124 127-128 130-131 137-138 140-148 157-158 186-187 191-196 202-204 213 217-218 "
    "221-226 228-234 253-255 262 267 269-271 273-277 281 283 286-287 289-294 302 309 318 326 "
    "332 334 435-436 439 441 449 "
)
"""Numbers of calls that read, wait, or touch nothing but the process itself."""
_ON_OPEN = 0x20
_PATHS = {
    number: (what, path, start)
    for what, path, start, numbers in (
        ("write", 0, None, (76, 85)),
        ("remove", 0, None, (84, 87)),
        ("remove", 1, 0, (263,)),
        ("rename", 0, None, (82,)),
        ("rename", 1, 0, (264, 316)),
        ("link", 1, None, (86, 88)),
        ("link", 2, 1, (266,)),
        ("link", 3, 2, (265,)),
        ("make", 0, None, (83, 133)),
        ("make", 1, 0, (258, 259)),
        ("change", 0, None, (90, 92, 94)),
        ("change", 1, 0, (260, 268, 452)),
        ("touch", 0, None, (132, 235)),
        ("touch", 1, 0, (261, 280)),
    )
    for number in numbers
}
"""What a call does, and which of its arguments are the path and the directory it starts at."""
_O_PATH = 0x200000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Event:
    """One thing that a command is about to do. `argv` belongs to an `exec`."""

    what: str
    path: str = ""
    argv: tuple[str, ...] = ()
    program: str = ""
    """Which program does it."""


@dataclass
class Record:
    events: list[Event] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why it was ended."""
    ended: bool = False
    """It ran for too long."""


Refusal = Callable[[Event], str | None]


def unavailable() -> str:
    """Why nothing can be recorded here; empty when it can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "commands are recorded on Linux on x86-64 alone"
    try:
        record = run(["/bin/true"], "/", {}, lambda event: None, 5.0)
    except OSError as error:
        return f"this machine lets nobody trace a process: {error}"
    return "" if record.events else "this machine lets nobody trace a process"


def run(
    argv: list[str],
    cwd: str,
    env: dict[str, str],
    refusal: Refusal,
    seconds: float,
    every_open: bool = False,
) -> Record:
    """Runs a command to its end, or until it is refused something or the time is over.

    Files that are opened to read are events only with `every_open`, which is slow. The calling
    process must have no other children.
    """
    child = os.fork()
    if child == 0:
        _become(argv, cwd, env, every_open)
    return _Tracer(child, refusal).follow(seconds)


def _become(argv: list[str], cwd: str, env: dict[str, str], every_open: bool) -> None:
    try:
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        os.closerange(3, 64)
        os.setsid()
        os.chdir(cwd)
        _LIBC.ptrace(_TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        _confine(every_open)
        os.execve(argv[0], argv, env)
    finally:
        os._exit(127)


def _confine(every_open: bool) -> None:
    """From here on every call that is not harmless stops."""
    numbers = [n for run in _HARMLESS.split() for n in _numbers(run)]
    code = struct.pack("HBBI", 0x20, 0, 0, 0)
    for number in numbers:
        code += struct.pack("HBBI", 0x15, 0, 1, number)
        code += struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    for number, flags in () if every_open else ((2, 24), (257, 32)):
        # An open that only reads: the flags are loaded, and the number again where they write.
        code += struct.pack("HBBI", 0x15, 0, 4, number)
        code += struct.pack("HBBI", 0x20, 0, 0, flags)
        code += struct.pack("HBBI", 0x45, 1, 0, _WRITING)
        code += struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
        code += struct.pack("HBBI", 0x20, 0, 0, 0)
    code += struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    _LIBC.prctl(38, 1, 0, 0, 0)
    if _LIBC.prctl(22, 2, ctypes.c_char_p(program), 0, 0) != 0:
        os._exit(126)


def _numbers(run: str) -> range:
    first, _, last = run.partition("-")
    return range(int(first), int(last or first) + 1)


class _Tracer:
    def __init__(self, child: int, refusal: Refusal) -> None:
        self.record = Record()
        self._child = child
        self._refusal = refusal
        self._alive = {child}
        self._programs: dict[int, str] = {}
        self._begun = False

    def follow(self, seconds: float) -> Record:
        os.waitpid(self._child, _WALL)
        _ptrace(_SETOPTIONS, self._child, _OPTIONS)
        before = signal.signal(signal.SIGALRM, self._too_long)
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
        try:
            _ptrace(_CONT, self._child, 0)
            while True:
                self._one(*os.waitpid(-1, _WALL))
        except ChildProcessError:
            pass
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return self.record

    def _too_long(self, number: int, frame: FrameType | None) -> None:
        self.record.ended = True
        self._end()

    def _end(self) -> None:
        for pid in list(self._alive):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                self._alive.discard(pid)

    def _one(self, pid: int, status: int) -> None:
        if not os.WIFSTOPPED(status):
            self._alive.discard(pid)
            return
        self._alive.add(pid)
        if self.record.refused or self.record.ended:
            # It was made while the others were ended.
            self._end()
            return
        given, event = os.WSTOPSIG(status), status >> 16
        try:
            if event == _SECCOMP_EVENT:
                self._seccomp(pid)
            _ptrace(_CONT, pid, 0 if event or given in (signal.SIGSTOP, signal.SIGTRAP) else given)
        except ProcessLookupError:
            return

    def _seccomp(self, pid: int) -> None:
        for event in self._events(pid):
            if not self._begun:
                self._begun = event.what == "exec"
                self.record.events.append(event)
                continue
            self.record.events.append(event)
            why = self._refusal(event)
            if why or len(self.record.events) > 400:
                self.record.refused += [why] if why else []
                self.record.ended |= not why
                self._end()

    def _events(self, pid: int) -> Iterator[Event]:
        number, arguments = _call(pid)
        program = _program(pid)
        if number in (2, 257, 437):
            yield self._opened(pid, number, arguments, program)
        elif number in (59, 322):
            path, argv = arguments[0], arguments[1]
            name = _text(pid, path) if number == 59 else _text(pid, arguments[1])
            yield Event("exec", name, _texts(pid, argv if number == 59 else arguments[2]), program)
        elif number in _PATHS:
            what, path, start = _PATHS[number]
            base = None if start is None else arguments[start]
            yield Event(what, _path(pid, base, _text(pid, arguments[path])), (), program)
        elif number == 62:
            signalled = ctypes.c_int(arguments[0]).value
            if abs(signalled) not in self._alive and signalled != 0:
                yield Event("kill", str(signalled), (), program)
        elif number in (41, 42):
            yield from _reached(pid, number, arguments, program)
        elif number not in (77, 91, 93, 74, 75, 285):
            yield Event(f"call {number}", "", (), program)

    def _opened(self, pid: int, number: int, arguments: list[int], program: str) -> Event:
        base, path, flags = None, arguments[0], arguments[1]
        if number != 2:
            base, path, flags = arguments[0], arguments[1], arguments[2]
        if number == 437:
            flags = struct.unpack("Q", _memory(pid, flags, 8))[0]
        what = "look" if flags & _O_PATH else "write" if flags & _WRITING else "read"
        return Event(what, _path(pid, base, _text(pid, path)), (), program)


def _reached(pid: int, number: int, arguments: list[int], program: str) -> Iterator[Event]:
    """Sockets; but for the one that asks who a user is."""
    if number == 41 and arguments[0] == 1:
        return
    if number == 42:
        address = _memory(pid, arguments[1], min(arguments[2], 110))
        if b"nscd" in address:
            return
    yield Event("connect", "", (), program)


_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
_LIBC.ptrace.restype = ctypes.c_long


def _ptrace(request: int, pid: int, data: int) -> None:
    if _LIBC.ptrace(request, pid, None, data) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _call(pid: int) -> tuple[int, list[int]]:
    """The number and the arguments of the call that a tracee is about to make."""
    info = ctypes.create_string_buffer(88)
    if _LIBC.ptrace(_SYSCALL_INFO, pid, ctypes.c_void_p(88), info) <= 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    number, *arguments = struct.unpack_from("7Q", info, 24)
    return number, arguments


def _memory(pid: int, address: int, size: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(size)


def _text(pid: int, address: int) -> str:
    found = b""
    while address and b"\0" not in found and len(found) < 70_000:
        # A page at a time: behind it there may be nothing.
        piece = _memory(pid, address + len(found), 4096 - (address + len(found)) % 4096)
        if not piece:
            break
        found += piece
    return os.fsdecode(found.partition(b"\0")[0])


def _texts(pid: int, address: int) -> tuple[str, ...]:
    found: list[str] = []
    while len(found) < 500:
        (pointer,) = struct.unpack("Q", _memory(pid, address + 8 * len(found), 8))
        if not pointer:
            break
        found.append(_text(pid, pointer))
    return tuple(found)


def _path(pid: int, base: int | None, path: str) -> str:
    """What is meant, links followed."""
    here = base is None or ctypes.c_int(base & 0xFFFFFFFF).value == -100
    try:
        start = os.readlink(f"/proc/{pid}/cwd" if here else f"/proc/{pid}/fd/{base}")
    except FileNotFoundError:
        # The descriptor is closed: the path is whole, or the call fails.
        return os.path.realpath(path) if os.path.isabs(path) else path
    return os.path.realpath(os.path.join(start, path))


def _program(pid: int) -> str:
    with open(f"/proc/{pid}/comm") as name:
        return name.read().strip()


class Opened:
    """Which of some directories, and the files in them, somebody opened since the last look: a
    command that is recorded, or any other process of the machine."""

    def __init__(self) -> None:
        self._inotify = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self._names: dict[int, str] = {}

    def watch(self, directory: str) -> None:
        number = _LIBC.inotify_add_watch(self._inotify, os.fsencode(directory), _ON_OPEN)
        self._names[number] = directory

    def look(self) -> list[str]:
        found = []
        try:
            told = os.read(self._inotify, 65536)
        except BlockingIOError:
            return []
        while told:
            number, _, _, size = struct.unpack_from("iIII", told)
            name = os.fsdecode(told[16 : 16 + size].rstrip(b"\0"))
            found.append(os.path.join(self._names.get(number, ""), name).rstrip("/"))
            told = told[16 + size :]
        return found

    def close(self) -> None:
        os.close(self._inotify)
