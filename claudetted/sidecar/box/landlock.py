"""Confines a command by Landlock and seccomp, where there are no namespaces.

Started by the words of `words`, `... [--network] [--hidden PATH]... -- COMMAND...`, it restricts
itself and becomes the command. Landlock only knows what is allowed, for a directory with all that
is below it. So nothing can be made, removed or renamed in a directory that holds something hidden
or readonly, and the names of what is hidden can be listed. Sockets to other programs of the machine
are closed altogether.

Every command waits for its start: it is imported, because a file that is run is compiled each time,
and imports no more of the standard library than it must.
"""

import ctypes
import os
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudetted.protocol.permissions import Confinement

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FIRST = (1 << 13) - 1
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_SCOPED = 3
"""Abstract Unix sockets and signals of processes outside."""
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm")

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_KEPT_CAPABILITIES = 0b11011
"""CHOWN, DAC_OVERRIDE, FOWNER, FSETID: what `bubblewrap.py` leaves to root, too."""
# Per machine: the architecture as seccomp names it, socket, io_uring_setup, capset.
_MACHINES = {"x86_64": (0xC000003E, 41, 425, 126), "aarch64": (0xC00000B7, 198, 425, 91)}
_MACHINE = os.uname().machine
_UNIX = 1
_FAILED = 126

_START = "import sys; sys.path.append(sys.argv.pop(1)); import landlock; landlock.main()"

_libc = ctypes.CDLL(None, use_errno=True)


class CannotConfine(Exception):
    """The kernel does not do what it takes; the message says what."""


class Held:
    """What a command is held to; the fields are those of a `Confinement`."""

    def __init__(self) -> None:
        self.hidden: list[str] = []
        self.shown: list[str] = []
        self.readonly: list[str] = []
        self.writable: list[str] = []
        self.network = False


def words(python: str, directory: str, held: "Confinement") -> list[str]:
    """The command line up to the command. `directory` is where this file lies."""
    line = [python, "-I", "-S", "-c", _START, directory, *(["--network"] if held.network else [])]
    everywhere = ["/"] if held.writable is None else held.writable
    for name, paths in (
        ("--hidden", held.hidden),
        ("--shown", held.shown),
        ("--readonly", held.readonly),
        ("--writable", everywhere),
    ):
        for path in paths:
            line += [name, path]
    return [*line, "--"]


def read(options: list[str]) -> Held:
    """What `words` has written."""
    held, rest = Held(), iter(options)
    for option in rest:
        if option == "--network":
            held.network = True
        else:
            getattr(held, option[2:]).append(next(rest))
    return held


def main() -> None:
    separator = sys.argv.index("--")
    command = sys.argv[separator + 1 :]
    try:
        confine(read(sys.argv[1:separator]))
    except (CannotConfine, OSError) as fault:
        sys.stderr.write(f"claudetted: the command cannot be confined: {fault}\n")
        sys.exit(_FAILED)
    try:
        os.execvp(command[0], command)
    except OSError as fault:
        sys.stderr.write(f"claudetted: {command[0]}: {fault.strerror}\n")
        sys.exit(127 if isinstance(fault, FileNotFoundError) else 126)


def confine(held: Held) -> None:
    """Restricts this process, and whatever it starts, for good."""
    if _MACHINE not in _MACHINES:
        raise CannotConfine(f"it is not known how on {_MACHINE}")
    ruleset = _Ruleset()
    _grant_all(ruleset, held)
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _drop_capabilities()
    ruleset.restrict()
    _close_sockets(held.network)


class _Ruleset:
    def __init__(self) -> None:
        abi = _libc.syscall(_CREATE, None, 0, 1)
        if abi < 1:
            raise CannotConfine("this kernel has no Landlock, or it is switched off")
        self.handled = _FIRST
        for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
            if abi >= since:
                self.handled |= right
        words = (self.handled, 0, _SCOPED if abi >= 6 else 0)
        attributes = struct.pack("QQQ", *words)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
        self._fd = _checked(_libc.syscall(_CREATE, attributes, len(attributes), 0), "Landlock")

    def allow(self, path: str, rights: int) -> None:
        """Below a directory, or for a file; nothing where there is none."""
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return
        if not os.path.isdir(f"/proc/self/fd/{fd}"):
            rights &= _FILE | _TRUNCATE | _IOCTL_DEV
        rule = struct.pack("=Qi", rights & self.handled, fd)
        done = _libc.syscall(_ADD, self._fd, 1, rule, 0)
        os.close(fd)
        _checked(done, path)

    def restrict(self) -> None:
        _checked(_libc.syscall(_RESTRICT, self._fd, 0), "Landlock")
        os.close(self._fd)


def _grant_all(ruleset: _Ruleset, held: Held) -> None:
    ruleset.allow("/", _READ_DIR)
    _grant(ruleset, "/", _READ, held.hidden)
    for root in held.writable:
        _grant(ruleset, root, ruleset.handled, [*held.hidden, *held.readonly])
    for path in held.shown:
        inside = any(path == root or _below(path, root) for root in held.writable)
        deeper = [other for other in held.hidden if _below(other, path)]
        _grant(ruleset, path, ruleset.handled if inside else _READ, deeper)
    for device in _DEVICES:
        ruleset.allow(f"/dev/{device}", ruleset.handled)


def _grant(ruleset: _Ruleset, path: str, rights: int, holes: list[str]) -> None:
    """All below the path but for the holes."""
    inside = [hole for hole in holes if _below(hole, path)]
    if any(path == hole or _below(path, hole) for hole in holes):
        return
    if not inside:
        ruleset.allow(path, rights)
        return
    for name in os.listdir(path):
        _grant(ruleset, os.path.join(path, name), rights, inside)


def _below(path: str, top: str) -> bool:
    return path.startswith(top.rstrip("/") + "/")


def _drop_capabilities() -> None:
    *_, capset = _MACHINES[_MACHINE]
    get = {"x86_64": 125, "aarch64": 90}[_MACHINE]
    header, data = struct.pack("Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    _checked(_libc.syscall(get, header, data), "capabilities")
    low = [word & _KEPT_CAPABILITIES for word in struct.unpack("6I", data.raw)[:3]]
    _checked(_libc.syscall(capset, header, struct.pack("6I", *low, 0, 0, 0)), "capabilities")


def _close_sockets(network: bool) -> None:
    """New sockets to programs of this machine, and without network all others."""
    architecture, socket, io_uring, _ = _MACHINES[_MACHINE]
    load, equal, at_least, done = 0x20, 0x15, 0x35, 0x06
    allow, refuse = (done, 0, 0, 0x7FFF0000), (done, 0, 0, 0x00050001)
    family = [(equal, 1, 0, _UNIX), allow, refuse] if network else [refuse]
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, architecture),
        refuse,
        (load, 0, 0, 0),
        (at_least, 0, 1, 0x40000000),  # Another numbering of the same calls.
        refuse,
        (equal, 0, 1, io_uring),
        refuse,
        (equal, 1, 0, socket),
        allow,
        (load, 0, 0, 16),
        *family,
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    held = ctypes.create_string_buffer(code)
    described = struct.pack("HxxxxxxP", len(program), ctypes.addressof(held))
    _checked(_libc.prctl(_SECCOMP, _FILTER, described, 0, 0), "seccomp")


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise CannotConfine(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
