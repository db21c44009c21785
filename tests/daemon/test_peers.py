"""What users of comparable programs complain of about permissions; the numbers are those of the
field research's list of demands, sections A and B."""

import os
import signal
from typing import Any

import pytest

from tests.daemon.calls import asked_once, bash, recorded, tool
from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home


async def seen_by(client: Client, chat: Chat) -> Chat:
    """The chat as another client follows it."""
    seen = Chat(client, chat.made)
    await seen.call("event/subscribe")
    return seen


# A. Lost, stuck, doubled


async def test_peer_01_a_question_outlives_the_daemon_and_can_still_be_answered(
    daemon: Daemon, chat: Chat, home: Home
) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    for _ in range(2):
        await daemon.restart()
    again = await seen_by(await daemon.client(), chat)
    assert (await again.snapshot())["permissions"] == [asked]
    listed = await again.client.call("permission/list")
    assert listed["permissions"] == [asked]
    await again.decide(asked, "allow")
    assert (await again.ended(turn))["reason"] == "done"
    assert (home.work / "one").exists()


async def test_peer_02_a_question_ends_with_the_agent_that_asked(chat: Chat, home: Home) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    os.kill((await chat.snapshot())["sidecar"]["pid"], signal.SIGKILL)
    resolved = await chat.event("permission/resolved")
    assert resolved["resolution"]["outcome"] == "lost"
    assert "did not run" in resolved["resolution"]["reason"]
    assert (await chat.ended(turn))["reason"] == "lost"
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert (refused.name, refused.data["decision"]) == ("PermissionGone", "lost")
    assert (await chat.get()).get("openPermissions", 0) == 0
    assert not (home.work / "one").exists()


async def test_peer_02_an_interrupt_leaves_no_question_open(chat: Chat, home: Home) -> None:
    turn = await chat.send(f"{bash('touch one')} {bash('touch two')}")
    await chat.asked(2)
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"
    outcomes = [event["resolution"]["outcome"] for event in chat.events("permission/resolved")]
    assert outcomes == ["withdrawn", "withdrawn"]
    assert "permissions" not in await chat.client.call("permission/list")
    assert list(home.work.iterdir()) == []


MALFORMED: list[dict[str, Any]] = [
    {},
    {"decision": "yes"},
    {"decision": "allow", "scope": "forever"},
    {"decision": "allow", "digest": "another"},
    {"decision": "allow", "reason": 7},
    {"decision": "allow", "updatedInput": {"command": "rm -rf /"}},
    {"decision": ["allow"]},
]


