"""The record of decisions: every call is on it, automatic ones too, and nothing takes it away."""

import os
import signal
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.daemon.calls import asked_once, bash, recorded, tool
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home


async def commands(client: Client, **filters: Any) -> list[str]:
    return [one["request"].get("command", "") for one in await recorded(client, **filters)]


async def test_a_persons_decision_is_on_record(chat: Chat) -> None:
    await chat.client.call("daemon/hello", name="me", kind="test")
    turn, asked = await asked_once(chat, bash("touch one"))
    (open_one,) = await recorded(chat.client)
    assert open_one.get("outcome") is None
    await chat.decide(asked, "deny", reason="Not now.")
    await chat.ended(turn)
    (decision,) = await recorded(chat.client)
    assert decision["permissionId"] == asked["id"]
    assert (decision["chatId"], decision["tool"]) == (chat.id, "bash")
    assert decision["digest"] == asked["request"]["digest"]
    assert (decision["outcome"], decision["reason"]) == ("deny", "Not now.")
    assert decision["automatic"] is False
    assert decision["by"].startswith("me/test")
    assert decision["openedAt"] <= decision["resolvedAt"]
    assert decision["request"] == asked["request"]


async def test_a_decision_that_nobody_was_asked_for_is_on_record(chat: Chat, home: Home) -> None:
    (home.work / "a.txt").write_text("x")
    await chat.call("rule/add", text="allow bash command touch")
    await chat.turn(f"{tool('read', path='a.txt')} @then {bash('touch one')}")
    read, touch = await recorded(chat.client)
    for decision in (read, touch):
        assert (decision["outcome"], decision["by"]) == ("allow", "daemon")
        assert decision["automatic"] is True
        assert decision["reason"]
    assert not read.get("rule")
    assert touch["rule"] == "allow bash command touch"
    assert read["request"]["paths"] == [str(home.work / "a.txt")]


@pytest.mark.parametrize("level", ["standard", "full"])
async def test_every_call_is_on_record_once(new_chat: NewChat, home: Home, level: str) -> None:
    (home.work / "a.txt").write_text("x")
    chat = await new_chat(level=level)
    calls = [
        tool("read", path="a.txt"),
        tool("ls"),
        tool("find", path="."),
        tool("grep", path="."),
        tool("write", path="b.txt", content="x"),
        bash("touch one"),
        tool("mcp__some__tool", a=1),
    ]
    turn = await chat.send(" ".join(calls))
    for asked in await chat.asked(3) if level == "standard" else []:
        await chat.decide(asked, "allow")
    await chat.ended(turn)
    decisions = await recorded(chat.client)
    assert sorted(one["tool"] for one in decisions) == sorted(
        ["read", "ls", "find", "grep", "write", "bash", "mcp__some__tool"]
    )
    assert {one["outcome"] for one in decisions} == {"allow"}
    items = await chat.items("tool")
    assert len(items) == len(decisions)


@pytest.mark.parametrize(("ending", "outcome"), [("stop", "withdrawn"), ("death", "lost")])
async def test_a_request_that_nobody_decided_is_on_record(
    chat: Chat, home: Home, ending: str, outcome: str
) -> None:
    turn = await chat.send(f"{bash('touch one')} {bash('touch two')}")
    await chat.asked(2)
    if ending == "stop":
        await chat.call("turn/stop")
    else:
        os.kill((await chat.snapshot())["sidecar"]["pid"], signal.SIGKILL)
    await chat.ended(turn)
    assert {one["outcome"] for one in await recorded(chat.client)} == {outcome}
    assert list(home.work.iterdir()) == []


# Filters


async def test_it_is_found_by_chat_tool_and_path(new_chat: NewChat, home: Home) -> None:
    one, other = await new_chat(level="full"), await new_chat(level="full")
    await one.turn(f"{bash('touch one')} @then {tool('write', path='a/b.txt', content='x')}")
    await other.turn(bash("touch two"))
    client = one.client
    assert len(await recorded(client)) == 3
    assert await commands(client, chatId=other.id) == ["touch two"]
    assert await commands(client, chatId=one.id, tool="bash") == ["touch one"]
    assert await commands(client, path="two") == ["touch two"]
    (written,) = await recorded(client, path=str(home.work / "a"))
    assert written["tool"] == "write"
    assert await recorded(client, chatId=other.id, path="b.txt") == []


