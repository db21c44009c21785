"""Owns the running of commands: real ones, each in a process group of its own."""

from __future__ import annotations

import os
import threading
import time

from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.stopping import Stop

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    import subprocess
    from collections.abc import Callable
else:
    import _signal as signal

GRACE_SECONDS = 0.4
TICK_SECONDS = 0.01


class Groups:
    """The process groups that still have somebody in them."""

    def __init__(self, out: Outlet) -> None:
        self._out = out
        self._alive: set[int] = set()
        self._lock = threading.RLock()  # A signal may come while its thread has it.

    def started(self, pgid: int, item: str) -> None:
        self._alive.add(pgid)
        self._out.send("group", pgid=pgid, item=item)

    def leader_exited(self, pgid: int) -> None:
        """What a command left in the background keeps its group open."""
        if _anybody_in(pgid):
            threading.Thread(target=self._watch, args=(pgid,), daemon=True).start()
        else:
            self._gone(pgid)

    def end(self, pgid: int) -> None:
        """Asks the group to end, then ends it."""
        _signal(pgid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while _anybody_in(pgid) and time.monotonic() < deadline:
            time.sleep(TICK_SECONDS)
        _signal(pgid, signal.SIGKILL)

    def end_all(self) -> None:
        for pgid in list(self._alive):
            self.end(pgid)
            self._gone(pgid)

    def _watch(self, pgid: int) -> None:
        while _anybody_in(pgid):
            time.sleep(TICK_SECONDS)
        self._gone(pgid)

    def _gone(self, pgid: int) -> None:
        with self._lock:
            known = pgid in self._alive
            self._alive.discard(pgid)
        if known:
            self._out.send("group.end", pgid=pgid)


def run(
    command: str,
    cwd: str,
    temp_dir: str,
    item: str,
    groups: Groups,
    stop: Stop,
    on_output: Callable[[str], None],
) -> int:
    """Runs until the command exits, whatever it leaves behind. The exit code as a shell says it."""
    import subprocess

    path = os.path.join(temp_dir, f"output-{item}")
    output = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        os.unlink(path)
        with subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process:
            try:
                groups.started(process.pid, item)
                with stop.waking(lambda: groups.end(process.pid)):
                    _follow(process, output, on_output)
            except OSError:  # Nobody listens any more: it would be waited for until its own end.
                groups.end(process.pid)
                raise
            groups.leader_exited(process.pid)
        return process.returncode if process.returncode >= 0 else 128 - process.returncode
    finally:
        os.close(output)


def _follow(process: subprocess.Popen[bytes], output: int, told: Callable[[str], None]) -> None:
    exited = threading.Event()

    def wait() -> None:
        process.wait()
        exited.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    position = 0
    over = False
    while not over:
        over = exited.wait(TICK_SECONDS)
        data = os.pread(output, 64 * 1024, position)
        while data:
            position += len(data)
            told(data.decode(errors="replace"))
            data = os.pread(output, 64 * 1024, position) if over else b""
    waiter.join()


def _anybody_in(pgid: int) -> bool:
    return _signal(pgid, 0)


def _signal(pgid: int, number: int) -> bool:
    """False when nobody is left in the group."""
    try:
        os.killpg(pgid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
