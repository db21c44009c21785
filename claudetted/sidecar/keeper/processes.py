"""Owns how processes are started, found and signalled.

Linux finds descendants that left group, session and parent by the keeper being their reaper and
by a mark in their environment. Elsewhere there is the process group alone.
"""

import contextlib
import ctypes
import os
import signal
import sys

from claudetted.sidecar.keeper.marking import mark

LINUX = sys.platform.startswith("linux")
_LIBC = ctypes.CDLL(None, use_errno=True)
_PIECE = 64 * 1024
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36

HANDLED = (
    signal.SIGCHLD,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGPIPE,
    signal.SIGXFSZ,
)
"""Signals that the keeper, or Python, treats in a way that no sidecar should inherit."""

Table = dict[int, tuple[int, int, int]]
"""Processes that are not zombies: pid -> (parent, session, start time)."""
Tree = set[tuple[int, int]]
"""Processes as (pid, start time), so that a pid used again is not taken for the old one."""


def become_reaper() -> None:
    """Makes every descendant that loses its parent a child of this process."""
    if LINUX:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def seclude() -> None:
    """Closes our descriptors to other processes of the user: what an agent runs would open the
    pipes of sidecars there, and answer for the user. What we start is not closed by this."""
    if LINUX:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def processes() -> Table:
    table: Table = {}
    for pid in _pids():
        with contextlib.suppress(OSError):
            state, *entry = _status(pid)
            if state != b"Z":
                table[pid] = (entry[0], entry[1], entry[2])
    return table


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()] if LINUX else []


def _status(pid: int) -> tuple[bytes, int, int, int]:
    """State, parent, session, start time."""
    state, parent, *rest = _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
    return state, int(parent), int(rest[1]), int(rest[17])


def started(pid: int) -> int | None:
    """When it was; None where there is no such process, or no telling."""
    with contextlib.suppress(OSError):
        return _status(pid)[3] if LINUX else None
    return None


def _read(path: str) -> bytes:
    """All of a file of /proc, in three system calls: a file object makes twice as many, and
    every process of the machine is looked at."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        data = piece = os.read(descriptor, _PIECE)
        while len(piece) == _PIECE:
            piece = os.read(descriptor, _PIECE)
            data += piece
        return data
    finally:
        os.close(descriptor)


def descendants(table: Table, roots: set[int]) -> Tree:
    """What is below `roots`, without them."""
    children: dict[int, list[int]] = {}
    for pid, (parent, _, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found: Tree = set()
    waiting = list(roots)
    while waiting:
        for pid in children.get(waiting.pop(), []):
            if (pid, table[pid][2]) not in found:
                found.add((pid, table[pid][2]))
                waiting.append(pid)
    return found


def below(pid: int) -> Tree:
    return descendants(processes(), {pid})


def living(tree: Tree, *marks: bytes) -> Tree:
    """What lives of `tree`, of those that carry all `marks`, and of all below them; never
    ourselves."""
    marked = _marked(marks) if marks else set()
    if not tree and not marked:
        return set()
    table = processes()
    roots = {pid for pid, start in tree if pid in table and table[pid][2] == start}
    return _with_descendants(table, roots | marked & table.keys())


def is_childless() -> bool:
    """Whether nothing is left that we started: as a reaper, we would be its parent or have it
    below a child of ours. The kernel says so at once, without a look at every process."""
    if not LINUX:
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def left_by(leader: int) -> Tree:
    """What an ended session leader of ours left in its session, and all below."""
    if is_childless():
        return set()
    table = processes()
    ours = {pid for pid, _ in descendants(table, {os.getpid()})}
    return _with_descendants(table, {pid for pid in ours if table[pid][1] == leader})


def is_below_us(pid: int) -> bool:
    """Whether we started the process, or one of ours did. One that is gone counts as such."""
    if not LINUX:
        return False
    above = _above(pid)
    # One that ends meanwhile leaves what it has started to another.
    while above != (now := _above(pid)):
        above = now
    return not above or os.getpid() in above


def _above(pid: int) -> list[int]:
    """Its parents, up to us or as far as we are shown them; none of one that has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        while pid and pid != os.getpid():
            state, pid, _, _ = _status(pid)
            if state == b"Z":
                break
            found.append(pid)
    return found


def _with_descendants(table: Table, roots: set[int]) -> Tree:
    found = {(pid, table[pid][2]) for pid in roots} | descendants(table, roots)
    return {one for one in found if one[0] != os.getpid()}


def _marked(marks: tuple[bytes, ...]) -> set[int]:
    found = set()
    entries = [b"\0%b\0" % mark for mark in marks]
    for pid in _pids():
        with contextlib.suppress(OSError):
            environment = b"\0%b\0" % _read(f"/proc/{pid}/environ")
            if all(entry in environment for entry in entries):
                found.add(pid)
    return found


def signal_all(tree: Tree, number: int) -> None:
    for pid, _ in tree:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def signal_group(pid: int, number: int) -> None:
    # PermissionError: macOS says so of a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def reap() -> tuple[int, int] | None:
    """Pid and exit code (negative: signal) of a child that ended, adopted ones included."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def spawn(body: bytes, marks: list[bytes]) -> tuple[int, tuple[int, int, int, int]]:
    """Forks as a START asks, and marks the environment. Returns the pid and our ends of stdin,
    stdout, stderr and launch.

    The launch pipe ends empty once the program runs, else it tells errno and what failed.
    """
    umask, cwd, argc, *words = body.split(b"\0")
    argv = words[: int(argc)]
    variables = [word for word in words[int(argc) :] if b"=" in word] + marks
    env = dict(variable.split(b"=", 1) for variable in variables)
    pipes: list[int] = []
    try:
        for _ in range(4):
            pipes += os.pipe()
        pid = _fork()
    except OSError:
        for fd in pipes:
            os.close(fd)
        raise
    stdin, our_in, our_out, stdout, our_err, stderr, launch, report = pipes
    if pid == 0:
        _become(argv, env, cwd, int(umask, 8), (stdin, stdout, stderr), report)
    for fd in (stdin, stdout, stderr, report):
        os.close(fd)
    for fd in (our_in, our_out, our_err):
        os.set_blocking(fd, False)
    return pid, (our_in, our_out, our_err, launch)


def _fork() -> int:
    """Forks a child that has default signals, and dies with us.

    No signal may reach the child while it has our handlers: they would tell us of it.
    """
    parent = os.getpid()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for number in HANDLED:
                signal.signal(number, signal.SIG_DFL)
            if LINUX:
                _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(127)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _become(
    argv: list[bytes],
    env: dict[bytes, bytes],
    cwd: bytes,
    umask: int,
    standard: tuple[int, int, int],
    report: int,
) -> None:
    """The forked child: turns into the program, or reports and ends. Every other descriptor is
    closed by exec, because Python opens them so."""
    step = b"start"
    try:
        mark()
        os.setsid()
        for fd, ours in enumerate(standard):
            os.dup2(ours, fd)
        os.umask(umask)
        step = cwd
        os.chdir(cwd)
        step = argv[0]
        os.execvpe(argv[0], argv, env)
    except OSError as fault:
        os.write(report, b"%d\0%b" % (fault.errno or 0, step))
    finally:
        os._exit(127)
