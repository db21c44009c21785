"""A peer with less than every right: no parameter does for it what a method would refuse."""

from collections.abc import Awaitable, Callable

import pytest

from claudetted.protocol.rights import Right
from claudetted.rpc.doors import unix
from claudetted.rpc.doors.peer import Peer, Rights
from tests.daemon import test_questions
from tests.daemon.calls import asked_once, bash, recorded
from tests.daemon.client import Client, Json, Refused
from tests.daemon.puppet import Puppets
from tests.daemon.test_login_in_a_chat import KEYED, choosing
from tests.daemon.world import Chat, Daemon, Home

Guest = Callable[[Right], Awaitable[Client]]


@pytest.fixture
def guest(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """A client that the door gives one right."""

    async def enter(right: Right) -> Client:
        rights = Rights(right, environment=right == "administer")
        with monkeypatch.context() as patch:
            patch.setattr(unix, "_peer", lambda *_: Peer("a guest", "user", rights))
            client = await daemon.client()
            await client.call("daemon/hello", name="me", kind="test")
        return client

    return enter


def lacks(refused: Refused, needs: Right, has: Right) -> bool:
    return refused.data == {"name": "NotAllowed", "needs": needs, "has": has}


async def test_it_allows_once_and_leaves_no_rule(guest: Guest, chat: Chat) -> None:
    client = await guest("decide")
    rules = await client.call("rule/list")
    turn, asked = await asked_once(chat, bash("touch one"))
    decision = {"permissionId": asked["id"], "decision": "allow"}
    wider = await client.refused("permission/decide", **decision, scope="chat")
    assert lacks(wider, "configure", "decide")
    await client.call("permission/decide", **decision)
    assert (await chat.ended(turn))["reason"] == "done"
    assert await client.call("rule/list") == rules
    (last,) = await recorded(client, chatId=chat.id)
    assert (last["outcome"], last["by"]) == ("allow", "me/test (a guest)")


async def test_it_denies_for_as_long_as_it_likes(guest: Guest, chat: Chat) -> None:
    client = await guest("decide")
    turn, asked = await asked_once(chat, bash("touch one"))
    params = {"permissionId": asked["id"], "decision": "deny", "scope": "chat"}
    assert (await client.call("permission/decide", **params))["resolution"]["scope"] == "chat"
    assert (await chat.ended(turn))["reason"] == "done"


async def test_it_creates_a_chat_as_the_settings_have_it(guest: Guest, home: Home) -> None:
    client = await guest("work")
    choices = {"level": "full", "model": "a/b", "backend": "b", "thinking": "high", "harness": "pi"}
    for choice in ({name: value} for name, value in choices.items()):
        refused = await client.refused("chat/create", cwd=str(home.work), **choice)
        assert lacks(refused, "configure", "work"), choice
    made = await client.call("chat/create", cwd=str(home.work))
    assert made["chat"]["level"] == "standard"


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("/level full", "configure"),
        ("/permissions full", "configure"),
        ("/model a/b", "configure"),
        ("/thinking high", "configure"),
        ("/login openai", "administer"),
        ("/login cancel", "administer"),
    ],
)
async def test_it_sends_no_command_that_does_more_than_work(
    guest: Guest, chat: Chat, command: str, needs: Right
) -> None:
    client = await guest("work")
    before = await chat.get()
    refused = await client.refused("turn/send", chatId=chat.id, text=command)
    assert lacks(refused, needs, "work")
    assert await chat.get() == before


async def test_a_command_that_only_shows_is_for_whoever_works(guest: Guest, chat: Chat) -> None:
    client = await guest("work")
    told = await client.call("turn/send", chatId=chat.id, text="/level")
    assert (told["command"], told["state"]) == ("/level", "command")


@pytest.mark.parametrize("way", ["question/answer", "turn/send"])
async def test_it_does_not_trust_a_project(
    guest: Guest, chat: Chat, puppets: Puppets, way: str
) -> None:
    await test_questions.begun(chat, puppets)
    question = await test_questions.asked(chat)
    client = await guest("work")
    params: Json = {
        "question/answer": {"questionId": question["id"], "value": "yes"},
        "turn/send": {"chatId": chat.id, "text": "1"},
    }[way]
    assert lacks(await client.refused(way, **params), "configure", "work")
    assert (await chat.call("question/list"))["questions"] == [question]


async def test_it_sets_up_no_provider(guest: Guest, chat: Chat, puppets: Puppets) -> None:
    _, question = await choosing(chat, puppets, KEYED)
    client = await guest("configure")
    answer = {"questionId": question["id"], "value": "openai"}
    assert lacks(await client.refused("question/answer", **answer), "administer", "configure")
    assert (await chat.call("question/list"))["questions"] == [question]


@pytest.mark.parametrize(
    ("right", "method", "more"),
    [
        ("watch", "event/subscribe", {}),
        ("configure", "event/subscribe", {}),
        ("configure", "turn/send", {"text": "hello"}),
    ],
)
async def test_it_brings_no_environment(
    guest: Guest, chat: Chat, right: Right, method: str, more: Json
) -> None:
    before = await chat.call("chat/environment")
    client = await guest(right)
    await client.call(method, chatId=chat.id, env={"PATH": "/evil"}, **more)
    assert await chat.call("chat/environment") == before
    owner = await guest("administer")
    await owner.call(method, chatId=chat.id, env={"PATH": "/mine"}, **more)
    assert (await chat.call("chat/environment"))["env"]["PATH"] == "/mine"


async def test_its_chat_has_no_environment_of_its_own(guest: Guest, home: Home) -> None:
    client = await guest("configure")
    made = await client.call("chat/create", cwd=str(home.work), env={"LD_PRELOAD": "/evil"})
    mine = Chat(client, made["chat"])
    assert not (await mine.call("chat/environment")).get("env")
    refused = await mine.refused("chat/environment", env={"LD_PRELOAD": "/evil"})
    assert lacks(refused, "administer", "configure")
    assert not (await mine.call("chat/environment")).get("env")


async def test_it_is_told_its_rights(guest: Guest) -> None:
    client = await guest("work")
    hello = await client.call("daemon/hello", name="me", kind="test")
    assert hello["rights"] == ["watch", "decide", "work"]
