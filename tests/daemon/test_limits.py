"""A client that has taken rights from its own connection, as an editor's bridge does."""

from typing import Any

import pytest

from claudetted.protocol.permissions import Level
from tests.daemon import test_questions
from tests.daemon.calls import asked_once, bash
from tests.daemon.client import Client, Json, Refused
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon


async def limited(daemon: Daemon, **limits: Any) -> Client:
    client = await daemon.client()
    await client.call("daemon/hello", name="me", kind="editor", limits=limits)
    return client


def stopped_by(refused: Refused, limit: str) -> bool:
    return (refused.data["name"], refused.data["limit"]) == ("NotAllowed", limit)


@pytest.mark.parametrize("level", ["confined", "full"])
async def test_it_sets_no_level_above_its_own(daemon: Daemon, chat: Chat, level: Level) -> None:
    client = await limited(daemon, level="standard")
    for method, params in (
        ("chat/configure", {"chatId": chat.id, "level": level}),
        ("chat/create", {"cwd": (await chat.get())["cwd"], "level": level}),
        ("turn/send", {"chatId": chat.id, "text": f"/level {level}"}),
        ("turn/send", {"chatId": chat.id, "text": f"/permissions {level}"}),
    ):
        assert stopped_by(await client.refused(method, **params), "level"), method
    assert (await chat.get())["level"] == "standard"
    await client.call("chat/configure", chatId=chat.id, level="readonly")


async def test_its_new_chats_are_within_its_level(daemon: Daemon, client: Client) -> None:
    await client.call("setting/set", key="default_level", value="full")
    cwd = str(daemon.home.work)
    made = await (await limited(daemon, level="standard")).call("chat/create", cwd=cwd)
    assert made["chat"]["level"] == "standard"
    assert (await client.call("chat/create", cwd=cwd))["chat"]["level"] == "full"


async def test_it_still_carries_the_environment_of_its_user(daemon: Daemon, chat: Chat) -> None:
    client = await limited(daemon, right="configure")
    await client.call("event/subscribe", chatId=chat.id, env={"PATH": "/mine"})
    assert (await chat.call("chat/environment"))["env"]["PATH"] == "/mine"


async def test_it_gives_no_work_to_a_chat_above_its_level(daemon: Daemon, chat: Chat) -> None:
    await chat.call("chat/configure", level="full")
    client = await limited(daemon, level="standard")
    for method, params in (
        ("turn/send", {"text": "hello"}),
        ("turn/send", {"text": "/steer hello"}),
        ("turn/send", {"text": "/retry"}),
        ("turn/retry", {}),
        ("queue/edit", {"turnId": "none", "text": "other"}),
        ("queue/resume", {}),
        ("chat/compact", {}),
        ("turn/send", {"text": "/compact"}),
        ("turn/send", {"text": "/resume"}),
    ):
        refused = await client.refused(method, chatId=chat.id, **params)
        assert stopped_by(refused, "level"), method
    assert (await client.call("turn/send", chatId=chat.id, text="/level readonly"))["state"]
    sent = await client.call("turn/send", chatId=chat.id, text="hello")
    assert (await chat.ended(sent["turnId"]))["reason"] == "done"


async def test_it_denies_and_does_not_approve(daemon: Daemon, chat: Chat) -> None:
    client = await limited(daemon, allow=False)
    turn, asked = await asked_once(chat, bash("touch one"))
    decision = {"permissionId": asked["id"]}
    assert stopped_by(
        await client.refused("permission/decide", **decision, decision="allow"), "allow"
    )
    for method, params in (
        ("rule/add", {"text": "allow bash"}),
        ("rule/remove", {"ruleId": "any"}),
    ):
        assert stopped_by(await client.refused(method, **params), "allow"), method
    await client.call("permission/decide", **decision, decision="deny")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_it_trusts_no_project(daemon: Daemon, chat: Chat, puppets: Puppets) -> None:
    await test_questions.begun(chat, puppets)
    question = await test_questions.asked(chat)
    client = await limited(daemon, allow=False)
    answer: Json = {"questionId": question["id"], "value": "yes"}
    assert stopped_by(await client.refused("question/answer", **answer), "allow")


async def test_what_it_gave_up_stays_given_up(daemon: Daemon, chat: Chat) -> None:
    client = await limited(daemon, right="work", level="standard", allow=False)
    await client.call("daemon/hello", name="me", kind="editor")
    await client.call("daemon/hello", name="me", kind="editor", limits={"right": "administer"})
    refused = await client.refused("setting/set", key="default_level", value="full")
    assert (refused.data["needs"], refused.data["has"]) == ("administer", "work")
    _, asked = await asked_once(chat, bash("touch one"))
    decision = {"permissionId": asked["id"], "decision": "allow"}
    assert stopped_by(await client.refused("permission/decide", **decision), "allow")
    await chat.call("chat/configure", level="full")
    assert stopped_by(await client.refused("turn/send", chatId=chat.id, text="hello"), "level")
