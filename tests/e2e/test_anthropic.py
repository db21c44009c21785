"""Anthropic's own models with the pinned Pi: used by key, and never with a Claude subscription."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.daemon.calls import bash
from tests.daemon.client import Client, Json
from tests.daemon.world import Daemon, Home
from tests.e2e.conftest import watched
from tests.fakes.claude import Claude
from tests.fakes.model_server import ModelServer

OWN = "anthropic/claude-opus-4-5"
TOKEN = "sk-ant-oat01-invented"
SIGN_IN = {"type": "oauth", "access": TOKEN, "refresh": "sk-ant-ort01-x", "expires": 4e12}
KEY = {"type": "api_key", "key": "sk-ant-api03-x"}
VARIABLES = ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")


@pytest.fixture
def claude(home: Home) -> Claude:
    made = Claude(home.root / "home/.local/bin/claude")
    made.is_signed_in("none")
    return made


@pytest.fixture
async def client(home: Home, model: ModelServer, claude: Claude) -> AsyncIterator[Client]:
    async with trio.open_nursery() as nursery:
        running = Daemon(home, nursery)
        await running.start()
        yield await running.client()
        await running.close()


def has(home: Home, name: str, **content: Any) -> None:
    """Something in a file of Pi's."""
    path = home.root / "agent" / name
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, **content}))


async def anthropic(client: Client) -> Json:
    rows = (await client.call("provider/list"))["providers"]
    return next(dict(row) for row in rows if row["id"] == "anthropic")


async def found(client: Client) -> list[str]:
    models = (await client.call("model/refresh"))["models"]
    return [model["id"] for model in models if model["provider"] == "anthropic"]


def environments(home: Home) -> list[str]:
    """Of every agent's process."""
    found = [line.partition(":")[0] for line in home.processes() if "pi-harness" in line]
    return [Path(f"/proc/{pid}/environ").read_text(errors="replace") for pid in found]


async def test_a_key_works_and_is_stored_when_there_is_no_subscription(
    client: Client, home: Home
) -> None:
    stored = await client.call("provider/setKey", provider="anthropic", key=KEY["key"])
    assert stored["provider"]["source"] == "auth.json"
    assert OWN in await found(client)
    made = await client.call("chat/create", cwd=str(home.work), model=OWN)
    assert made["chat"]["modelUsed"] == OWN


async def test_with_a_subscription_a_key_is_stored_and_its_models_are_not_used(
    client: Client, home: Home, claude: Claude
) -> None:
    has(home, "settings.json", defaultProvider="anthropic", defaultModel="claude-opus-4-5")
    await client.call("provider/setKey", provider="anthropic", key=KEY["key"])
    named = await client.call("chat/create", cwd=str(home.work), model=OWN)
    claude.is_signed_in("claude.ai")
    assert await found(client) == []
    again = await client.call("provider/setKey", provider="anthropic", key=KEY["key"])
    assert "Pi cannot use Anthropic's models" in again["notes"][0]
    row = await anthropic(client)
    assert (row["source"], "Claude subscription" in row["blocked"]) == ("auth.json", True)
    chat = await watched(client, named["chat"])
    assert (await chat.refused("turn/send", text="hello")).name == "AnthropicBlocked"
    unnamed = await client.call("chat/create", cwd=str(home.work))
    chat = await watched(client, unnamed["chat"])
    ended = await chat.turn("hello")
    assert ended["reason"] == "failed"
    assert "`claude auth status` says claude.ai" in ended["error"]
    sessions = home.root / f"data/chats/{chat.id}/sessions"
    assert list(sessions.rglob("*.jsonl")) == []


async def test_a_sign_in_of_pi_with_claude_counts_and_is_not_used(
    client: Client, home: Home
) -> None:
    has(home, "auth.json", anthropic=SIGN_IN)
    row = await anthropic(client)
    assert (row.get("configured"), row.get("source")) == (None, None)
    refused = await client.refused("chat/create", cwd=str(home.work), model=OWN)
    assert "Pi's auth.json has a Claude sign-in" in refused.message
    assert json.loads((home.root / "agent/auth.json").read_text())["anthropic"] == SIGN_IN


async def test_tokens_of_a_shell_reach_no_sidecar_and_no_command(
    home: Home, model: ModelServer, claude: Claude, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, TOKEN)
    async with trio.open_nursery() as nursery:
        daemon = Daemon(home, nursery)
        await daemon.start()
        client = await daemon.client()
        made = await client.call(
            "chat/create", cwd=str(home.work), model="fake/small", env={VARIABLES[0]: TOKEN}
        )
        chat = await watched(client, made["chat"])
        await chat.call("chat/configure", level="full")
        await chat.turn(bash("env; echo looked"))
        (call,) = await chat.items("tool")
        assert "looked" in call["text"]
        assert (await anthropic(client)).get("configured") is None
        if sys.platform == "linux":
            assert len(environments(home)) == 2
        assert [env for env in environments(home) if TOKEN in env] == []
        assert TOKEN not in call["text"]
        refused = await client.refused("chat/create", cwd=str(home.work), model=OWN)
        assert "ANTHROPIC_AUTH_TOKEN is set" in refused.message
        await daemon.close()
