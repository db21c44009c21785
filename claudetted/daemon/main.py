"""Owns the `claudetted` command: runs the daemon in the foreground."""

import argparse
import contextlib
import faulthandler
import gc
import json
import logging
import os
import sys
from pathlib import Path

import trio

import claudetted
from claudetted.daemon import log, signals
from claudetted.daemon.lock import AlreadyRunning
from claudetted.daemon.run import Serving, serve
from claudetted.daemon.service_manager import ServiceManager
from claudetted.protocol import places
from claudetted.providers.exception_groups import first_of
from claudetted.sidecar.keeper import marks
from claudetted.sidecar.reports import Fenced, KeeperFailed
from claudetted.store.schema import DatabaseUnusable
from claudetted.wire import streams

logger = logging.getLogger(__name__)

_FAILED, _RUNNING = 1, 3


class StartedByAgent(Exception):
    """Whatever this daemon started would be an agent's, and who may decide could not be told."""


_EXPECTED = (StartedByAgent, AlreadyRunning, DatabaseUnusable, KeeperFailed, Fenced, OSError)


def main() -> None:
    """Exits with 0 when told to stop, 3 when another daemon runs, 1 on other faults."""
    # What is loaded stays until the end: looking for garbage in it is for nothing.
    gc.freeze()
    gc.enable()
    streams.prepare()
    try:
        with streams.flushed():
            arguments = _parsed()
    except streams.CannotWrite as fault:
        streams.close_output()
        sys.exit(_say(f"the output could not be written: {fault}"))
    except BrokenPipeError:
        streams.close_output()
        sys.exit(_FAILED)
    finally:
        streams.flush_errors()
    if unnameable := places.unnameable():
        _tell(arguments.ready_fd, {"error": unnameable})
        sys.exit(_say(unnameable))
    try:
        log.begin(places.log_dir(), arguments.verbose, arguments.log_level)
        _dump_crashes(places.log_dir() / "claudetted.crash")
    except OSError as fault:
        why = f"The log cannot be written: {fault}."
        _tell(arguments.ready_fd, {"error": why})
        sys.exit(_say(why))
    terminal = signals.outlive_hangups()
    manager = ServiceManager(os.environ)
    try:
        with first_of(*_EXPECTED):
            _refuse_agents()
            trio.run(_serve, arguments.ready_fd, manager, terminal)
    except _EXPECTED as fault:
        manager.failed(str(fault))
        sys.exit(_explain(fault, arguments.ready_fd))
    finally:
        # What a terminal that was closed has not taken is no fault.
        streams.flush_errors()


def _parsed() -> argparse.Namespace:
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.log_level not in log.LEVELS:
        parser.error(f"CLAUDETTED_LOG_LEVEL must be one of {', '.join(log.LEVELS)}")
    return arguments


def _refuse_agents() -> None:
    """An agent's daemon would take agents for the user, and give them the user's chats."""
    if marks.is_marked(os.getpid()):
        raise StartedByAgent(
            "The daemon cannot be started by a program of an agent: run claudette outside of the "
            "chat. (A hard limit on file locks marks such programs; `ulimit -H -x` shows it.)"
        )


def _explain(fault: BaseException, ready_fd: int | None) -> int:
    """Says in one sentence why there is no daemon; the exit code for it."""
    logger.error("%s", fault)
    _tell(ready_fd, {"error": str(fault)})
    failed = _say(str(fault))
    return _RUNNING if isinstance(fault, AlreadyRunning) else failed


def _say(why: str) -> int:
    """In one line, where anybody can read it; the exit code of a fault."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"claudetted: {why}\n")
    streams.flush_errors()
    return _FAILED


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="claudetted",
        description="Keeps coding agents alive. Runs in the foreground until told to stop.",
    )
    parser.add_argument("--version", action="version", version=claudetted.__version__)
    parser.add_argument(
        "--log-level",
        choices=log.LEVELS,
        default=os.environ.get("CLAUDETTED_LOG_LEVEL", "info"),
        help="log this and what is more severe (default: CLAUDETTED_LOG_LEVEL, or info)",
    )
    parser.add_argument("--verbose", action="store_true", help="log to stderr as well")
    parser.add_argument(
        "--ready-fd",
        type=int,
        metavar="N",
        help="write one line to this descriptor when clients can connect, or why they cannot",
    )
    return parser


def _dump_crashes(path: Path) -> None:
    """A crash below Python leaves the stack of every thread there. The file stays open."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    faulthandler.enable(descriptor)


async def _serve(ready_fd: int | None, manager: ServiceManager, terminal: bool) -> None:
    async with trio.open_nursery() as nursery:
        serving: Serving = await nursery.start(serve)
        async with trio.open_nursery() as hearing:
            await hearing.start(signals.heed, serving, terminal)
            _tell(ready_fd, {"instance": serving.instance, "socket": str(serving.socket)})
            await manager.keep_told(serving.status, serving.stop)
            await serving.stop.wait()
            hearing.cancel_scope.cancel()


def _tell(ready_fd: int | None, line: dict[str, str]) -> None:
    if ready_fd is None:
        return
    try:
        os.write(ready_fd, json.dumps(line).encode() + b"\n")
        os.close(ready_fd)
    except OSError as gone:
        logger.info("nobody waits for the word that we are ready: %s", gone)
