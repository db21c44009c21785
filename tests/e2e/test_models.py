"""Models with the pinned Pi: found, listed, picked, and kept."""

import json

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support.commands import Commands

pytestmark = pytest.mark.usefixtures("model")
on_stage = pytest.mark.usefixtures("stage")
"""For what sets no default and no key of the user's."""


def test_a_key_brings_the_models_of_its_provider(commands: Commands) -> None:
    for local in ("ollama", "lmstudio"):  # whoever runs the tests may have servers of his own
        commands.run("backend", "set", local, "--disable")
    before = commands.run("model").out
    assert [line.split()[0] for line in before.splitlines() if line.startswith(" ")] == [
        "fake/small",
        "fake/large",
        "fake/thinker",
    ]
    commands.run("provider", "set", "openrouter", typed="sk-x\n")
    told = commands.run("model", "--json").json
    found = [one for one in told if one["group"] == "OpenRouter"]
    assert len(found) > 300
    assert 0 < sum(one.get("primary", False) for one in found) <= 5
    assert all(one["contextWindow"] for one in found)
    assert "openrouter/anthropic/" in commands.run("model", "--search", "openrouter claude").out
    assert len(commands.run("model", "--all").out.splitlines()) > 300
    folded = commands.run("model").out.splitlines()
    assert len(folded) < 20 and folded[-1].endswith(" more; to list them: claudette model --all")
    nothing = commands.run("model", "--search", "no-such-model", code=exits.NOT_FOUND).err
    assert "No model matches 'no-such-model'" in nothing
    commands.run("provider", "clear", "openrouter")
    assert "openrouter" not in commands.run("model").out


def test_a_model_is_picked_on_a_terminal_and_is_that_of_new_chats(commands: Commands) -> None:
    with commands.terminal("model") as terminal:
        terminal.expect("Search:")
        terminal.expect("fake/small")
        terminal.type("thin")
        terminal.expect("fake/thinker")
        terminal.type("\r")
        assert "Model set to fake/thinker" in terminal.ended()[1]
    assert "• fake/thinker" in commands.run("model").out
    chat = commands.new()
    assert commands.run("show", chat, "--json").json["model"] == "fake/thinker"
    commands.run("send", chat, "-", "--wait", typed="@text ok")
    assert commands.run("show", chat, "--json").json["modelUsed"] == "fake/thinker"


@on_stage
def test_a_chat_may_use_a_key_that_its_own_shell_alone_has(commands: Commands, home: Home) -> None:
    assert "openai/" not in commands.run("model").out
    create = {"cwd": str(home.work), "model": "openai/gpt-5.4"}
    made = commands.run("rpc", "chat/create", json.dumps(create | {"env": {"OPENAI_API_KEY": "x"}}))
    assert made.json["chat"]["modelUsed"] == "openai/gpt-5.4"
    without = commands.run("rpc", "chat/create", json.dumps(create), code=exits.FAILED)
    assert "No credentials of openai" in without.err


@on_stage
def test_a_chat_has_a_model_of_its_own(commands: Commands) -> None:
    chat = commands.new()
    assert commands.run("model", chat, "pi/fake/large").out == "Model set to fake/large\n"
    commands.run("send", chat, "-", "--wait", typed="@text ok")
    assert "• fake/large" in commands.run("model", chat).out
    wrong = commands.run("model", chat, "fake/lrge", code=exits.FAILED).err
    assert "fake/large" in wrong
    wrong = commands.run("model", "fake/smal", code=exits.FAILED).err
    assert "fake/small" in wrong
