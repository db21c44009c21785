"""Owns the bridge from standard input and output to the daemon, which a `--host ssh://…` runs."""

from __future__ import annotations

import os
import select
import sys
from _socket import SHUT_WR

from claudette_cli.client import daemon
from claudette_cli.exits import DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from argparse import ArgumentParser, Namespace

_READ = 1 << 16


def declare_stdio(parser: ArgumentParser) -> None:
    parser.epilog = "One JSON-RPC message a line, both ways; see clients/PROTOCOL.md."


def run_stdio(arguments: Namespace) -> int:
    """Ends with the daemon's connection; after the end of the input that is when all is
    answered."""
    source, drain = sys.stdin.fileno(), sys.stdout.fileno()
    with daemon.connect() as connection:
        connection.greet()
        line = connection.detach()
        reading = [source, line.fileno()]
        while True:
            readable = select.select(reading, [], [])[0]
            if source in readable and not _pass_on(source, line):
                reading.remove(source)
            if line.fileno() in readable:
                told = line.recv(_READ)
                if not told:
                    return DONE
                _write(drain, told)


def _pass_on(source: int, line: socket) -> bool:
    """False at the end, which the daemon is told."""
    data = os.read(source, _READ)
    if data:
        line.sendall(data)
    else:
        line.shutdown(SHUT_WR)
    return bool(data)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


VERBS = {"stdio": (declare_stdio, run_stdio)}
