"""Settings: the defaults, what the user chose instead, and for which workspace."""

import contextlib
import sqlite3
from typing import Any

import pytest

from claudetted.protocol import places
from claudetted.protocol.settings import KNOWN
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, full_disk


async def get(client: Client, key: str) -> Json:
    return dict((await client.call("setting/get", key=key))["setting"])


async def every(client: Client) -> list[Json]:
    return list((await client.call("setting/list"))["settings"])


async def choose(client: Client, key: str, value: Any) -> Json:
    return dict((await client.call("setting/set", key=key, value=value))["setting"])


async def test_what_nobody_chose_has_its_default(client: Client) -> None:
    setting = await get(client, "default_level")
    assert setting["default"] == "standard"
    assert setting.get("value") is None
    assert setting["about"]
    assert setting["values"] == "readonly, standard, confined, full"
    assert setting["ofWorkspace"]
    assert (await get(client, "max_agents"))["values"] == "a whole number, at least 1"


async def test_a_choice_is_kept_and_can_be_taken_back(client: Client) -> None:
    assert (await choose(client, "notification", "off"))["value"] == "off"
    assert (await get(client, "notification"))["value"] == "off"
    assert (await choose(client, "notification", None)).get("value") is None
    assert (await get(client, "notification")).get("value") is None


async def test_a_choice_outlives_the_daemon(daemon: Daemon, client: Client) -> None:
    await choose(client, "notification_command", ["notify", "me"])
    await daemon.restart()
    again = await daemon.client()
    assert (await get(again, "notification_command"))["value"] == ["notify", "me"]


async def test_all_settings_are_listed(client: Client, home: Home) -> None:
    await choose(client, f"default_level:{home.work}", "readonly")
    settings = (await client.call("setting/list"))["settings"]
    chosen = {setting["key"]: setting.get("value") for setting in settings}
    assert chosen == {**dict.fromkeys(KNOWN), f"default_level:{home.work}": "readonly"}
    assert all(setting["about"] for setting in settings)


async def test_a_former_key_means_the_present_one(daemon: Daemon, client: Client) -> None:
    assert (await choose(client, "most_sidecars", 3))["key"] == "max_agents"
    assert (await get(client, "max_agents"))["value"] == 3


async def test_what_is_stored_under_a_former_key_is_read_and_taken_back(daemon: Daemon) -> None:
    await daemon.stop()
    with contextlib.closing(sqlite3.connect(places.database_path())) as stored:
        stored.execute("INSERT INTO setting VALUES ('most_sidecars', '3')")
        stored.commit()
    await daemon.start()
    client = await daemon.client()
    assert (await get(client, "max_agents"))["value"] == 3
    assert (await choose(client, "max_agents", None)).get("value") is None
    await daemon.restart()
    assert (await get(await daemon.client(), "max_agents")).get("value") is None


# default_level


async def test_a_new_chat_is_standard(new_chat: NewChat) -> None:
    assert (await new_chat()).made["level"] == "standard"


async def test_a_new_chat_has_the_level_that_the_user_chose(
    client: Client, new_chat: NewChat
) -> None:
    before = await new_chat()
    await choose(client, "default_level", "full")
    assert (await new_chat()).made["level"] == "full"
    assert (await new_chat(level="readonly")).made["level"] == "readonly"
    assert (await before.get())["level"] == "standard"


async def test_a_workspace_has_a_default_of_its_own(
    client: Client, new_chat: NewChat, home: Home
) -> None:
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    await choose(client, "default_level", "full")
    await choose(client, f"default_level:{home.work}", "readonly")
    assert (await new_chat()).made["level"] == "readonly"
    assert (await new_chat(cwd=str(elsewhere))).made["level"] == "full"
    await choose(client, f"default_level:{home.work}", None)
    assert (await new_chat()).made["level"] == "full"


@pytest.mark.parametrize("how", ["{root}/link", "{work}/", "{root}/./work"])
async def test_a_workspace_is_the_same_however_it_is_written(
    client: Client, new_chat: NewChat, home: Home, how: str
) -> None:
    (home.root / "link").symlink_to(home.work)
    written = how.format(root=home.root, work=home.work)
    setting = await choose(client, f"default_level:{written}", "full")
    assert setting["key"] == f"default_level:{home.work}"
    assert (await get(client, f"default_level:{written}"))["value"] == "full"
    assert (await new_chat()).made["level"] == "full"


