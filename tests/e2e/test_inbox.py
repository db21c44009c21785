"""The inbox on a real terminal: what waits in all chats, answered with one key each."""

from collections.abc import Iterator

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support.commands import Commands

SCRIPT = '@tool bash {"command": "echo %s"} @then @text "%s goes on"'


@pytest.fixture
def commands(home: Home) -> Iterator[Commands]:
    with Commands(home.work) as made:
        yield made


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
