"""Permissions: asked, shown to everybody, decided once; whatever dies meanwhile."""

import hashlib
import json
import os
import signal

import trio

from tests.daemon.calls import bash, tool
from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, full_disk


async def exists(home: Home, name: str) -> bool:
    return await trio.Path(home.work / name).exists()


# permission/list


async def test_a_request_says_all_that_a_person_needs(home: Home, chat: Chat) -> None:
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    request = asked["request"]
    assert (request["tool"], request["access"]) == ("bash", "run")
    assert request["command"] == "touch made"
    assert request["cwd"] == str(home.work)
    assert request["digest"]
    assert asked["why"]
    (listed,) = (await chat.call("permission/list"))["permissions"]
    assert listed == asked
    (listed,) = (await chat.client.call("permission/list"))["permissions"]
    assert listed == asked
    (snapshot,) = (await chat.snapshot())["permissions"]
    assert snapshot == asked
    got = await chat.get()
    assert (got["status"]["name"], got["openPermissions"]) == ("waiting", 1)
    (item,) = (await chat.snapshot())["open"]
    assert (item["tool"]["phase"], item["tool"]["permissionId"]) == ("asking", asked["id"])


async def test_a_change_of_a_file_is_shown_as_a_diff(home: Home, chat: Chat) -> None:
    await chat.send(tool("write", path="new.txt", content="one\ntwo\n"))
    (asked,) = await chat.asked()
    request = asked["request"]
    assert request["paths"] == [str(home.work / "new.txt")]
    assert "+one\n+two\n" in request["diff"]


async def test_what_waits_everywhere_is_listed_the_oldest_first(new_chat: NewChat) -> None:
    chats = [await new_chat() for _ in range(3)]
    for chat in chats:
        await chat.send(bash("touch made"))
        await chat.asked()
    listed = (await chats[0].client.call("permission/list"))["permissions"]
    assert [asked["chatId"] for asked in listed] == [chat.id for chat in chats]


async def test_permission_list_ChatNotFound(client: Client) -> None:
    assert (await client.refused("permission/list", chatId="x")).name == "ChatNotFound"


# permission/decide


async def test_what_is_allowed_runs(home: Home, chat: Chat) -> None:
    await chat.client.call("daemon/hello", name="tester", kind="test")
    await chat.send(f"{bash('touch made')} @then @text done")
    (asked,) = await chat.asked()
    assert not await exists(home, "made")
    result = await chat.decide(asked, "allow")
    assert result["permissionId"] == asked["id"]
    assert result["resolution"]["outcome"] == "allow"
    assert result["resolution"]["by"].startswith(("tester/test (pid ", "tester/test (device "))
    await chat.ended()
    assert await exists(home, "made")
    assert (await chat.event("permission/resolved"))["resolution"] == result["resolution"]
    assert (await chat.get()).get("openPermissions", 0) == 0


async def test_what_is_denied_does_not_run_and_the_turn_goes_on(home: Home, chat: Chat) -> None:
    await chat.send(f"{bash('touch made')} @then @echo-history")
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny", reason="ask me tomorrow")
    assert (await chat.ended())["reason"] == "done"
    assert not await exists(home, "made")
    (call,) = await chat.items("tool")
    assert call["status"] == "failed"
    assert "ask me tomorrow" in (await chat.texts())[-1]


async def test_parallel_calls_are_decided_one_by_one(home: Home, chat: Chat) -> None:
    await chat.send(" ".join(bash(f"touch {name}") for name in ("one", "two", "three")))
    asked = await chat.asked(3)
    by_command = {one["request"]["command"]: one for one in asked}
    await chat.decide(by_command["touch two"], "allow")
    await chat.decide(by_command["touch three"], "deny")
    await chat.decide(by_command["touch one"], "allow")
    await chat.ended()
    assert [await exists(home, name) for name in ("one", "two", "three")] == [True, True, False]


async def test_the_same_key_decides_once(chat: Chat) -> None:
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    first = await chat.decide(asked, "allow", key="k1")
    assert await chat.decide(asked, "allow", key="k1") == first
    await chat.ended()
    assert await chat.decide(asked, "allow", key="k1") == first


async def test_the_same_key_at_the_same_time_decides_once(daemon: Daemon, chat: Chat) -> None:
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    others = [await daemon.client() for _ in range(4)]
    params = {"permissionId": asked["id"], "decision": "allow", "key": "k1"}
    posted = [(other, await other.post("permission/decide", **params)) for other in others]
    answers = [await other.result_of(number) for other, number in posted]
    assert answers == [answers[0]] * 4
    assert len(chat.events("permission/resolved")) == 1