# Of a chat


async def test_a_chats_model_and_provider_are_settings_too(
    daemon: Daemon, client: Client, chat: Chat
) -> None:
    model, provider = f"model:{chat.id}", f"model_provider:{chat.id}"
    assert (await get(client, model)).get("value") is None
    assert (await get(client, provider))["value"] == "pi"
    assert (await choose(client, model, "fake/large"))["value"] == "fake/large"
    assert (await chat.get())["model"] == "fake/large"
    await chat.call("chat/configure", model="fake/small")
    assert (await get(client, model))["value"] == "fake/small"
    listed = {row["key"]: row.get("value") for row in await every(client)}
    assert (listed[model], listed[provider]) == ("fake/small", "pi")
    await daemon.restart()
    again = await daemon.client()
    assert (await get(again, model))["value"] == "fake/small"
    assert (await get(again, provider))["value"] == "pi"


async def test_null_brings_the_default_model_back_to_a_chat(client: Client, chat: Chat) -> None:
    key = f"model:{chat.id}"
    refused = await client.refused("setting/set", key=key, value=None)
    assert "default_model" in refused.message
    await choose(client, "default_model", "fake/large")
    assert (await choose(client, key, None))["value"] == "fake/large"


@pytest.mark.parametrize("general", ["model", "model_provider"])
async def test_setting_get_ChatNotFound(client: Client, general: str) -> None:
    assert (await client.refused("setting/get", key=f"{general}:x")).name == "ChatNotFound"


@pytest.mark.parametrize("general", ["model", "model_provider"])
async def test_setting_set_ChatNotFound(client: Client, general: str) -> None:
    refused = await client.refused("setting/set", key=f"{general}:x", value="pi")
    assert refused.name == "ChatNotFound"


@pytest.mark.parametrize("value", ["", 1, ["pi"]])
async def test_a_chats_model_is_a_name(client: Client, chat: Chat, value: Any) -> None:
    refused = await client.refused("setting/set", key=f"model:{chat.id}", value=value)
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.value")


# Faults


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("default_level", "most"),
        ("default_level", ["full"]),
        ("notification", "loud"),
        ("notification_command", "one string"),
        ("notification_command", [1]),
    ],
)
async def test_a_value_must_fit_its_setting(client: Client, key: str, value: Any) -> None:
    refused = await client.refused("setting/set", key=key, value=value)
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.value")
    assert (await get(client, key)).get("value") is None


UNKNOWN = [
    "default_lvel",
    "",
    "model",
    "model_provider:",
    "default_level:work",
    "notification:/tmp",
    ":/tmp",
]


@pytest.mark.parametrize("key", UNKNOWN)
async def test_setting_get_SettingUnknown(client: Client, key: str) -> None:
    refused = await client.refused("setting/get", key=key)
    assert (refused.name, refused.data["key"]) == ("SettingUnknown", key)
    assert refused.data["nearest"]


@pytest.mark.parametrize("key", UNKNOWN)
async def test_setting_set_SettingUnknown(client: Client, key: str) -> None:
    refused = await client.refused("setting/set", key=key, value="full")
    assert (refused.name, refused.data["key"]) == ("SettingUnknown", key)
    settings = (await client.call("setting/list"))["settings"]
    assert [setting["key"] for setting in settings] == list(KNOWN)


async def test_what_a_setting_does_not_take_is_said_with_its_name(client: Client) -> None:
    refused = await client.refused("setting/set", key="max_agents", value="many")
    assert refused.message == "Invalid value of max_agents: Expected `int`, got `str`."
    refused = await client.refused("setting/get", key="max_agent")
    assert refused.message.startswith("There is no setting “max_agent”. Nearest: max_agents")


async def test_setting_set_StoreFull(client: Client) -> None:
    with full_disk():
        refused = await client.refused("setting/set", key="default_level", value="full")
    assert refused.name == "StoreFull"
    assert (await get(client, "default_level")).get("value") is None
