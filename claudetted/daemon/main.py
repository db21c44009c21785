"""Owns the `claudetted` command: runs the daemon in the foreground."""

import argparse
import json
import logging
import os
import sys

import trio

import claudetted
from claudetted.daemon import log
from claudetted.daemon.lock import AlreadyRunning
from claudetted.daemon.run import Serving, serve
from claudetted.protocol import places
from claudetted.providers.groups import first_of
from claudetted.sidecar.reports import Fenced, KeeperFailed
from claudetted.store.schema import DatabaseUnusable

logger = logging.getLogger(__name__)

_FAILED, _RUNNING = 1, 3
_EXPECTED = (AlreadyRunning, DatabaseUnusable, KeeperFailed, Fenced, OSError)


def main() -> None:
    """Exits with 0 when told to stop, 3 when another daemon runs, 1 on other faults."""
    arguments = build_parser().parse_args()
    log.begin(places.log_dir(), arguments.verbose)
    try:
        with first_of(*_EXPECTED):
            trio.run(_serve, arguments.ready_fd)
    except _EXPECTED as fault:
        sys.exit(_explain(fault, arguments.ready_fd))


def _explain(fault: BaseException, ready_fd: int | None) -> int:
    """Says in one sentence why there is no daemon; the exit code for it."""
    logger.error("%s", fault)
    _tell(ready_fd, {"error": str(fault)})
    sys.stderr.write(f"claudetted: {fault}\n")
    return _RUNNING if isinstance(fault, AlreadyRunning) else _FAILED


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="claudetted",
        description="Keeps coding agents alive. Runs in the foreground until told to stop.",
    )
    parser.add_argument("--version", action="version", version=claudetted.__version__)
    parser.add_argument("--verbose", action="store_true", help="log to stderr as well")
    parser.add_argument(
        "--ready-fd",
        type=int,
        metavar="N",
        help="write one line to this descriptor when clients can connect, or why they cannot",
    )
    return parser


async def _serve(ready_fd: int | None) -> None:
    async with trio.open_nursery() as nursery:
        serving: Serving = await nursery.start(serve)
        _tell(ready_fd, {"instance": serving.instance, "socket": str(serving.socket)})


def _tell(ready_fd: int | None, line: dict[str, str]) -> None:
    if ready_fd is None:
        return
    try:
        os.write(ready_fd, json.dumps(line).encode() + b"\n")
        os.close(ready_fd)
    except OSError as gone:
        logger.info("nobody waits for the word that we are ready: %s", gone)