ODD = 'a "b" \\ ü\tc'


async def test_a_path_is_found_whatever_its_letters(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    await chat.turn(tool("write", path=ODD, content="x"))
    await chat.turn(bash(f"touch '{ODD}'"))
    assert [one["tool"] for one in await recorded(chat.client, path=ODD)] == ["write", "bash"]


async def test_only_paths_and_commands_are_searched(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    await chat.turn(tool("write", path="b.txt", content="what is written"))
    for word in ('"digest"', '"paths"', "what is written", "sha"):
        assert await recorded(chat.client, path=word) == [], word


async def test_it_is_found_by_time(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    for name in ("one", "two", "three"):
        await chat.turn(bash(f"touch {name}"))
    second = (await recorded(chat.client))[1]["openedAt"]
    assert await commands(chat.client, since=second) == ["touch two", "touch three"]
    assert await commands(chat.client, until=second) == ["touch one"]
    assert await commands(chat.client, since=second, until=second) == []


def offset(moment: datetime) -> str:
    return moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()


def whole_seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


@pytest.mark.parametrize("write", [offset, whole_seconds, microseconds])
async def test_a_time_may_be_written_as_rfc_3339_allows(new_chat: NewChat, write: Any) -> None:
    chat = await new_chat(level="full")
    await chat.turn(bash("touch one"))
    at = datetime.fromisoformat((await recorded(chat.client))[0]["openedAt"])
    assert at.tzinfo == UTC
    before, after = at - timedelta(seconds=1), at + timedelta(seconds=1)
    assert await commands(chat.client, since=write(before), until=write(after)) == ["touch one"]
    assert await commands(chat.client, until=write(before)) == []
    assert await commands(chat.client, since=write(after)) == []


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize(
    "value",
    [
        *("yesterday", "2026-13-01T00:00:00Z", "2026-11-23T10:00:00", ""),
        *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
    ],
)
async def test_a_time_that_is_none_is_refused(client: Client, name: str, value: str) -> None:
    refused = await client.refused("permission/audit", **{name: value})
    assert (refused.name, refused.data["path"]) == ("InvalidParams", f"$.{name}")


# Pages


async def test_it_comes_in_pages_the_newest_first(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    await chat.turn(" ".join(tool("ls") for _ in range(7)))
    whole = (await chat.client.call("permission/audit"))["decisions"]
    assert len(whole) == 7
    pages: list[Json] = []
    cursor = None
    while True:
        page = await chat.client.call("permission/audit", limit=3, cursor=cursor)
        pages += page["decisions"]
        if not (cursor := page.get("cursor")):
            break
    assert pages == whole
    assert [one["openedAt"] for one in whole] == sorted(
        (one["openedAt"] for one in whole), reverse=True
    )


async def test_a_cursor_that_is_none_is_refused(client: Client) -> None:
    refused = await client.refused("permission/audit", cursor="elsewhere")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.cursor")


# What stays


async def test_a_decision_outlives_its_chat_and_what_was_asked_goes(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("echo a secret thing"))
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    (before,) = await recorded(chat.client)
    await chat.call("chat/delete")
    (after,) = await recorded(chat.client)
    assert after == {key: value for key, value in before.items() if key != "request"}
    assert await recorded(chat.client, path="secret") == []


async def test_a_chat_deleted_while_it_asks_leaves_a_decision(chat: Chat) -> None:
    await asked_once(chat, bash("touch one"))
    await chat.call("chat/delete")
    (decision,) = await recorded(chat.client)
    assert decision["outcome"] == "withdrawn"
    assert "request" not in decision


async def test_the_record_outlives_the_daemon(daemon: Daemon, new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    await chat.turn(bash("touch one"))
    before = await recorded(chat.client)
    await daemon.restart()
    assert await recorded(await daemon.client()) == before
