"""A batch against a real daemon with a scripted agent."""

import json
from pathlib import Path

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support import pictures
from tests.support.commands import Commands

pytestmark = pytest.mark.usefixtures("scripted_stage")

FILE = """
- {prompt: "@text one", images: shot.png}
- {prompt: "@text two", cwd: other, title: elsewhere}
- {prompt: '@tool bash {"command": "echo out"} @then @text done', title: asking}
- {prompt: "@hold door", timeout: 0.1}
"""


def test_each_entry_ends_in_its_own_way_and_resuming_does_the_rest(
    commands: Commands, home: Home
) -> None:
    Path(home.work, "other").mkdir()
    file = Path(home.work, "b.yaml")
    Path(home.work, "shot.png").write_bytes(pictures.PNG)
    file.write_text(FILE)
    done = commands.run("batch", "b.yaml", "--json", code=exits.TIMED_OUT)
    told = {row["entry"]: row for row in map(json.loads, done.out.splitlines())}
    outcomes = [told[n]["outcome"] for n in range(1, 5)]
    assert outcomes == ["done", "done", "asks", "timed out"]
    assert [told[n]["text"] for n in (1, 2)] == ["one", "two"]
    chats = {row["id"]: row for row in commands.run("ls", "--json").json}
    assert "shot.png" in commands.run("history", told[1]["chatId"]).out
    assert chats[told[2]["chatId"]]["cwd"] == str(home.work / "other")
    commands.run("approve", told[3]["chatId"])
    commands.run("wait", told[3]["chatId"])
    file.write_text(FILE.replace('"@hold door", timeout: 0.1', '"@text three"'))
    again = commands.run("batch", "b.yaml", "--resume").out
    assert again.endswith("4 entries: 2 done, 2 done before\n")
    assert told[3]["chatId"] in again


def test_top_follows_the_size_of_its_terminal_and_attaches(commands: Commands) -> None:
    first, second = commands.new("--title", "the first"), commands.new("--title", "the second")
    for chat in (first, second):
        commands.run("send", chat, "-", "--no-wait", typed="@hold door")
    with commands.terminal("top") as top:
        top.shows(f"{first} ")
        top.shows("the second")
        # Without room for the titles, and for one row alone.
        top.resize(5, 40)
        top.lacks("the first")
        top.lacks("the second")
        top.resize(30, 100)
        top.shows("the first")
        top.shows("the second")
        top.type("\r")
        top.shows("running · ")
        top.type("\x04")
        top.expect("j k move")  # anew: what the table had left on the screen is still there
        top.shows("the second")
        top.type("q")
        assert top.ended()[0] == exits.DONE
    for chat in (first, second):
        commands.run("stop", chat)


def test_top_shows_an_agent_that_works(commands: Commands) -> None:
    chat = commands.new("--title", "busy")
    commands.run("send", chat, "-", "--no-wait", typed="@hold door")
    (row,) = commands.run("top", "--json").json
    assert (row["chat"]["id"], row["chat"]["status"]["name"]) == (chat, "running")
    assert row["memory"] > 0
    assert chat in commands.run("top").out
    commands.run("stop", chat)
