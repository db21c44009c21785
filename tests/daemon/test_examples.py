"""The examples that open the reference: each attaches to a chat and answers its card."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from lupa import LuaError, LuaRuntime

from claudetted.protocol import places
from tests.daemon.world import Chat

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "clients/examples"
SCRIPT = '@text "Grüße." @tool bash {"command": "echo done > made.txt"} @then @text "It ran."'


async def _attached(chat: Chat, command: list[str], typed: bytes) -> str:
    """What the example prints while the agent asks, until the turn has ended."""
    words = [sys.executable, *command, str(places.socket_path()), chat.id]
    printed = b""
    process = await trio.lowlevel.open_process(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdin and process.stdout
    try:
        await process.stdin.send_all(typed)
        turn = await chat.send(SCRIPT)
        while b"-- done" not in printed:
            piece = await process.stdout.receive_some()
            assert piece, printed
            printed += bytes(piece)
        assert (await chat.ended(turn))["reason"] == "done"
    finally:
        process.kill()
        await process.wait()
        await process.stdin.aclose()
        await process.stdout.aclose()
    return printed.decode()


async def test_the_python_example_answers_a_card(chat: Chat) -> None:
    printed = await _attached(chat, [str(EXAMPLES / "attach.py")], b"y\n")
    assert "bash echo done > made.txt" in printed
    assert "It ran." in printed


async def test_the_lua_example_answers_a_card(chat: Chat) -> None:
    plugin = ["-m", "tests.fakes.neovim", str(EXAMPLES / "attach.lua")]
    printed = await _attached(chat, plugin, b"")
    assert "? bash: echo done > made.txt" in printed
    assert "It ran." in printed


def test_the_lua_example_says_which_neovim_it_needs() -> None:
    lua: Any = LuaRuntime()
    lua.globals().vim = lua.table_from({"loop": {}})  # as Neovim 0.9 has it
    with pytest.raises(LuaError, match=r"needs Neovim 0\.10 or newer"):
        lua.execute((EXAMPLES / "attach.lua").read_text(encoding="utf-8"))
