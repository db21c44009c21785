"""Owns asking another program for a few words: without input, for a limited time and length."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress

import trio

MOST_BYTES = 1024 * 1024


async def said_by(argv: list[str], env: Mapping[str, str], patience: float) -> bytes:
    """What the program prints until it ends. Raises OSError when it cannot be started.

    One that takes too long or says too much is ended with all it started, and has said nothing.
    """
    process = await trio.lowlevel.open_process(
        argv,
        env=env,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    said = None
    try:
        with trio.move_on_after(patience):
            said = await _whole(process)
    finally:
        with trio.CancelScope(shield=True):
            await _end(process, answered=said is not None)
    return said or b""


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
