"""Why a request asks, and what would become of a call that nobody made."""

from typing import Any

import pytest

from tests.daemon.calls import asked_once, bash, recorded
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Home


async def explained(chat: Chat, **call: Any) -> Json:
    return dict(await chat.call("permission/explain", **call))


async def test_an_open_request_is_explained_as_it_was_shown(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    told = await chat.client.call("permission/explain", permissionId=asked["id"])
    assert told["effect"] == "ask"
    for part in ("why", "suggested", "scopes"):
        assert told[part] == asked[part]
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def test_an_open_request_is_explained_by_the_rules_of_now(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    rule = (await chat.call("rule/add", text="allow bash command touch"))["rule"]
    told = await chat.client.call("permission/explain", permissionId=asked["id"])
    assert (told["effect"], told["rule"]) == ("allow", rule)
    await chat.decide(asked, "deny")
    await chat.ended(turn)


@pytest.mark.parametrize(
    ("call", "effect"),
    [
        ({"command": "pwd"}, "allow"),
        ({"command": "touch one"}, "ask"),
        ({"command": "cat ~/.ssh/id_rsa"}, "deny"),
        ({"tool": "read", "access": "read", "paths": ["a.txt"]}, "allow"),
        ({"tool": "read", "access": "read", "paths": ["../a.txt"]}, "ask"),
        ({"tool": "read", "access": "read", "paths": ["link"]}, "ask"),
        ({"tool": "write", "access": "write", "paths": ["a.txt"]}, "ask"),
        ({"tool": "fetch", "access": "fetch", "hosts": ["example.org"]}, "ask"),
        ({"tool": "mcp__x__y", "access": "unknown"}, "ask"),
    ],
)
async def test_a_call_that_nobody_made_is_explained(
    chat: Chat, home: Home, call: dict[str, Any], effect: str
) -> None:
    (home.work / "link").symlink_to("/etc/hostname")
    told = await explained(chat, **call)
    assert told["effect"] == effect
    assert told["why"]


async def test_a_path_that_no_file_can_have_is_explained(chat: Chat) -> None:
    for call in (
        {"tool": "read", "access": "read", "paths": ["a\0b"]},
        {"tool": "read", "access": "read", "paths": ["/" + "x" * 5000]},
        {"command": "cat a\0b"},
    ):
        assert (await explained(chat, **call))["effect"] in ("ask", "allow")
    assert (await chat.snapshot())["chat"]["status"]["name"] == "idle"


async def test_an_explanation_depends_on_the_chats_level(new_chat: NewChat) -> None:
    effects = {}
    for level in ("readonly", "standard", "full"):
        chat = await new_chat(level=level)
        effects[level] = (await explained(chat, command="touch one"))["effect"]
    assert effects == {"readonly": "deny", "standard": "ask", "full": "allow"}


async def test_explaining_leaves_no_trace(chat: Chat) -> None:
    before = await chat.snapshot()
    await explained(chat, command="touch one")
    assert await chat.snapshot() == before
    assert await recorded(chat.client) == []


async def test_it_needs_to_be_told_what_to_explain(client: Client) -> None:
    refused = await client.refused("permission/explain", command="touch one")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.permissionId")


async def test_permission_explain_ChatNotFound(client: Client) -> None:
    refused = await client.refused("permission/explain", chatId="nobody", command="ls")
    assert (refused.name, refused.data["chatId"]) == ("ChatNotFound", "nobody")


async def test_permission_explain_PermissionNotFound(client: Client) -> None:
    refused = await client.refused("permission/explain", permissionId="nothing")
    assert (refused.name, refused.data["permissionId"]) == ("PermissionNotFound", "nothing")


async def test_permission_explain_PermissionGone(chat: Chat) -> None:
    await chat.client.call("daemon/hello", name="me", kind="test")
    turn, asked = await asked_once(chat, bash("touch one"))
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    refused = await chat.client.refused("permission/explain", permissionId=asked["id"])
    assert (refused.name, refused.data["decision"]) == ("PermissionGone", "deny")
    assert refused.data["by"].startswith("me/test")
