"""The block: with a Claude subscription Anthropic's own models are refused wherever one begins."""

import pytest

from tests.daemon.client import Client, Json
from tests.daemon.control_sidecar import Agent, begun, fault
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.test_models import has_models, row
from tests.daemon.world import Chat, Daemon, Home
from tests.fakes.claude import Claude

OWN = "anthropic/claude-opus-4-5"
COPILOT = "github-copilot/claude-sonnet-4"


@pytest.fixture
def claude(home: Home) -> Claude:
    made = Claude(home.root / "home/.local/bin/claude")
    made.is_signed_in("none")
    return made


@pytest.fixture
async def puppet(claude: Claude, chat: Chat, puppets: Puppets) -> Puppet:
    """A sidecar that uses an Anthropic model by key, whose chat is idle after a turn."""
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts(model=OWN)
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id)
    assert (await chat.ended(turn_id))["reason"] == "done"
    return puppet


@pytest.fixture
def blocked(puppet: Puppet, chat: Chat, claude: Claude) -> Chat:
    claude.is_signed_in("claude.ai")
    return chat


async def test_chat_create_AnthropicBlocked(client: Client, claude: Claude, home: Home) -> None:
    claude.is_signed_in("oauth_token")
    for model in (OWN, "claude-opus-4-5", "pi/anthropic/x"):
        refused = await client.refused("chat/create", cwd=str(home.work), model=model)
        assert (refused.name, refused.data["model"]) == ("AnthropicBlocked", model)
    assert "`claude auth status` says oauth_token" in refused.message
    assert "tokens stay with the Claude CLI" in refused.message
    assert await client.call("chat/list") == {}


async def test_a_token_that_came_with_the_chat_counts(client: Client, home: Home) -> None:
    env = {"ANTHROPIC_AUTH_TOKEN": "secret-token"}
    refused = await client.refused("chat/create", cwd=str(home.work), model=OWN, env=env)
    assert refused.name == "AnthropicBlocked"
    assert "ANTHROPIC_AUTH_TOKEN is set" in refused.message
    assert "secret-token" not in refused.message


async def test_a_token_that_came_with_a_chat_is_kept_nowhere(client: Client, home: Home) -> None:
    env = {"CLAUDE_CODE_OAUTH_TOKEN": "secret-token"}
    made = await client.call("chat/create", cwd=str(home.work), env=env)
    chat = Chat(client, made["chat"])
    await chat.turn("@text done")
    assert (await chat.refused("chat/configure", model=OWN)).name == "AnthropicBlocked"
    await chat.call("chat/environment", env=env)
    assert (await chat.refused("chat/configure", model=OWN)).name == "AnthropicBlocked"
    for path in (home.root / "data").rglob("*"):
        assert not path.is_file() or b"secret-token" not in path.read_bytes(), path


async def test_chat_configure_AnthropicBlocked(chat: Chat, claude: Claude) -> None:
    claude.is_signed_in("claude.ai")
    refused = await chat.refused("chat/configure", model="sonnet")
    assert refused.name == "AnthropicBlocked"
    assert (await chat.get()).get("model") is None
    let_through = await chat.refused("chat/configure", model=COPILOT)
    assert let_through.name == "ModelUnknown"


async def test_setting_set_AnthropicBlocked(client: Client, claude: Claude) -> None:
    claude.is_signed_in("claude.ai")
    refused = await client.refused("setting/set", key="default_model", value=OWN)
    assert refused.name == "AnthropicBlocked"
    await client.call("setting/set", key="default_model", value="openrouter/anthropic/claude-x")


async def test_claude_code_itself_is_for_who_has_a_subscription(
    client: Client, claude: Claude, home: Home
) -> None:
    claude.is_signed_in("claude.ai")
    made = (await client.call("chat/create", cwd=str(home.work), harness="claude"))["chat"]
    assert (made["harness"], made["backend"]) == ("claude", "anthropic")
    assert made["capabilities"] == {"images": True, "signIn": False, "sealed": "call"}
    told = await client.call("setting/set", key="default_model", value="claude/opus")
    assert told["setting"]["value"] == "claude/opus"
    await client.call("setting/set", key="default_agent_backend", value="claude")
    made = (await client.call("chat/create", cwd=str(home.work)))["chat"]
    assert (made["harness"], made["backend"]) == ("claude", "anthropic")


async def test_a_default_from_before_the_sign_in_is_refused_for_a_new_chat(
    client: Client, claude: Claude, home: Home
) -> None:
    await client.call("setting/set", key="default_model", value=OWN)
    claude.is_signed_in("claude.ai")
    refused = await client.refused("chat/create", cwd=str(home.work))
    assert refused.name == "AnthropicBlocked"


