"""A request that is longer than its card: its length is told, all of it can be read, and nobody
allows it who did not see it."""

from typing import Any

from tests.daemon.calls import recorded, tool
from tests.daemon.client import Client
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home

INLINE = 64 * 1024
CONTENT = "".join(f"line {number} with a word — or two\n" for number in range(6000))


async def whole(client: Client, permission_id: str, field: str, limit: int = 50_001) -> str:
    """One field of a request, read in pieces."""
    text = b""
    while True:
        params: dict[str, Any] = {"field": field, "offset": len(text), "limit": limit}
        got = await client.call("permission/get", permissionId=permission_id, **params)
        text += got["text"].encode()
        if len(text) >= got["available"]:
            assert got["total"] == got["available"]
            return text.decode()


async def test_a_long_change_is_cut_at_a_line_and_can_be_read_whole(chat: Chat) -> None:
    await chat.send(tool("write", path="a.txt", content=CONTENT))
    (asked,) = await chat.asked()
    request = asked["request"]
    assert request["diff"].endswith("\n")
    assert INLINE - 100 < len(request["diff"].encode()) <= INLINE
    diff = await whole(chat.client, asked["id"], "diff")
    assert len(diff.encode()) == request["diffBytes"]
    assert diff.startswith(request["diff"])
    added = [line[1:] for line in diff.splitlines(keepends=True)[3:]]
    assert "".join(added) == CONTENT
    assert [one["request"]["diffBytes"] for one in await recorded(chat.client)] == [
        len(diff.encode())
    ]


async def test_permission_decide_NotSeenWhole(chat: Chat, home: Home) -> None:
    turn = await chat.send(tool("write", path="a.txt", content=CONTENT))
    (asked,) = await chat.asked()
    for scope in ("once", "user"):
        refused = await chat.client.refused(
            "permission/decide", permissionId=asked["id"], decision="allow", scope=scope
        )
        assert refused.name == "NotSeenWhole"
        assert refused.data["bytes"] == asked["request"]["diffBytes"]
    assert await chat.asked() == [asked]
    await chat.decide(asked, "allow", seenWhole=True)
    await chat.ended(turn)
    assert (home.work / "a.txt").read_text() == CONTENT
    assert len(diff_of(await chat.items("tool"))) <= INLINE


def diff_of(items: list[dict[str, Any]]) -> str:
    return str(items[0]["tool"]["diff"])


async def test_a_long_request_is_denied_by_who_saw_its_card_alone(chat: Chat, home: Home) -> None:
    turn = await chat.send(tool("write", path="a.txt", content=CONTENT))
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    assert not (home.work / "a.txt").exists()


async def test_the_arguments_of_an_unknown_tool_can_be_read_whole(chat: Chat) -> None:
    await chat.send(tool("surprise", text="x" * 100_000))
    (asked,) = await chat.asked()
    request = asked["request"]
    assert len(request["input"]) == INLINE
    assert await whole(chat.client, asked["id"], "input") == f'{{"text": "{"x" * 100_000}"}}'
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert refused.name == "NotSeenWhole"


async def test_a_long_command_is_never_cut(chat: Chat) -> None:
    command = f"true {'x' * 100_000}; touch made"
    await chat.send(tool("bash", command=command))
    (asked,) = await chat.asked()
    assert asked["request"]["command"] == command
    assert await whole(chat.client, asked["id"], "command") == command
    await chat.decide(asked, "allow")
    await chat.ended()


async def test_permission_get_PermissionNotFound(chat: Chat) -> None:
    refused = await chat.client.refused("permission/get", permissionId="nothing")
    assert refused.name == "PermissionNotFound"


# A diff of which the card has the beginning, and which comes after it

DIFF = "--- a.txt\n+++ a.txt\n@@ -0,0 +1,9000 @@\n" + "+a line — or two\n" * 9000
HEAD = DIFF[: DIFF.index("\n", 50_000) + 1]


async def asks_for_a_long_change(puppets: Puppets, chat: Chat) -> Puppet:
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.says("item.open", item="t1", kind="tool", tool={"name": "write"})
    request = {"tool": "write", "access": "write", "digest": "d", "paths": ["/a.txt"]}
    long = {"diff": HEAD, "diffBytes": len(DIFF.encode())}
    await puppet.says("ask", ask="a1", item="t1", request={**request, **long}, more=True)
    return puppet


async def test_who_reads_a_change_waits_for_what_comes_after_its_card(
    puppets: Puppets, chat: Chat, daemon: Daemon
) -> None:
    puppet = await asks_for_a_long_change(puppets, chat)
    (asked,) = await chat.asked()
    assert (asked["request"]["diff"], asked["request"]["diffBytes"]) == (HEAD, len(DIFF.encode()))
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert refused.name == "NotSeenWhole"
    await puppet.says("ask.diff", ask="a1", text=DIFF[:80_000])
    await daemon.restart()
    client = await daemon.client()
    reading = await client.post("permission/get", permissionId=asked["id"], limit=1)
    await client.call("permission/list")
    assert not client.answered(reading)
    await puppet.says("ask.diff", ask="a1", text=DIFF[80_000:], last=True)
    await client.result_of(reading)
    assert await whole(client, asked["id"], "diff") == DIFF


async def test_a_change_is_read_as_far_as_it_came_when_its_agent_dies(
    puppets: Puppets, chat: Chat
) -> None:
    puppet = await asks_for_a_long_change(puppets, chat)
    (asked,) = await chat.asked()
    await puppet.closes()
    await chat.ended()
    got = await chat.client.call("permission/get", permissionId=asked["id"])
    assert got["text"] == HEAD
    assert (got["available"], got["total"]) == (len(HEAD.encode()), len(DIFF.encode()))


async def test_a_piece_of_a_diff_that_nobody_waits_for_changes_nothing(
    puppets: Puppets, chat: Chat
) -> None:
    puppet = await asks_for_a_long_change(puppets, chat)
    (asked,) = await chat.asked()
    await puppet.says("ask.diff", ask="a1", text=DIFF, last=True)
    await puppet.says("ask.diff", ask="a1", text="more", last=True)
    await puppet.says("ask.diff", ask="a2", text="more", last=True)
    await puppet.says("item.open", item="m1", kind="message")
    await chat.event("item/opened", lambda event: event["item"]["kind"] == "message")
    assert await whole(chat.client, asked["id"], "diff") == DIFF