async def test_permission_decide_PermissionNotFound(client: Client) -> None:
    refused = await client.refused("permission/decide", permissionId="x.y", decision="allow")
    assert (refused.name, refused.data["permissionId"]) == ("PermissionNotFound", "x.y")


async def test_permission_decide_PermissionGone(daemon: Daemon, chat: Chat) -> None:
    await chat.client.call("daemon/hello", name="first", kind="test")
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny")
    other = await daemon.client()
    refused = await other.refused("permission/decide", permissionId=asked["id"], decision="allow")
    assert refused.name == "PermissionGone"
    assert refused.data["decision"] == "deny"
    assert refused.data["by"].startswith("first/test")


async def test_permission_decide_DigestMismatch(home: Home, chat: Chat) -> None:
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    wrong = hashlib.sha256(b"other").hexdigest()
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow", digest=wrong
    )
    assert refused.name == "DigestMismatch"
    assert refused.data["digest"] == asked["request"]["digest"]
    assert await chat.asked() == [asked]
    await chat.decide(asked, "allow", digest=asked["request"]["digest"])
    await chat.ended()
    assert await exists(home, "made")


async def test_permission_decide_KeyReused(chat: Chat) -> None:
    await chat.send(f"{bash('touch one')} {bash('touch two')}")
    one, two = await chat.asked(2)
    await chat.decide(one, "allow", key="k1")
    refused = await chat.client.refused(
        "permission/decide", permissionId=two["id"], decision="allow", key="k1"
    )
    assert refused.name == "KeyReused"
    assert await chat.asked() == [two]


async def test_permission_decide_StoreFull(home: Home, chat: Chat) -> None:
    """What cannot be recorded is not allowed; the request stays open."""
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    with full_disk():
        refused = await chat.client.refused(
            "permission/decide", permissionId=asked["id"], decision="allow"
        )
    assert refused.name == "StoreFull"
    assert (await chat.call("permission/list"))["permissions"] == [asked]
    assert not await exists(home, "made")
    await chat.decide(asked, "allow")
    await chat.ended()
    assert await exists(home, "made")


# What dies meanwhile


async def test_a_client_that_leaves_decides_nothing(daemon: Daemon, chat: Chat) -> None:
    other = await daemon.client()
    await other.call("event/subscribe", chatId=chat.id)
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    await other.close()
    assert (await chat.call("permission/list"))["permissions"] == [asked]


async def test_a_request_outlives_the_daemon_and_is_answered(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    turn_id = await chat.send(f"{bash('touch made')} @then @text done")
    (asked,) = await chat.asked()
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.call("permission/list"))["permissions"] == [asked]
    assert (await again.get())["status"]["name"] == "waiting"
    await again.decide(asked, "allow")
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await again.texts() == ["done"]
    assert await exists(home, "made")


async def test_a_request_whose_sidecar_dies_is_lost(home: Home, chat: Chat) -> None:
    await chat.send(bash("touch made"))
    (asked,) = await chat.asked()
    os.kill((await chat.client.call("daemon/status"))["keeperPid"], signal.SIGKILL)
    resolved = await chat.event("permission/resolved")
    assert resolved["resolution"]["outcome"] == "lost"
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert (refused.name, refused.data["decision"]) == ("PermissionGone", "lost")
    assert (await chat.ended())["reason"] == "lost"
    await chat.turn("@echo-history")
    assert "did not run" in (await chat.texts())[-1]
    assert not await exists(home, "made")


async def test_the_answer_reaches_only_the_call_it_is_for(home: Home, new_chat: NewChat) -> None:
    """Both sidecars number their questions alike."""
    one, other = await new_chat(), await new_chat()
    for chat, name in ((one, "one"), (other, "other")):
        await chat.send(bash(f"touch {name}"))
    (first,) = await one.asked()
    (second,) = await other.asked()
    assert first["id"] != second["id"]
    assert first["id"].split(".")[1] == second["id"].split(".")[1]
    await one.decide(first, "allow")
    await one.ended()
    assert (await exists(home, "one"), await exists(home, "other")) == (True, False)
    assert await other.asked() == [second]


async def test_a_reason_may_hold_anything(chat: Chat) -> None:
    reason = 'no "quotes" \\ \n new\u2028lines 日本 🎉'
    await chat.send(f"{bash('touch made')} @then @echo-history")
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny", reason=reason)
    await chat.ended()
    assert json.dumps(reason, ensure_ascii=False)[1:-1] in (await chat.texts())[-1]
