"""A chat of Claude Code: its real program, as the user's own would be, behind a scripted model."""

import os
from collections.abc import Iterator

import pytest
import trio

from claudetted.harnesses.claude.invocation import PROGRAM
from tests.daemon.client import Client
from tests.daemon.world import Chat, Home
from tests.fakes import claude_code
from tests.fakes.messages_model import MessagesModel
from tests.support import agents

CALL = '@tool bash {"command": "touch made"} @then @text Done.'


@pytest.fixture
def model() -> Iterator[MessagesModel]:
    with claude_code.model() as served:
        yield served


@pytest.fixture
async def chat(
    client: Client, home: Home, model: MessagesModel, monkeypatch: pytest.MonkeyPatch
) -> Chat:
    program = agents.program("claude")
    monkeypatch.setenv(PROGRAM, os.fspath(program))
    env = claude_code.environment(program, model.base_url)
    made = await client.call("chat/create", cwd=str(home.work), harness="claude", env=env)
    chat = Chat(client, made["chat"])
    await chat.client.call("event/subscribe", chatId=chat.id)
    return chat


async def test_a_chat_of_it_asks_runs_and_answers(chat: Chat, home: Home) -> None:
    assert (chat.made["harness"], chat.made["backend"]) == ("claude", "anthropic")
    turn = await chat.send(CALL)
    [permission] = await chat.asked()
    assert permission["request"]["command"] == "touch made"
    await chat.decide(permission, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert (home.work / "made").exists()
    assert await chat.texts() == ["Done."]
    commands = await chat.call("command/list")
    assert "/context" in [command["name"] for command in commands["commands"]]
    refused = await chat.refused("chat/configure", harness="pi")
    assert (refused.name, refused.data["harness"]) == ("NotSupported", "claude")
    await keeps_its_history(chat)


async def test_chat_traces_ChatNotFound(client: Client) -> None:
    refused = await client.refused("chat/traces", chatId="nothing")
    assert (refused.name, refused.data["chatId"]) == ("ChatNotFound", "nothing")


async def keeps_its_history(chat: Chat) -> None:
    """Claude Code's own is listed, and goes only when that is asked for."""
    (path,) = (await chat.call("chat/traces"))["paths"]
    assert path.endswith(".jsonl") and await trio.Path(path).exists()
    await chat.call("chat/delete")
    assert await trio.Path(path).exists()