async def test_peer_03_a_malformed_answer_consumes_nothing(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    for params in MALFORMED:
        refused = await chat.client.refused("permission/decide", permissionId=asked["id"], **params)
        assert refused.name in ("InvalidParams", "DigestMismatch")
        assert (await chat.call("permission/list"))["permissions"] == [asked]
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_peer_04_with_nobody_attached_a_question_just_waits(
    daemon: Daemon, chat: Chat, home: Home
) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    await chat.client.close()
    watcher = await daemon.client()
    while (await watcher.call("daemon/status"))["clients"] > 1:
        pass
    later = await seen_by(watcher, chat)
    assert (await later.get())["status"]["name"] == "waiting"
    assert [one["id"] for one in (await later.call("permission/list"))["permissions"]] == [
        asked["id"]
    ]
    await later.decide(asked, "allow")
    assert (await later.ended(turn))["reason"] == "done"
    assert (home.work / "one").exists()


async def test_peer_05_who_reconnects_gets_each_question_once_and_no_old_one(
    daemon: Daemon, chat: Chat
) -> None:
    turn, old = await asked_once(chat, f"{bash('touch one')} @then {bash('touch two')}")
    cursor = (await chat.snapshot())["cursor"]
    await chat.decide(old, "allow")
    opened = await chat.event(
        "permission/opened", lambda event: event["permission"]["id"] != old["id"]
    )
    fresh = Chat(await daemon.client(), chat.made)
    assert (await fresh.snapshot())["permissions"] == [opened["permission"]]
    resumed = Chat(await daemon.client(), chat.made)
    assert (await resumed.call("event/subscribe", after=cursor))["resumed"]
    (asked,) = await resumed.asked()
    assert asked == opened["permission"]
    assert [event["permission"]["id"] for event in resumed.events("permission/opened")] == [
        asked["id"]
    ]
    await resumed.decide(asked, "deny")
    await resumed.ended(turn)


async def test_peer_06_a_question_that_is_over_is_over_for_everybody(
    daemon: Daemon, chat: Chat
) -> None:
    other = await seen_by(await daemon.client(), chat)
    turn, asked = await asked_once(chat, bash("touch one"))
    await other.asked()
    await chat.call("turn/stop")
    await chat.ended(turn)
    await other.event("permission/resolved", lambda event: event["permissionId"] == asked["id"])
    assert "permissions" not in await other.snapshot()
    refused = await other.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert (refused.name, refused.data["decision"]) == ("PermissionGone", "withdrawn")


async def test_peer_07_a_chat_that_waits_for_somebody_says_so_everywhere(
    daemon: Daemon, chat: Chat
) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    await chat.status("waiting")
    client = await daemon.client()
    (listed,) = (await client.call("chat/list"))["chats"]
    for told in (listed, await chat.get()):
        assert told["status"]["name"] == "waiting"
        assert told["status"]["why"]
        assert told["attention"] == ["permission"]
        assert told["openPermissions"] == 1
    assert [one["id"] for one in (await client.call("attention/list"))["chats"]] == [chat.id]
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    await chat.status("idle")


# B. Rules


async def test_peer_08_always_does_not_override_a_denial(chat: Chat, home: Home) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    await chat.call("rule/add", text="deny bash command touch")
    await chat.decide(asked, "allow", scope="user")
    await chat.ended(turn)
    await chat.turn(bash("touch two"))
    assert [one["outcome"] for one in await recorded(chat.client)] == ["allow", "deny"]
    assert not (home.work / "two").exists()


async def test_peer_08_what_one_agent_was_granted_is_not_granted_to_another(
    new_chat: NewChat,
) -> None:
    one, other = await new_chat(), await new_chat()
    turn, asked = await asked_once(one, bash("touch one"))
    await one.decide(asked, "allow", scope="chat")
    await one.ended(turn)
    turn, asked = await asked_once(other, bash("touch one"))
    await other.decide(asked, "deny")
    await other.ended(turn)


async def test_peer_09_what_was_granted_for_good_is_listed_and_revoked(
    daemon: Daemon, chat: Chat
) -> None:
    for scope in ("workspace", "user"):
        turn, asked = await asked_once(chat, bash(f"mkdir {scope}; rmdir {scope}"))
        await chat.decide(asked, "allow", scope=scope)
        await chat.ended(turn)
        await daemon.restart()
        chat = await seen_by(await daemon.client(), chat)
        rules = (await chat.client.call("rule/list"))["rules"]
        mine = [rule for rule in rules if rule["by"] != "built-in"]
        assert {rule.get("scope", "user") for rule in mine} == {scope}
        assert all(rule["text"] and rule["at"] and rule["by"] for rule in mine)
        for rule in mine:
            await chat.client.call("rule/remove", ruleId=rule["id"])
        turn, asked = await asked_once(chat, bash(f"mkdir {scope}; rmdir {scope}"))
        await chat.decide(asked, "deny")
        await chat.ended(turn)


@pytest.mark.parametrize(
    "name", ["multiedit", "patch", "apply_patch", "Bash", "mcp__files__write", "codemode", "readx"]
)
async def test_peer_10_a_tool_that_nobody_knows_asks(chat: Chat, name: str) -> None:
    turn, asked = await asked_once(chat, tool(name, path="a"))
    assert asked["request"]["tool"] == name
    assert asked["why"]
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def test_peer_10_a_tool_is_judged_by_what_it_does_and_not_by_its_name(
    puppets: Puppets, chat: Chat, home: Home
) -> None:
    turn = await chat.send("work")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    calls: list[dict[str, Any]] = [
        {"tool": "read", "access": "write", "paths": [str(home.work / "a")]},
        {"tool": "ls", "access": "run", "command": "touch one", "cwd": str(home.work)},
        {"tool": "grep", "access": "fetch", "hosts": ["example.org"]},
        {"tool": "find", "access": "unknown"},
        {"tool": "read", "access": "read"},
    ]
    for number, request in enumerate(calls):
        await puppet.says("item.open", item=f"i{number}", kind="tool", tool={"name": "x"})
        request["digest"] = str(number)
        await puppet.says("ask", ask=f"a{number}", item=f"i{number}", request=request)
    assert len(await chat.asked(len(calls))) == len(calls)
    await puppet.ends_turn(turn)
    await chat.ended(turn)


async def test_peer_11_one_switch_ends_all_asking(
    client: Client, new_chat: NewChat, home: Home
) -> None:
    await client.call("setting/set", key="default_level", value="full")
    chat = await new_chat()
    outside = home.root / "outside.txt"
    outside.write_text("x")
    calls = [
        bash(f"curl --version; echo $(date) > {home.root}/made; eval 'touch one'"),
        tool("read", path=str(outside)),
        tool("write", path=str(outside), content="y"),
        tool("mcp__some__tool"),
    ]
    await chat.turn(" ".join(calls))
    assert not chat.events("permission/opened")
    assert {one["outcome"] for one in await recorded(client)} == {"allow"}
    assert outside.read_text() == "y"
    assert (home.work / "one").exists()
