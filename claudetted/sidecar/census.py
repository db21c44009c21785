"""Owns looking at the machine's processes: which belong to a chat, and how large they are.

A chat's processes are known by the mark in their environment. Elsewhere than on Linux `ps` tells
what it will; a process that threw its environment away is not found there.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from claudetted.sidecar.launch import CHAT_MARK

_MARK = f"{CHAT_MARK}=".encode()


@dataclass(frozen=True)
class Seen:
    """A living process. Memory in bytes; `chat` is the mark it carries."""

    pid: int
    command: str
    memory: int
    chat: str = ""


def marked() -> list[Seen]:
    """Every living process that carries a chat's mark."""
    if sys.platform != "linux":
        return _marked_by_ps()
    found = (_look(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [seen for seen in found if seen and seen.chat]


def look(pid: int) -> Seen | None:
    """One process; None when it is gone."""
    return _look(pid) if sys.platform == "linux" else _look_by_ps(pid)


def memory_of(pid: int) -> int:
    """The resident set in bytes; 0 when the process is gone."""
    seen = look(pid)
    return seen.memory if seen else 0


def _look(pid: int) -> Seen | None:
    directory = Path(f"/proc/{pid}")
    try:
        command = directory.joinpath("cmdline").read_bytes().rstrip(b"\0")
        pages = int(directory.joinpath("statm").read_bytes().split()[1])
    except (OSError, IndexError):
        return None
    if not command:
        return None  # a zombie, or the kernel's own
    return Seen(
        pid,
        command.replace(b"\0", b" ").decode(errors="replace"),
        pages * os.sysconf("SC_PAGE_SIZE"),
        _mark_of(directory),
    )


def _mark_of(directory: Path) -> str:
    try:
        environment = directory.joinpath("environ").read_bytes()
    except OSError:
        return ""  # of another user, or closed to us: none of ours
    for entry in environment.split(b"\0"):
        if entry.startswith(_MARK):
            return entry.removeprefix(_MARK).decode(errors="replace")
    return ""


def _look_by_ps(pid: int) -> Seen | None:
    shown = _ps("-o", "rss=,command=", "-p", str(pid)).strip()
    if not shown:
        return None
    kilobytes, _, command = shown.partition(b" ")
    return Seen(pid, command.strip().decode(errors="replace"), int(kilobytes) * 1024)


def _marked_by_ps() -> list[Seen]:
    found: list[Seen] = []
    for line in _ps("-axEww", "-o", "pid=,rss=,command=").split(b"\n"):
        words = line.split(None, 2)
        if len(words) == 3 and _MARK in words[2]:
            chat = words[2].split(_MARK, 1)[1].split(b" ", 1)[0].decode(errors="replace")
            command = words[2].split(b" ", 1)[0].decode(errors="replace")
            found.append(Seen(int(words[0]), command, int(words[1]) * 1024, chat))
    return found


def _ps(*options: str) -> bytes:
    return subprocess.run(["/bin/ps", *options], capture_output=True, check=False).stdout
