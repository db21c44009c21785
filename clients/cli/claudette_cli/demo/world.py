"""Owns the demo's own world: its directories, its little program, its processes. All of it goes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from claudette_cli.client import finding
from claudette_cli.commands.daemon import shutdown
from claudette_cli.exits import Disconnected, Failure
from claudette_cli.terminal import ending
from claudetted.protocol import places

PROVIDER = "demo"
MODEL = "scripted"
GONE_SECONDS = 15.0
_PAUSE = 0.05
_NOBODY = (
    *("-c", "user.name=demo", "-c", "user.email=demo@localhost"),
    *("-c", "commit.gpgsign=false"),
)

PROGRAM = '''def average(numbers):
    """The mean of some numbers; 0.0 when there are none."""
    return sum(numbers) / len(numbers)
'''
TESTS = """import unittest

from average import average


class TestAverage(unittest.TestCase):
    def test_some_numbers(self):
        self.assertEqual(average([1, 2, 3]), 2.0)

    def test_no_numbers(self):
        self.assertEqual(average([]), 0.0)


if __name__ == "__main__":
    unittest.main()
"""


class World:
    """A context: inside it every path of ours lies in one temporary directory."""

    def __init__(self, model_url: str) -> None:
        self._model_url = model_url
        self._before = dict(os.environ)
        self._processes: set[int] = set()
        self.root = Path()

    @property
    def project(self) -> Path:
        return self.root / "average"

    def __enter__(self) -> World:
        try:
            with ending.held():
                self._make_root()
            self._write_agent()
            self._write_project()
        except BaseException:
            # Without a directory of its own every path is still the person's.
            if self.root != Path():
                self.__exit__()
            raise
        return self

    def _make_root(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="claudette-demo-")).resolve()
        os.environ |= {
            "CLAUDETTED_DATA_DIR": str(self.root / "data"),
            "CLAUDETTED_RUNTIME_DIR": str(self.root / "run"),
            "PI_CODING_AGENT_DIR": str(self.root / "agent"),
            # The tests are run with the Python that runs this.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def __exit__(self, *_: object) -> None:
        """Also after a signal, and whatever the daemon was doing: starting, or dead."""
        with ending.held():
            try:
                left = self._ended_processes()
            finally:
                short = places.runtime_dir()
                os.environ.clear()
                os.environ.update(self._before)
                shutil.rmtree(self.root, ignore_errors=True)
                shutil.rmtree(short, ignore_errors=True)
        if left:
            raise Failure(f"The demo left processes behind: {', '.join(map(str, sorted(left)))}")

    @property
    def fixed(self) -> bool:
        return (self.project / "average.py").read_text() != PROGRAM

    def note_processes(self) -> None:
        """Remembers what runs now, to be sure in the end that it is gone."""
        connection = finding.running()
        if connection is None:
            return
        with connection:
            status = connection.request("daemon/status")
            self._processes |= {status["pid"], status.get("keeperPid") or 0} - {0}
            for chat in connection.request("chat/list").get("chats", []):
                told = connection.request("event/subscribe", {"chatId": chat["id"]})
                sidecar = told["snapshot"].get("sidecar") or {}
                self._processes |= {sidecar.get("pid") or 0} - {0}

    def kill_daemon(self) -> None:
        """As hard as it goes."""
        self.note_processes()
        told = finding.told_of_itself()
        if told is None:
            raise Failure("The demo's daemon is gone before it was killed; see its log.")
        os.kill(int(told["pid"]), 9)
        _await_gone({int(told["pid"])})

    def _ended_processes(self) -> set[int]:
        """Those that run although all were asked to end, and then killed."""
        deadline = time.monotonic() + GONE_SECONDS
        with contextlib.suppress(Failure, Disconnected):
            self.note_processes()
            shutdown(agents=True)
        while (left := self._running()) and time.monotonic() < deadline:
            # A daemon that was only starting could not be asked before.
            with contextlib.suppress(Failure, Disconnected):
                shutdown(agents=True)
            time.sleep(_PAUSE)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return _await_gone(left)

    def _running(self) -> set[int]:
        known = self._processes | _marked(str(self.root))
        return {pid for pid in known if finding.alive(pid)}

    def _write_agent(self) -> None:
        """The agent's own configuration: one provider, which is the scripted model."""
        model = {"id": MODEL, "name": "Scripted model", "contextWindow": 32000, "reasoning": True}
        provider = {
            "baseUrl": self._model_url,
            "api": "openai-completions",
            "apiKey": "none-needed",
            "models": [model],
        }
        directory = self.root / "agent"
        directory.mkdir(mode=0o700)
        (directory / "models.json").write_text(json.dumps({"providers": {PROVIDER: provider}}))

    def _write_project(self) -> None:
        self.project.mkdir()
        (self.project / "average.py").write_text(PROGRAM)
        (self.project / "test_average.py").write_text(TESTS)
        for command in (
            ["git", "init", "--quiet"],
            ["git", "add", "."],
            # Nothing of the user's own configuration of git is needed, or used.
            ["git", *_NOBODY, "commit", "--quiet", "--message", "A failing test"],
        ):
            try:
                subprocess.run(command, cwd=self.project, check=True, capture_output=True)
            except FileNotFoundError:
                raise Failure("The demo needs git on PATH; install it and try again.") from None
            except subprocess.CalledProcessError as failed:
                said = failed.stderr.decode(errors="replace").strip()
                raise Failure(f"git could not make the demo's repository: {said}") from None


def _await_gone(pids: set[int]) -> set[int]:
    """The processes that still run after a while."""
    deadline = time.monotonic() + GONE_SECONDS
    while (left := {pid for pid in pids if finding.alive(pid)}) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return left


def _marked(root: str) -> set[int]:
    """Processes whose environment names our directory, where the system tells it."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/environ"):
        pid = int(entry.parent.name)
        try:
            named = root.encode() in entry.read_bytes()
        except OSError:
            continue  # not ours, or gone meanwhile
        if named and pid != os.getpid():
            found.add(pid)
    return found
