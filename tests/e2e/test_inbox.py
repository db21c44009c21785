"""The inbox on a real terminal: what waits in all chats, answered with one key each."""

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support.commands import Commands

SCRIPT = '@tool bash {"command": "echo %s"} @then @text "%s goes on"'


pytestmark = pytest.mark.usefixtures("scripted_stage")


def asking(commands: Commands, name: str) -> str:
    """A chat whose agent waits for permission to echo its name."""
    chat = commands.new("--title", name)
    script = SCRIPT % (name, name)
    commands.run("send", chat, "-", "--wait", typed=script, code=exits.ASKED)
    return chat


def test_every_card_is_answered_with_a_key(commands: Commands) -> None:
    chats = [asking(commands, name) for name in ("one", "two", "three")]
    with commands.terminal("inbox") as inbox:
        inbox.expect("echo one")
        inbox.expect("s skip · q leave")
        inbox.type("a")
        inbox.expect("allowed once by you")
        inbox.expect("echo two")
        inbox.expect("s skip · q leave")
        inbox.type("r")
        inbox.expect("Why not?")
        inbox.enter("not that one")
        inbox.expect("denied by you (not that one)")
        inbox.expect("echo three")
        inbox.expect("s skip · q leave")
        inbox.type("s")
        assert inbox.ended()[0] == exits.DONE
    assert [asked["chatId"] for asked in commands.run("inbox", "--json").json] == [chats[2]]
    for chat in chats[:2]:
        commands.run("wait", chat)
    assert "│ one" in commands.run("history", chats[0]).out


def test_a_card_decided_elsewhere_is_told(commands: Commands) -> None:
    chat = asking(commands, "one")
    with commands.terminal("inbox") as inbox:
        inbox.expect("s skip · q leave")
        commands.run("deny", chat)
        inbox.type("a")
        inbox.expect("already resolved: deny")
        assert inbox.ended()[0] == exits.DONE
    commands.run("wait", chat)


def test_a_request_longer_than_its_card_is_shown_whole_before_it_is_allowed(
    commands: Commands, home: Home
) -> None:
    content = "".join(f"line {number}\\n" for number in range(8000))
    chat = commands.new()
    script = f'@tool write {{"path": "a.txt", "content": "{content}"}}'
    commands.run("send", chat, "-", "--wait", typed=script, code=exits.ASKED)
    cut = commands.run("inbox", chat).out
    assert "KiB more are not shown here" in cut
    assert "line 7999" not in cut
    assert "line 7999" in commands.run("inbox", chat, "--whole").out
    refused = commands.run("approve", chat, code=exits.FAILED)
    assert "--seen-whole" in refused.err
    with commands.terminal("inbox") as inbox:
        inbox.expect("v show all of it")
        inbox.type("a")
        inbox.expect("are not shown yet: v shows all of it")
        inbox.type("v")
        inbox.expect("line 7999")
        inbox.expect("s skip · q leave")
        inbox.type("a")
        inbox.expect("allowed once by you")
        assert inbox.ended()[0] == exits.DONE
    commands.run("wait", chat)
    assert (home.work / "a.txt").read_text().endswith("line 7999\n")


def test_a_script_allows_a_long_request_by_answering_for_it(commands: Commands, home: Home) -> None:
    chat = commands.new()
    script = f'@tool write {{"path": "a.txt", "content": "{"x" * 70_000}"}}'
    commands.run("send", chat, "-", "--wait", typed=script, code=exits.ASKED)
    commands.run("approve", chat, "--seen-whole")
    commands.run("wait", chat)
    assert (home.work / "a.txt").read_text() == "x" * 70_000
