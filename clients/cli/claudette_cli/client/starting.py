"""Owns starting the daemon when none runs, so that two first clients start one daemon."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from claudette_cli.client import finding
from claudette_cli.client.connection import Connection
from claudette_cli.exits import NO_DAEMON, Failure
from claudette_cli.terminal.output import errors
from claudetted.protocol import places

READY_SECONDS = 60.0
"""A cold disk is slow; a daemon that says nothing for this long is broken."""

_PAUSE = 0.02


def start() -> Connection:
    """A connection to a daemon: the one another client just started, or a new one."""
    if os.environ.get("CLAUDETTED_CHAT"):
        raise Failure(
            "No daemon runs, and a command of an agent cannot start one: it would end with the "
            "agent. Run claudette outside of the chat.",
            NO_DAEMON,
        )
    if unnameable := places.unnameable():
        raise Failure(unnameable, NO_DAEMON)
    data = places.data_dir()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        guard = os.open(data / "claudetted.starting", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failure(
            f"The data directory {data} cannot be used ({error.strerror}); "
            "make it yours, or set CLAUDETTED_DATA_DIR.",
            NO_DAEMON,
        ) from error
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        return finding.running() or _from_service() or _spawn(data / "claudetted.output")
    finally:
        os.close(guard)


def wait_gone(pid: int, seconds: float) -> bool:
    """Whether the daemon's process ends in time. It is not our child, so this has to look."""
    deadline = time.monotonic() + seconds
    while finding.alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _from_service() -> Connection | None:
    """The daemon of an installed service, so that both ways end in the same place. None where
    there is no service, or its manager cannot start it: then a daemon of our own is better than
    none, and says itself what is wrong."""
    if os.environ.get("CLAUDETTED_DATA_DIR") or os.environ.get("CLAUDETTED_RUNTIME_DIR"):
        return None
    from claudette_cli.service import systemd

    if sys.platform == "darwin" or not systemd.installed():
        return None
    try:
        systemd.control("start", systemd.DAEMON)
    except Failure as failure:
        errors().say(f"claudette: {failure.message}")
        return None
    return finding.running()


def _spawn(printed: Path) -> Connection:
    """What the daemon prints goes to a file, for the case that it cannot even log."""
    reader, writer = os.pipe()
    try:
        try:
            _launch(writer, printed)
        finally:
            os.close(writer)
        said = _ready_line(reader)
    finally:
        os.close(reader)
    # Also when it failed: perhaps because a service manager's daemon came first.
    connection = finding.running()
    if connection is not None:
        return connection
    raise Failure(
        f"The daemon did not start: {_why_not(said, printed)} Its log is in {places.log_dir()}",
        NO_DAEMON,
    )


def _why_not(said: str, printed: Path) -> str:
    """One sentence from what the daemon said before it ended, if anything."""
    if not said:
        last = printed.read_text(errors="replace").strip().rpartition("\n")[2]
        return f"{last}." if last else "it ended without a word."
    try:
        told = json.loads(said)
    except ValueError:
        return said
    if error := str(told.get("error", "")):
        return error if error.endswith(".") else f"{error}."
    return f"it is ready, but {places.lock_path()} names no socket that answers."


def _launch(ready_fd: int, printed: Path) -> None:
    """Detached on purpose: the daemon outlives this command and its terminal, and is no child
    of ours, so that it never becomes our zombie."""
    daemon = [sys.executable, "-m", "claudetted", "--ready-fd", str(ready_fd)]
    fork = "import os, sys\nif os.fork() == 0: os.execv(sys.argv[1], sys.argv[1:])"
    with open(printed, "wb", opener=partial(os.open, mode=0o600)) as output:
        subprocess.run(
            [sys.executable, "-ISc", fork, *daemon],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(ready_fd,),
            start_new_session=True,
            cwd="/",
            check=True,
        )


def _ready_line(reader: int) -> str:
    """What the daemon says when it is ready, or one sentence about why it will never be."""
    deadline = time.monotonic() + READY_SECONDS
    said = b""
    while b"\n" not in said:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise Failure(
                f"The daemon was not ready within {READY_SECONDS:.0f} s; "
                f"its log is in {places.log_dir()}",
                NO_DAEMON,
            )
        piece = os.read(reader, 4096)
        if not piece:
            break
        said += piece
    return said.decode(errors="replace").strip()