async def test_a_blocked_default_is_refused_as_one_and_no_other_model_is_taken(
    client: Client, claude: Claude, puppets: Puppets, home: Home
) -> None:
    await has_models(client, puppets, row("claude-opus-4-5", "anthropic"), row("x", "openrouter"))
    await client.call("setting/set", key="default_model", value=OWN)
    claude.is_signed_in("claude.ai")
    await client.refused("setting/set", key="default_model", value=OWN)
    for backend in ("", "pi"):
        await client.call("setting/set", key="default_agent_backend", value=backend)
        refused = await client.refused("chat/create", cwd=str(home.work))
        assert refused.name == "AnthropicBlocked"
    refused = await client.refused("chat/create", cwd=str(home.work), backend="pi")
    assert refused.name == "AnthropicBlocked"


async def test_turn_send_AnthropicBlocked(blocked: Chat, claude: Claude, puppet: Puppet) -> None:
    assert (await blocked.refused("turn/send", text="two")).name == "AnthropicBlocked"
    assert len(await blocked.items("user")) == 1
    claude.is_signed_in("none")
    await blocked.send("three")
    assert (await puppet.takes_prompt())["text"] == "three"


async def test_turn_retry_AnthropicBlocked(chat: Chat, puppet: Puppet, claude: Claude) -> None:
    turn_id = await chat.send("two")
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id, "failed", error="no")
    await chat.ended(turn_id)
    claude.is_signed_in("claude.ai")
    assert (await chat.refused("turn/retry")).name == "AnthropicBlocked"


async def test_chat_compact_AnthropicBlocked(blocked: Chat) -> None:
    assert (await blocked.refused("chat/compact")).name == "AnthropicBlocked"


@pytest.mark.parametrize(
    "text", ["/compact", "/steer left", "/retry", "/resume", f"/model {OWN}", "/model pi/opus"]
)
async def test_no_slash_command_leads_around_it(blocked: Chat, text: str) -> None:
    assert (await blocked.refused("turn/send", text=text)).name == "AnthropicBlocked"


@pytest.mark.parametrize("text", ["/usage", "/permissions full", "/stop", f"/model {COPILOT}"])
async def test_what_makes_no_model_work_goes_on(blocked: Chat, puppet: Puppet, text: str) -> None:
    number = await blocked.client.post("turn/send", chatId=blocked.id, text=text)
    if text.startswith(("/model", "/permissions")):
        await puppet.answers(await puppet.hears("configure"), {"sessionPath": "s", "model": "m"})
    assert (await blocked.client.result_of(number))["state"] == "command"


async def queued(chat: Chat, puppet: Puppet) -> tuple[str, str]:
    """A turn that runs, and one that waits."""
    running = await chat.send("two")
    await puppet.takes_prompt()
    return running, await chat.send("three")


async def test_a_message_that_waited_is_refused_when_it_would_begin(
    chat: Chat, puppet: Puppet, claude: Claude
) -> None:
    running, waiting = await queued(chat, puppet)
    await chat.send("four")
    claude.is_signed_in("claude.ai")
    await puppet.ends_turn(running)
    ended = await chat.ended(waiting)
    assert ended["reason"] == "failed"
    assert "`claude auth status` says claude.ai" in ended["error"]
    assert ("error", ended["error"]) in await chat.notices()
    told = await chat.call("queue/list")
    assert (len(told["entries"]), told["paused"]) == (1, True)
    assert [line["type"] for line in puppet.heard].count("prompt") == 2


async def test_queue_resume_AnthropicBlocked(chat: Chat, puppet: Puppet, claude: Claude) -> None:
    running, _ = await queued(chat, puppet)
    await puppet.ends_turn(running, "failed", error="no")
    await chat.event("queue/changed", lambda event: event.get("paused"))
    claude.is_signed_in("claude.ai")
    assert (await chat.refused("queue/resume")).name == "AnthropicBlocked"
    assert len((await chat.call("queue/list"))["entries"]) == 1


async def test_a_compaction_that_waited_is_refused_when_it_would_begin(
    chat: Chat, puppet: Puppet, claude: Claude
) -> None:
    running = await chat.send("two")
    await puppet.takes_prompt()
    await chat.call("chat/compact")
    claude.is_signed_in("claude.ai")
    await puppet.ends_turn(running)
    await chat.ended(running)
    assert "Pi cannot use Anthropic's models" in (await chat.notices())[-1][1]
    assert (await chat.get())["status"]["name"] == "idle"


