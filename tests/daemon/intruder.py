"""Owns a program that an agent starts and that tries to answer for the user. Standard library
only.

`intruder.py REPORT_FIFO SOCKET KEEPER_SOCKET STEP...`: each step is taken before it connects:
`bare` for an empty environment, `fork` away from all parents, `setsid`, `deep` below more processes
than anybody counts, `kill` the keeper and outlive it, `raise` every limit as far as it goes.
Reports as JSON its pid, what every line of standard input, a request, was answered with, and
whether the keeper listened.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from typing import Any

DEPTH = 100
"""More than the 64 that were looked at once."""


def main(report: str, path: str, keeper: str, *steps: str) -> None:
    if "bare" in steps:
        requests = os.memfd_create("requests")
        os.write(requests, sys.stdin.buffer.read())
        os.lseek(requests, 0, os.SEEK_SET)
        os.dup2(requests, 0)
        arguments = [argument for argument in sys.argv if argument != "bare"]
        os.execve(sys.executable, [sys.executable, "-I", *arguments], {})
    requests_text = sys.stdin.read()
    for step in steps:
        if step == "fork":
            leave()
        elif step == "setsid":
            os.setsid()
        elif step == "deep":
            descend()
        elif step == "kill":
            kill_keeper(keeper)
        elif step == "raise":
            raise_limits()
    told = {
        "pid": os.getpid(),
        "environment": sorted(os.environ),
        "parent": os.getppid(),
        "answers": [ask(path, json.loads(line)) for line in requests_text.splitlines()],
        "keeper": heard_by_keeper(keeper),
    }
    with open(report, "w", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


def leave() -> None:
    """Goes on as a process whose parents are gone."""
    for _ in range(2):
        gone, alive = os.pipe()
        if os.fork():
            os._exit(0)
        os.close(alive)
        os.read(gone, 1)
        os.close(gone)


def descend() -> None:
    """Goes on below `DEPTH` living parents."""
    for _ in range(DEPTH):
        if child := os.fork():
            os.waitpid(child, 0)
            os._exit(0)
        os.setsid()


def kill_keeper(path: str) -> None:
    """Returns when another one runs, which knows nothing of us."""
    leave()
    before = pid_of_keeper(path)
    os.kill(before, signal.SIGKILL)
    while pid_of_keeper(path) in (0, before):
        time.sleep(0.01)


def pid_of_keeper(path: str) -> int:
    """As the kernel knows it; 0 while there is none."""
    with socket.socket(socket.AF_UNIX) as peer:
        try:
            peer.connect(path)
        except OSError:
            return 0
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int(struct.unpack("iII", credentials)[0])


def raise_limits() -> None:
    """What only root may."""
    for number in range(16):
        soft, _ = resource.getrlimit(number)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(number, (soft, resource.RLIM_INFINITY))


def ask(path: str, request: Any) -> Any:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        peer.sendall(json.dumps(request).encode() + b"\n")
        with peer.makefile("rb") as lines:
            return json.loads(lines.readline())


def heard_by_keeper(path: str) -> bool:
    """Whether the keeper says anything to a greeting."""
    hello = struct.pack("!B16sQI", 0, b"", 1, 0)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(60)
        try:
            peer.connect(path)
            peer.sendall(hello)
            return bool(peer.recv(1))
        except ConnectionError:
            return False


if __name__ == "__main__":
    main(*sys.argv[1:])
