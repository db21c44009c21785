"""Terminals of all widths, and names that would take them over: nothing is cut or obeyed."""

import re
from pathlib import Path

import pytest

from tests.daemon.world import Home
from tests.support.commands import Commands

WIDTHS = [40, 80, 120]
HOSTILE = "a\x1b]0;owned\x07\nb\x9b31m\u202e\u200bc"
SHOWN = "a\\x1b]0;owned\\x07\\nb\\x9b31m\\u202e\\u200bc"


pytestmark = pytest.mark.usefixtures("scripted_stage")


@pytest.fixture
def hostile(commands: Commands, home: Home) -> str:
    """A chat in a directory whose name is an attack, with such a title."""
    directory = home.work / HOSTILE
    directory.mkdir()
    return commands.run("new", str(directory), "--title", f"t\u3164{HOSTILE[:14]}").out.strip()


def _printed(commands: Commands, columns: int, *arguments: str) -> list[str]:
    with commands.terminal(*arguments, columns=columns) as terminal:
        code, said = terminal.ended()
    assert code == 0
    return said.replace("\r\n", "\n").rstrip("\n").split("\n")


@pytest.mark.parametrize("columns", WIDTHS)
def test_a_row_of_ls_is_one_line_with_a_whole_id(
    commands: Commands, hostile: str, columns: int
) -> None:
    plain = commands.new("--title", "日本語 " * 20)
    rows = _printed(commands, columns, "ls")
    numbers = ["  1 ", "  2 "] if columns > 40 else ["", ""]
    assert [row[: len(numbers[0]) + 12] for row in rows] == [
        numbers[0] + plain,
        numbers[1] + hostile,
    ]
    assert all(len(row) < columns for row in rows)


def test_a_hostile_name_is_shown_and_not_obeyed(
    commands: Commands, hostile: str, home: Home
) -> None:
    for arguments in (["ls"], ["show", hostile], ["ps"], ["rules"], ["setting"]):
        for told in ("\n".join(_printed(commands, 240, *arguments)), commands.run(*arguments).out):
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b\u3164]", told), arguments
    assert SHOWN in commands.run("ls").out
    assert f"directory    {home.work}/{SHOWN}\n" in commands.run("show", hostile).out
    assert "t\\u3164a\\x1b]0;" in commands.run("ls").out
    assert commands.run("ls", "--json").json[0]["cwd"] == str(home.work / HOSTILE)
    missing = commands.run("new", str(Path("/none") / HOSTILE), code=None)
    assert missing.code != 0 and "\x1b" not in missing.err and "\\x1b]0;owned" in missing.err