async def test_a_message_that_waited_through_a_restart_is_refused_too(
    daemon: Daemon, chat: Chat, puppet: Puppet, claude: Claude
) -> None:
    running, waiting = await queued(chat, puppet)
    await daemon.stop()
    claude.is_signed_in("claude.ai")
    await puppet.ends_turn(running)
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(waiting))["reason"] == "failed"


async def test_a_sidecar_is_told_and_refuses_what_nobody_named(
    chat: Chat, claude: Claude, puppets: Puppets
) -> None:
    """Without a model named, the agent's own default could be one of Anthropic's."""
    claude.is_signed_in("claude.ai")
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    await puppet.says("credentials.wanted")
    start = await puppet.hears("start")
    told = await puppet.hears("credentials")
    assert "subscription" in told["blocked"]
    await puppet.refuses(start, "AnthropicBlocked", told["blocked"], model=OWN)
    assert (await chat.ended())["error"] == told["blocked"]


async def test_running_sidecars_are_told_when_the_sign_in_changes(
    chat: Chat, puppet: Puppet, claude: Claude
) -> None:
    await puppet.says("credentials.wanted")
    assert "blocked" not in await puppet.hears("credentials")
    claude.is_signed_in("claude.ai")
    await chat.refused("turn/send", text="two")
    assert (await puppet.hears("credentials"))["blocked"]
    claude.is_signed_in("none")
    await chat.send("two")
    assert "blocked" not in await puppet.hears("credentials")


async def models(client: Client) -> list[Json]:
    return list((await client.call("model/list"))["models"])


def others_than_its_own(models: list[Json]) -> list[str]:
    """Claude Code serves itself wherever it is installed, whatever Pi may use."""
    return [model["id"] for model in models if model.get("backend") != "anthropic"]


async def test_blocked_models_are_hidden_and_come_back(
    client: Client, claude: Claude, puppets: Puppets
) -> None:
    own, copilot = row("claude-opus-4-5", "anthropic"), row("claude-sonnet-4", "github-copilot")
    await has_models(client, puppets, own, copilot)
    assert others_than_its_own(await models(client)) == [COPILOT, OWN]
    claude.is_signed_in("claude.ai")

    await client.refused("setting/set", key="default_model", value=OWN)
    told = await client.call("model/list")
    assert others_than_its_own(told["models"]) == [COPILOT]
    assert "`claude auth status` says claude.ai" in told["trouble"]
    unknown = await client.refused("setting/set", key="default_model", value="claude-sonnet-4/x")
    assert COPILOT in unknown.data["nearest"]
    claude.is_signed_in("none")
    await client.call("setting/set", key="default_model", value=OWN)
    assert others_than_its_own(await models(client)) == [COPILOT, OWN]


async def test_the_seed_of_a_blocked_provider_is_not_shown(client: Client, claude: Claude) -> None:
    claude.is_signed_in("claude.ai")
    told = await client.call("model/list")
    assert others_than_its_own(told["models"]) == ["openai/gpt-5.4"]
    assert "trouble" not in told


async def test_an_api_key_is_stored_all_the_same_and_a_token_is_not(
    client: Client, claude: Claude, puppets: Puppets
) -> None:
    claude.is_signed_in("claude.ai")
    key = {"provider": "anthropic", "key": "sk-ant-api03-x"}
    number, agent = await begun(client, puppets, "provider/setKey", **key)
    agent.row = {"id": "anthropic", "name": "Anthropic", "ways": ["api_key", "oauth"]}
    agent.row["variables"] = ["ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN"]
    for kind in ("providers", "store.key", "models", "providers"):
        await agent.answers(kind)
    stored = (await client.result_of(number))["provider"]
    assert (stored["ways"], stored["variables"]) == (
        ["api_key", "environment"],
        ["ANTHROPIC_API_KEY"],
    )
    number = await client.post("provider/list")
    await agent.answers("providers")
    (listed_row,) = (await client.result_of(number))["providers"]
    assert "Claude subscription" in listed_row["blocked"]
    assert "models" not in listed_row
    await refuses_token(client, agent)


async def refuses_token(client: Client, agent: Agent) -> None:
    token = "sk-ant-oat01-secret"
    number = await client.post("provider/setKey", provider="anthropic", key=token)
    await agent.answers("providers")
    refused = await fault(client, number)
    assert refused["data"]["name"] == "InvalidParams"
    assert "secret" not in refused["message"]
