"""Owns a stand-in for Neovim: a real Lua, and as much of `vim` as a small plugin needs.

    python -m tests.fakes.neovim PLUGIN SOCKET CHAT

It says yes to whatever the plugin asks, and ends with the connection.
"""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lupa import LuaRuntime


class Pipe:
    """`vim.uv.new_pipe()`: callbacks come from the loop below, one at a time."""

    def __init__(self, loop: list[Callable[[], None]]) -> None:
        self._loop = loop
        self._socket = socket.socket(socket.AF_UNIX)
        self._heard: Callable[[Any, str | None], None] | None = None

    def connect(self, _self: Any, path: str, connected: Callable[[], None]) -> None:
        self._socket.connect(path)
        self._loop.append(connected)

    def write(self, _self: Any, text: str) -> None:
        self._socket.sendall(text.encode("latin-1"))

    def read_start(self, _self: Any, heard: Callable[[Any, str | None], None]) -> None:
        self._heard = heard
        self._loop.append(self._read)

    def _read(self) -> None:
        assert self._heard
        # Small pieces, so that lines are cut as a network would cut them.
        if chunk := self._socket.recv(512):
            self._heard(None, chunk.decode("latin-1"))
            self._loop.append(self._read)


def main() -> None:
    plugin, path, chat = sys.argv[1:]
    # Lua's strings are bytes; latin-1 keeps every one of them.
    lua: Any = LuaRuntime(encoding="latin-1", unpack_returned_tuples=True)
    loop: list[Callable[[], None]] = []
    lua.globals().SOCKET, lua.globals().CHAT = path, chat
    lua.globals().vim = _vim(lua, loop)
    lua.execute(Path(plugin).read_text(encoding="utf-8"))
    while loop:
        loop.pop(0)()


def _vim(lua: Any, loop: list[Callable[[], None]]) -> Any:
    def new_pipe(_ipc: bool) -> Any:
        pipe = Pipe(loop)
        names = ("connect", "write", "read_start")
        return lua.table_from({name: getattr(pipe, name) for name in names})

    def select(_choices: Any, about: Any, chosen: Callable[[str], None]) -> None:
        _say(f"? {about.prompt}\n")
        chosen("allow")

    def decode(text: str) -> Any:
        return lua.table_from(json.loads(text), recursive=True)

    def encode(value: Any) -> str:
        return json.dumps(_plain(value), ensure_ascii=False)

    return lua.table_from(
        {
            "uv": {"new_pipe": new_pipe},
            "json": {"encode": encode, "decode": decode},
            "ui": {"select": select},
            "api": {"nvim_out_write": _say},
            "schedule_wrap": lambda function: function,
        },
        recursive=True,
    )


def _plain(value: Any) -> Any:
    return {key: _plain(held) for key, held in value.items()} if hasattr(value, "items") else value


def _say(text: str) -> None:
    sys.stdout.buffer.write(text.encode("latin-1"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
