"""Owns how the daemon runs programs of the user's: with an agent's rights, who may have written
them; and asking one for a few words, without input, for a limited time and length."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

import trio

from claudetted.sidecar import asked
from claudetted.sidecar.keeper import marking

MOST_BYTES = 1024 * 1024


class Said(NamedTuple):
    """What a program printed, and its exit code: none where it was ended before it was done."""

    out: bytes
    code: int | None


def marked(argv: list[str], env: Mapping[str, str]) -> list[str]:
    """The words that run the program with the mark of an agent's processes, where there is one.

    Raises FileNotFoundError when there is no such program on its PATH.
    """
    program = shutil.which(argv[0], path=env.get("PATH", os.defpath))
    if program is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
    if not marking.LINUX:
        return argv
    return [sys.executable, "-I", "-S", marking.__file__, program, *argv[1:]]


async def said_by(argv: list[str], env: Mapping[str, str], patience: float) -> bytes:
    """What the program prints until it ends, as `ran` has it."""
    return (await ran(argv, env, patience)).out


async def ran(argv: list[str], env: Mapping[str, str], patience: float) -> Said:
    """What the program prints until it ends, and how it does. Raises OSError when it cannot be
    started.

    One that takes too long or says too much is ended with all it started, and has said nothing.
    """
    process = await trio.lowlevel.open_process(
        marked(argv, env),
        env=env,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    said = None
    with asked.recorded(process.pid):
        try:
            with trio.move_on_after(patience):
                said = await _whole(process)
        finally:
            with trio.CancelScope(shield=True):
                await _end(process, answered=said is not None)
    return Said(b"", None) if said is None else Said(said, process.returncode)


async def _whole(process: trio.Process) -> bytes | None:
    said = bytearray()
    assert process.stdout
    async for piece in process.stdout:
        said += piece
        if len(said) > MOST_BYTES:
            return None
    await process.wait()
    return bytes(said)


async def _end(process: trio.Process, *, answered: bool) -> None:
    """What it has started is in the session that it leads; its number is its own until the wait.

    The kill comes first: a pipe that is closed would let it go without what it has started.
    """
    assert process.stdout
    if not answered:
        # A group of which only the ended leader is left may not be signalled everywhere.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.stdout.aclose()
    await process.wait()
