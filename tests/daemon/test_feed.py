"""The feed tells every client that providers, models or sign-ins are not what they were."""

import pytest

from tests.daemon.client import Client, Json
from tests.daemon.control_sidecar import Agent, begun
from tests.daemon.puppet import Puppets
from tests.daemon.test_logins import asks, started
from tests.daemon.test_models import has_models, row
from tests.daemon.world import Daemon, Home
from tests.fakes.claude import Claude


@pytest.fixture
async def follower(daemon: Daemon) -> Client:
    client = await daemon.client()
    await client.call("event/subscribe", all=True)
    return client


def told(follower: Client) -> list[Json]:
    return [frame["params"] for frame in follower.told if frame["method"] == "feed"]


async def subjects(follower: Client, *wanted: str) -> None:
    """Returns when just these were told."""
    await follower.until(lambda: len(told(follower)) >= len(wanted))
    assert [params["subject"] for params in told(follower)] == list(wanted)


async def has_key(client: Client, agent: Agent, number: int) -> None:
    for kind in ("providers", "store.key", "models", "providers"):
        await agent.answers(kind)
    await client.result_of(number)


async def test_a_credential_of_one_client_is_news_for_all(
    client: Client, follower: Client, puppets: Puppets
) -> None:
    key = {"provider": "openai", "key": "sk-secret"}
    number, agent = await begun(client, puppets, "provider/setKey", **key)
    await has_key(client, agent, number)
    await subjects(follower, "providers", "models")
    assert told(follower) == [{"subject": "providers"}, {"subject": "models"}]


async def test_a_new_look_and_a_new_default_are_news(
    client: Client, follower: Client, puppets: Puppets
) -> None:
    await has_models(client, puppets, row("gpt-5"))
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    await subjects(follower, "models", "models")


async def test_each_step_of_a_sign_in_is_told_to_all(
    client: Client, follower: Client, puppets: Puppets
) -> None:
    login, agent, begin = await started(client, puppets)
    await asks(client, agent, login)
    await agent.puppet.refuses(begin, "HarnessFailed", "Denied.")
    await subjects(follower, "login", "login", "login")
    states = [(params["login"]["id"], params["login"].get("asks")) for params in told(follower)]
    assert states == [(login, None), (login, "text"), (login, None)]
    assert told(follower)[-1]["login"]["message"] == "Denied."


async def test_a_claude_subscription_that_comes_or_goes_is_news(
    client: Client, follower: Client, home: Home
) -> None:
    claude = Claude(home.root / "home/.local/bin/claude")
    claude.is_signed_in("none")
    await client.call("model/list")
    claude.is_signed_in("claude.ai")
    await client.call("model/list")
    await subjects(follower, "providers", "models")
