"""Owns a program that an agent starts and that tries to answer for the user. Standard library only.

`intruder.py REPORT_FIFO SOCKET KEEPER_SOCKET STEP...`: each step (`fork` away from all parents,
`setsid`, `bare` for an empty environment) is taken before it connects. Reports as JSON what every
line of standard input, a request, was answered with, and whether the keeper listened.
"""

import json
import os
import socket
import struct
import sys
from typing import Any


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
    told = {
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
        peer.settimeout(10)
        try:
            peer.connect(path)
            peer.sendall(hello)
            return bool(peer.recv(1))
        except ConnectionError:
            return False


if __name__ == "__main__":
    main(*sys.argv[1:])
