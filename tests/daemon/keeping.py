"""Owns the keeper of a test: how it ends, and how the next test of the process may have it too.

A start of a keeper is a good part of what a small test takes. A user's keeper outlives daemons as
well, so it stays for the next one where nothing is left that it started; else it ends.
"""

import os
import select
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from claudetted.sidecar.keeper import frames
from claudetted.sidecar.keeper.connection import peer_of
from tests.daemon.client import PATIENCE

_DOOR = ("keeper.sock", "keeper.sock.lock")
_ROUNDS = 20
"""How often it is asked to have buried what it has killed, before it is ended instead."""


class Runtime:
    """A runtime directory: of one test, or of the tests of one process, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keeper = 0
        """The pid of the keeper that waits here for the next test; 0 for none."""

    def clear(self) -> None:
        """What the last test left is gone, but for the keeper's door."""
        # A test may have given it away.
        os.chown(self.path, os.getuid(), os.getgid())
        self.path.chmod(0o700)
        for left in self.path.iterdir():
            if self.keeper and left.name in _DOOR:
                continue
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


@contextmanager
def made_runtime() -> Iterator[Runtime]:
    # Short, so that socket paths are.
    with tempfile.TemporaryDirectory(prefix="cd-") as made:
        yield Runtime(Path(made))


@contextmanager
def shared_runtime() -> Iterator[Runtime]:
    """For the tests of this process. Its keeper ends with the last."""
    with made_runtime() as runtime:
        yield runtime
        if runtime.keeper:
            end(runtime.path / "keeper.sock")
            wait_for(runtime.keeper)


def end(path: Path) -> None:
    """Ends the keeper of a socket with every sidecar; returns when it has hung up."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(PATIENCE)
        with suppress(FileNotFoundError, ConnectionError):
            peer.connect(os.fspath(path))
            peer.sendall(_HELLO + frames.frame(frames.SHUTDOWN) * 2)
            while peer.recv(64 * 1024):
                pass


def emptied(path: Path) -> int:
    """Ends every sidecar of a keeper. Its pid, if nothing is left then that it started; else 0."""
    if sys.platform != "linux":
        return 0
    with socket.socket(socket.AF_UNIX) as peer, suppress(FileNotFoundError, ConnectionError):
        peer.settimeout(PATIENCE)
        peer.connect(os.fspath(path))
        return _emptied(peer)
    return 0


def _emptied(peer: socket.socket) -> int:
    keeper, _ = peer_of(peer)
    for name, pid in _running(peer):
        peer.sendall(frames.frame(frames.FORGET, name))
        wait_for(pid)
    for _ in range(_ROUNDS):
        if not _children(keeper):
            return keeper
        _running(peer)
    return 0


_HELLO = frames.frame(frames.HELLO, n=frames.GENERATION)


def _running(peer: socket.socket) -> list[tuple[bytes, int]]:
    """Name and pid of each sidecar of the keeper."""
    peer.sendall(_HELLO)
    inbox = bytearray()
    found = []
    while data := peer.recv(64 * 1024):
        inbox += data
        for kind, name, _, body in frames.take_frames(inbox):
            if kind == frames.RUNNING:
                found.append((name, frames.RUNNING_BODY.unpack(body)[2]))
            elif kind == frames.READY:
                return found
    raise ConnectionError("The keeper hung up.")


def _children(pid: int) -> str:
    """The pids of a process's children, zombies included; more than none where none can tell."""
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except FileNotFoundError:
        return "?"


def wait_for(pid: int) -> None:
    """Until a process has ended."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        select.select([descriptor], [], [], PATIENCE)
        os.close(descriptor)
