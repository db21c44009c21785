"""Owns the row of a seat: what a terminal costs until a person can type in it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench.processes import cpu
from tests.bench.table import Row, interleaved
from tests.bench.world import PYTHON, running

_SIZE = struct.pack("4H", 40, 120, 0, 0)
_MARK = "Q"
_PATIENCE = 60.0


def rows(quick: bool) -> Iterator[Row]:
    with running() as world, world.client() as client:
        env = {**os.environ, **world.env, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
        argv = [PYTHON, "-m", "claudette_cli", "attach", world.chat(client)]
        cases: dict[str, Callable[[], dict[str, float]]] = {
            "seat": partial(_seated, argv, env),
            "pass": _bare,
        }
        found = interleaved(1 if quick else 15, cases)
    bare = found["pass"]["cpu"] * 1e3
    for name, words, aim in (
        ("prompt", "CPU until the prompt takes what is typed", 8.0),
        ("left", "CPU until it is left, all loaded", None),
    ):
        taken = found["seat"][name] * 1e3
        what = f"CLI: attach, {words}, beside python -c pass"
        yield Row(what, f"{taken:.0f} ms", f"{bare:.0f} ms", taken / bare, aim)


def _bare() -> dict[str, float]:
    with subprocess.Popen([PYTHON, "-c", "pass"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        return {"cpu": cpu(process.pid)}


def _seated(argv: list[str], env: dict[str, str]) -> dict[str, float]:
    """A person types as soon as there is a prompt, and it counts when that is echoed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, _SIZE)
    _read_to(terminal, "idle · ")
    os.write(terminal, _MARK.encode())
    _read_to(terminal, _MARK)
    prompt = cpu(pid)
    os.write(terminal, b"\x15\x04")
    _read_to(terminal, "Detached")
    _read_to(terminal, None)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    left = cpu(pid)
    os.waitpid(pid, 0)
    os.close(terminal)
    return {"prompt": prompt, "left": left}


def _read_to(terminal: int, text: str | None) -> None:
    """Up to this text; None is the end."""
    read = b""
    while text is None or text.encode() not in read:
        if not select.select([terminal], [], [], _PATIENCE)[0]:
            raise TimeoutError(f"no {text} in {read!r}")
        try:
            read += os.read(terminal, 65536)
        except OSError:
            # The terminal of a program that has ended.
            if text is None:
                return
            raise
