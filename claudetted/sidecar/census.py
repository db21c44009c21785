"""Owns looking at the machine's processes: which belong to a chat, and how large they are.

A chat's processes are known by the mark in their environment. Elsewhere than on Linux `ps` tells
what it will; a process that threw its environment away is not found there.
"""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from claudetted.sidecar.environment import CHAT_MARK
from claudetted.sidecar.keeper.processes import descendants, processes

_MARK = f"{CHAT_MARK}=".encode()


class Seen(msgspec.Struct, frozen=True):
    """A living process. Memory in bytes; `cpu` in seconds of processor time; `chat` is the mark it
    carries."""

    pid: int
    command: str
    memory: int
    chat: str = ""
    cpu: float = 0.0


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


def driven(drivers: set[int]) -> tuple[set[int], set[int]]:
    """The agents' own programs, which `drivers` have started, and all that is below those. Nothing
    where there is no /proc."""
    table = processes() if drivers else {}
    agents = {pid for pid, (parent, *_) in table.items() if parent in drivers}
    return agents, {pid for pid, _ in descendants(table, agents)}


def _look(pid: int) -> Seen | None:
    directory = Path(f"/proc/{pid}")
    try:
        command = directory.joinpath("cmdline").read_bytes().rstrip(b"\0")
        pages = int(directory.joinpath("statm").read_bytes().split()[1])
        # What stands before is the name in parentheses, which may hold anything.
        times = directory.joinpath("stat").read_bytes().rpartition(b")")[2].split()[11:13]
    except (OSError, IndexError):
        return None
    if not command:
        return None  # a zombie, or the kernel's own
    return Seen(
        pid,
        command.replace(b"\0", b" ").decode(errors="replace"),
        pages * os.sysconf("SC_PAGE_SIZE"),
        _mark_of(directory),
        sum(map(int, times)) / os.sysconf("SC_CLK_TCK"),
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
    words = _ps("-o", "rss=,time=,command=", "-p", str(pid)).split(None, 2)
    if len(words) < 3:
        return None
    kilobytes, time, command = words
    shown = command.strip().decode(errors="replace")
    return Seen(pid, shown, int(kilobytes) * 1024, cpu=_seconds(time))


def _marked_by_ps() -> list[Seen]:
    found: list[Seen] = []
    for line in _ps("-axEww", "-o", "pid=,rss=,time=,command=").split(b"\n"):
        words = line.split(None, 3)
        if len(words) == 4 and _MARK in words[3]:
            pid, kilobytes, time, shown = words
            chat = shown.split(_MARK, 1)[1].split(b" ", 1)[0].decode(errors="replace")
            command = shown.split(b" ", 1)[0].decode(errors="replace")
            found.append(Seen(int(pid), command, int(kilobytes) * 1024, chat, _seconds(time)))
    return found


def _seconds(time: bytes) -> float:
    """What `ps` calls a time: `1-02:03:04` or `2:03.04`."""
    days, _, clock = time.rpartition(b"-")
    total = 0.0
    for part in clock.split(b":"):
        total = total * 60 + float(part)
    return total + float(days or 0) * 86_400


def _ps(*options: str) -> bytes:
    return subprocess.run(["/bin/ps", *options], capture_output=True, check=False).stdout
