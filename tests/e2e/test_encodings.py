"""Terminals and pipes in another encoding than UTF-8."""

import pytest

from claudette_cli import exits
from tests.support.commands import Commands

pytestmark = pytest.mark.usefixtures("scripted_stage")


def test_a_seat_without_utf8_has_stand_ins_for_signs(commands: Commands) -> None:
    chat = commands.new("--title", "the chat")
    commands.run("send", chat, "-", typed='@text "- from \\u2192 to \\u2026"')
    with commands.terminal("attach", chat, PYTHONIOENCODING="ascii") as seat:
        seat.shows("* from -> to ...")
        seat.shows("idle - ")
        seat.type("a draft")
        seat.shows("> a draft")
        seat.type('\x15@tool bash {"command": "echo \\u2502"}\r')
        seat.shows("| $ echo \\u2502")
        seat.shows("a allow once - ")
        seat.type("\x0f")
        seat.shows("^ v choose - Enter opens")


@pytest.mark.parametrize("command", ["send", "ask"])
def test_what_is_piped_in_is_read_in_the_encoding_of_the_locale(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    chat = commands.new()
    arguments = [command, chat, "-"] if command == "send" else [command, "--chat", chat]
    with monkeypatch.context() as surroundings:
        surroundings.setenv("PYTHONIOENCODING", "latin-1")
        commands.run(*arguments, typed="d\u00e9j\u00e0\n@text one".encode("latin-1"))
        commands.run(*arguments, typed="caf\u00e9\n@text two".encode())
        refused = commands.run(*arguments, typed=b"\xff\0", code=exits.USAGE).err
    assert "not UTF-8 text and not " in refused and "iconv" in refused
    sent = [
        item["text"]
        for item in commands.run("history", chat, "--json").json
        if item["kind"] == "user"
    ]
    assert sent == ["d\u00e9j\u00e0\n@text one", "caf\u00e9\n@text two"]
