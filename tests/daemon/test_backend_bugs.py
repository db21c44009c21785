"""Bugs that an earlier program had with backends and with leading chats to them."""

import json
import sqlite3
from collections.abc import Iterator

import pytest
import trio

from claudetted.protocol import places
from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.local_models import has_ollama, models, rows, update
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import NOBODY, Chat, Daemon
from tests.fakes.local_server import LocalServer, ollama, shown

MODEL = "ollama/library/llama3"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with ollama(library___llama3=8_192) as running:
        yield running


@pytest.fixture
async def chat(client: Client, server: LocalServer, new_chat: NewChat) -> Chat:
    """A chat with Ollama."""
    await has_ollama(client, server)
    await client.call("setting/set", key="default_model", value=MODEL)
    return await new_chat()


async def begun(chat: Chat, puppets: Puppets) -> tuple[Puppet, str]:
    turn = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    return puppet, turn


async def test_bug_23_the_prefix_is_in_the_line_to_the_agent_once(
    puppets: Puppets, chat: Chat
) -> None:
    await chat.send("one")
    puppet = await puppets.next()
    start = await puppet.starts()
    assert start["model"] == MODEL
    endpoint = start["endpoint"]
    assert f"{endpoint['provider']}/{endpoint['model']}" == MODEL


async def test_bug_24_another_runtime_counts_from_the_next_message(
    client: Client, puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await begun(chat, puppets)
    await update(client, "ollama", runtime="claude")
    await puppet.ends_turn(turn)
    assert (await chat.ended(turn))["reason"] == "done"
    assert (await chat.refused("turn/send", text="two")).name == "HarnessMissing"
    await update(client, "ollama", runtime="pi")
    following = await chat.send("two")
    await puppet.takes_prompt()
    await puppet.ends_turn(following)
    assert (await chat.ended(following))["reason"] == "done"


async def test_bug_25_without_pi_nothing_is_led_to_it(
    client: Client, chat: Chat, new_chat: NewChat
) -> None:
    other = await new_chat(backend="pi", model="fake/small")
    await update(client, "pi", enabled=False)
    told = await rows(client)
    assert {told[name]["runtime"] for name in ("ollama", "lmstudio")} == {"claude"}
    assert told["codex-native"]["runtime"] == "codex"
    assert told["ollama"]["defaultRuntime"] == "claude"
    refused = await chat.refused("turn/send", text="one")
    assert "claudette backend set pi --enable" in refused.message
    assert (await update(client, "ollama", runtime="pi"))["runtime"] == "pi"
    for one in (chat, other):
        refused = await one.refused("turn/send", text="one")
        assert "claudette backend set pi --enable" in refused.message
    listed = await client.call("model/list")
    assert [model["id"] for model in listed["models"]] == [MODEL]


async def test_bug_28_what_is_switched_off_stays_off(
    daemon: Daemon, client: Client, server: LocalServer, puppets: Puppets, chat: Chat
) -> None:
    for backend in ("ollama", "pi"):
        await update(client, backend, enabled=False)
    asked = len(server.asked)
    await daemon.restart()
    again = await daemon.client()
    listed = await again.call("model/refresh")
    assert "claudette backend set pi --enable" in listed["advice"]
    assert len(server.asked) == asked
    told = await rows(again)
    assert {name for name, row in told.items() if not row.get("enabled", True)} == {"ollama", "pi"}
    seen = Chat(again, chat.made)
    refused = await seen.refused("turn/send", text="one")
    assert "claudette backend set ollama --enable" in refused.message
    await update(again, "ollama", enabled=True)
    assert MODEL in await models(again)


async def test_bug_58_what_this_version_does_not_know_is_kept(
    daemon: Daemon, client: Client, server: LocalServer, chat: Chat
) -> None:
    strange = {"backend:codex-subscription": '{"url": "x"}', "backend:lmstudio": '{"url": [}'}
    await daemon.stop()
    await trio.to_thread.run_sync(_write, strange)
    await daemon.start()
    again = await daemon.client()
    told = await rows(again)
    assert "codex-subscription" not in told
    assert told["lmstudio"]["url"] == NOBODY
    assert told["ollama"]["url"] == server.root
    await update(again, "ollama", contextWindow=4_096)
    kept = await trio.to_thread.run_sync(_read)
    assert strange.items() <= kept.items()
    await update(again, "lmstudio", url=server.root)
    kept = await trio.to_thread.run_sync(_read)
    assert json.loads(kept["backend:lmstudio"]) == {"url": server.root}


def _write(strange: dict[str, str]) -> None:
    connection = sqlite3.connect(places.database_path())
    with connection:
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", strange.items())
    connection.close()


def _read() -> dict[str, str]:
    connection = sqlite3.connect(places.database_path())
    found = dict(connection.execute("SELECT key, value FROM meta"))
    connection.close()
    return found


async def test_a_chat_keeps_its_server_over_a_restart(
    daemon: Daemon, server: LocalServer, puppets: Puppets, chat: Chat
) -> None:
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.get())["backend"] == "ollama"
    await again.send("one")
    puppet = await puppets.next()
    assert (await puppet.starts())["endpoint"]["baseUrl"] == f"{server.root}/v1"


@pytest.mark.parametrize("name", ["library/llama3", "Ollama/Library/Llama3", MODEL])
async def test_a_slash_command_understands_the_same_names(
    client: Client, server: LocalServer, new_chat: NewChat, name: str
) -> None:
    await has_ollama(client, server)
    chat = await new_chat()
    told = await chat.call("turn/send", text=f"/model {name}")
    assert told["text"] == f"The model is {MODEL} from now on."
    assert (await chat.get())["backend"] == "ollama"


async def test_a_tag_may_be_left_out_where_it_is_clear(
    client: Client, server: LocalServer, new_chat: NewChat
) -> None:
    names = ("qwen3:8b", "llama3.2:latest", "llama3.2:1b", "phi:a", "phi:b")
    server.answers["/api/tags"] = {"models": [{"name": name} for name in names]}
    server.answers["/api/show"] = shown(4_096)
    await has_ollama(client, server)
    chat = await new_chat()
    for name, meant in (("qwen3", "qwen3:8b"), ("ollama/llama3.2", "llama3.2:latest")):
        told = (await chat.call("chat/configure", model=name))["chat"]
        assert told["model"] == f"ollama/{meant}"
    refused = await chat.refused("chat/configure", model="ollama/phi")
    assert set(refused.data["nearest"][:2]) == {"ollama/phi:a", "ollama/phi:b"}


async def test_what_only_a_server_could_have_meant_is_refused_with_its_models(
    client: Client, server: LocalServer, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    refused = await client.refused("setting/set", key="default_model", value="lama3")
    assert refused.data["nearest"] == [MODEL]


async def test_a_server_that_pi_is_told_of_by_the_user_stays_pis(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    number = await client.post("model/refresh")
    puppet = await puppets.next()
    await puppet.greets()
    row = {"id": MODEL, "provider": "ollama", "name": "from models.json"}
    await puppet.answers(await puppet.hears("models"), {"models": [row]})
    listed = await client.result_of(number)
    assert [(one["id"], one["name"]) for one in listed["models"]] == [(MODEL, "from models.json")]
    await client.call("setting/set", key="default_model", value=MODEL)
    chat = await new_chat()
    await chat.send("one")
    start = await (await puppets.next()).starts()
    assert start["model"] == MODEL
    assert "endpoint" not in start
