"""Owns commands that a person runs in the workspace from inside of a chat: `!make test`.

They are the person's own: nobody is asked, and they run as in the shell that the chat was opened
from. What came of them goes with the next message.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading

from claudette_cli.attach import job

MOST = 30_000
"""Characters of an output that go into a message: of a longer one its end."""


class Shell:
    """Runs one command at a time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._ran: list[str] = []

    def run(self, command: str, workspace: str, *, tell: bool) -> str:
        """What it printed, and how it ended; kept for the next message if it is to be told."""
        shell = os.environ.get("SHELL") or "/bin/sh"
        try:
            words = [shell, "-c", command]
            with job.start(words, cwd=workspace, errors=subprocess.STDOUT, session=True) as running:
                with self._lock:
                    self._running = running
                printed, _ = running.communicate()
            ended = _ended(running.returncode)
        except OSError as fault:
            printed, ended = b"", f"could not be run: {fault.strerror}"
        finally:
            with self._lock:
                self._running = None
        output = printed.decode(errors="replace").rstrip("\n")
        if tell:
            with self._lock:
                self._ran.append(told(command, workspace, output, ended))
        return f"{output}\n({ended})" if output else f"({ended})"

    def stop(self) -> bool:
        """Ends what runs, with what it started. Whether something ran."""
        with self._lock:
            if self._running is None:
                return False
            os.killpg(self._running.pid, signal.SIGTERM)
            return True

    def with_what_ran(self, text: str) -> str:
        """The message with the commands that were run since the last one in front."""
        with self._lock:
            ran, self._ran = self._ran, []
        return "\n\n".join([*ran, text])


def told(command: str, workspace: str, output: str, ended: str) -> str:
    """One command and its output, for an agent to read. Pure."""
    cut = (
        f"[the first {len(output) - MOST} characters are left out]\n" if len(output) > MOST else ""
    )
    fence = "```"
    while fence in output:
        fence += "`"
    shown = f"{cut}{output[-MOST:]}"
    return f"I ran `{command}` in {workspace} ({ended}):\n{fence}\n{shown}\n{fence}"


def _ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
