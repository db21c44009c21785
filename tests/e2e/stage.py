"""Owns the daemon that the tests of one module share, and the places of each of them.

A daemon takes longer to start and to end than most of what is asked of it. Each test finds one
without chats. What is the user's and no chat's, such as settings and the record of decisions, a
test of such a module may not rely on, and puts back what it has changed.
"""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claudette_cli.client.connection import Connection
from claudetted.protocol import places
from tests.daemon.world import Home, made_home
from tests.fakes.gates import Gates
from tests.support.commands import Commands
from tests.support.daemon import RunningDaemon

OF_A_TEST = ("agent", "codex", "harness")
"""What programs find at a place of the stage, and is another thing for each test."""


class Stage:
    """One daemon of a module, and where it lives."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.daemon = RunningDaemon(home.root / "daemon.txt")

    def running(self) -> RunningDaemon:
        """Once somebody answers; a command may have started a daemon, too."""
        if not _answers():
            self.daemon.start()
        self.daemon.ready = {"socket": str(places.socket_path())}
        return self.daemon

    def place(self, name: str) -> Path:
        """One of OF_A_TEST, as the daemon knows it."""
        return self._home.root / name

    @contextmanager
    def test(self, root: Path) -> Iterator[Home]:
        """The places of one test; its processes are those of the stage. What it leaves is ended."""
        for name in OF_A_TEST:
            # At once: an agent that still starts would make a directory where nothing is.
            link = root / f"{name}.link"
            link.symlink_to(root / name)
            link.replace(self.place(name))
        for name in ("data", "home"):
            (root / name).symlink_to(self.place(name))
        with Gates() as gates:
            try:
                yield Home(root, self._home.runtime, gates)
            finally:
                self._clear()

    def _clear(self) -> None:
        if not _answers():
            self._home.end_keeper()
            shutil.rmtree(self.place("data"), ignore_errors=True)
            return
        with Connection(str(places.socket_path()), "test") as client:
            for archived in (False, True):
                listed = client.request("chat/list", {"archived": archived, "limit": 200})
                for chat in listed.get("chats", []):
                    client.request("chat/delete", {"chatId": chat["id"]})


@contextmanager
def made_stage(root: Path, **env: str) -> Iterator[Stage]:
    """With more in the environment of its daemon."""
    with pytest.MonkeyPatch.context() as patch, made_home(root, patch) as home:
        for name, value in env.items():
            patch.setenv(name, value)
        stage = Stage(home)
        yield stage
        if stage.daemon.alive:
            stage.daemon.kill9()
        elif _answers():  # a command has started it
            Commands(root).run("shutdown", "--agents")


def _answers() -> bool:
    with socket.socket(socket.AF_UNIX) as peer:
        return peer.connect_ex(str(places.socket_path())) == 0
