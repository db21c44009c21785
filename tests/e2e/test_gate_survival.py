"""Whoever dies between a request and its result: nothing is lost, nothing is done twice, and
nothing runs that was not approved. The file system says so, not the log."""

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.daemon.calls import bash, recorded, tool
from tests.daemon.client import Client, Closed, Json, Refused, connect
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.fakes.model_server import ModelServer
from tests.faults.stage import full_disk
from tests.support import dying_daemon
from tests.support.daemon import RunningDaemon
from tests.support.lifeline import Lifeline

RUNS = bash("echo ran >> log")
WRITES = tool("write", path="denied.txt", content="never")
on_stage = pytest.mark.usefixtures("stage")
GONE = (Closed, OSError, trio.BrokenResourceError, trio.ClosedResourceError)


@asynccontextmanager
async def connection(daemon: RunningDaemon) -> AsyncIterator[Client]:
    async with trio.open_nursery() as nursery:
        client = await connect(daemon.socket, nursery)
        try:
            yield client
        finally:
            await client.close()


async def begin(daemon: RunningDaemon, home: Home) -> Json:
    """A chat whose agent is at hand."""
    async with connection(daemon) as client:
        made = await client.call("chat/create", cwd=str(home.work), model="fake/small")
        await Chat(client, made["chat"]).turn("@text hello")
        return dict(made["chat"])


async def drive(client: Client, chat: Json, prompt: str) -> Json:
    """Sends, answers what is asked, and waits for the end; all of it safe to be done again."""
    seen = await watched(client, chat)
    turn = await client.call("turn/send", chatId=chat["id"], text=prompt, key="the prompt")
    ended = await client.post("turn/wait", chatId=chat["id"], turnId=turn["turnId"])
    while not client.answered(ended):
        known = len(client.told)
        for asked in (await seen.call("permission/list")).get("permissions", []):
            allow = asked["request"]["tool"] == "bash"
            await decide(client, asked["id"], "allow" if allow else "deny")
        await client.until(lambda n=known: len(client.told) > n or client.answered(ended))
    return dict((await client.result_of(ended))["turn"])


async def decide(client: Client, permission: str, decision: str) -> None:
    params = {"permissionId": permission, "decision": decision, "key": f"{permission} {decision}"}
    try:
        await client.call("permission/decide", **params)
    except Refused as refused:
        assert refused.name == "PermissionGone"


async def driven(daemon: RunningDaemon, chat: Json, prompt: str) -> Json | None:
    """None when the daemon was gone before the end."""
    async with connection(daemon) as client:
        try:
            return await drive(client, chat, prompt)
        except GONE:
            return None


def found(home: Home) -> dict[str, str]:
    return {path.name: path.read_text() for path in home.work.iterdir()}


# The daemon


@pytest.fixture
def dying(home: Home, model: ModelServer) -> Iterator[RunningDaemon]:
    """One that was not started yet."""
    daemon = RunningDaemon(home.root / "daemon.txt")
    yield daemon
    if daemon.alive:
        daemon.kill9()


def aimed(daemon: RunningDaemon, point: str, home: Home) -> Path:
    """Started; it dies there once the file exists that is returned."""
    armed = home.root / "armed"
    daemon.program = [dying_daemon.__file__, point, str(armed)]
    daemon.start()
    return armed


@pytest.mark.parametrize("point", dying_daemon.POINTS)
async def test_a_daemon_that_dies_loses_and_doubles_nothing(
    dying: RunningDaemon, home: Home, point: str
) -> None:
    daemon, armed = dying, aimed(dying, point, home)
    chat = await begin(daemon, home)
    armed.touch()
    prompt = f"{RUNS} @then {WRITES} @then @text done"
    assert await driven(daemon, chat, prompt) is None
    assert await trio.to_thread.run_sync(daemon.wait) == -signal.SIGKILL
    if "request" in point or point == "before the decision is stored":
        assert found(home) == {}
    armed.unlink()
    daemon.start()
    turn = await driven(daemon, chat, prompt)
    assert turn and turn["reason"] == "done"
    assert found(home) == {"log": "ran\n"}
    async with connection(daemon) as client:
        decisions = await recorded(client)
        assert [(one["tool"], one["outcome"]) for one in decisions] == [
            ("bash", "allow"),
            ("write", "deny"),
        ]
        again = await watched(client, chat)
        assert [item["status"] for item in await again.items("tool")] == ["done", "failed"]
        assert await again.texts() == ["hello", "done"]


@on_stage
async def test_a_request_that_nobody_answered_is_there_after_every_death(
    daemon: RunningDaemon, home: Home
) -> None:
    chat = await begin(daemon, home)
    async with connection(daemon) as client:
        seen = await watched(client, chat)
        await seen.send(f"{RUNS} {WRITES}")
        first = await seen.asked(2)
    for _ in range(3):
        daemon.kill9()
        daemon.start()
        async with connection(daemon) as client:
            assert (await client.call("permission/list"))["permissions"] == first
    assert found(home) == {}


# The sidecar


async def sidecar_of(chat: Chat) -> int:
    return int((await chat.snapshot())["sidecar"]["pid"])


async def lost(chat: Chat, turn: str) -> None:
    """The turn is lost, and the next one knows."""
    assert (await chat.ended(turn))["reason"] == "lost"
    assert [item["status"] for item in await chat.items("tool")] == ["lost"]
    await chat.turn("@echo-history")
    assert "did not run" in (await chat.texts())[-1]


@on_stage
async def test_an_agent_that_dies_while_it_asks_runs_nothing(chat: Chat, home: Home) -> None:
    turn = await chat.send(RUNS)
    (asked,) = await chat.asked()
    os.kill(await sidecar_of(chat), signal.SIGKILL)
    resolved = await chat.event("permission/resolved")
    assert resolved["resolution"]["outcome"] == "lost"
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert (refused.name, refused.data["decision"]) == ("PermissionGone", "lost")
    await lost(chat, turn)
    assert found(home) == {}
    again = (await chat.send(f"{RUNS} @then @text done"), (await chat.asked())[0])
    await chat.decide(again[1], "allow")
    assert (await chat.ended(again[0]))["reason"] == "done"
    assert found(home) == {"log": "ran\n"}


@on_stage
async def test_an_agent_that_dies_before_it_hears_the_decision_runs_nothing(
    chat: Chat, home: Home
) -> None:
    turn = await chat.send(RUNS)
    (asked,) = await chat.asked()
    pid = await sidecar_of(chat)
    os.kill(pid, signal.SIGSTOP)
    await chat.decide(asked, "allow")
    os.kill(pid, signal.SIGKILL)
    await lost(chat, turn)
    assert found(home) == {}
    assert [one["outcome"] for one in await recorded(chat.client, chatId=chat.id)] == ["allow"]


@on_stage
async def test_an_agent_that_dies_while_a_command_runs_takes_it_along(
    chat: Chat, home: Home
) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        turn = await chat.send(bash(f"{lifeline.hold}; echo ran >> log; echo on; sleep 1000"))
        (asked,) = await chat.asked()
        await chat.decide(asked, "allow")
        await chat.said("on")
        os.kill(await sidecar_of(chat), signal.SIGKILL)
        await lost(chat, turn)
        await trio.to_thread.run_sync(lifeline.wait_cut)
    assert found(home) == {"log": "ran\n"}


async def test_daemon_and_agent_may_die_both_between_decision_and_run(
    dying: RunningDaemon, home: Home
) -> None:
    daemon, armed = dying, aimed(dying, "before the decision is sent", home)
    made = await begin(daemon, home)
    async with connection(daemon) as client:
        pid = await sidecar_of(await watched(client, made))
    armed.touch()
    assert await driven(daemon, made, RUNS) is None
    await trio.to_thread.run_sync(daemon.wait)
    os.kill(pid, signal.SIGKILL)
    armed.unlink()
    daemon.start()
    async with connection(daemon) as client:
        chat = await watched(client, made)
        turn = (await chat.snapshot())["turn"]["id"]
        await lost(chat, turn)
    assert found(home) == {}


# The client


@on_stage
async def test_a_client_that_dies_decides_nothing(
    chat: Chat, home: Home, connected: Connect
) -> None:
    turn = await chat.send(RUNS)
    (asked,) = await chat.asked()
    decision = {"permissionId": asked["id"], "decision": "allow"}
    line = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "permission/decide", "params": decision}
    )
    # The whole of it would be a request: the last line of a connection needs no newline.
    for half in ("", line[: len(line) // 2], line[:-1]):
        other = await connected()
        await watched(other, chat.made)
        await other.stream.send_all(half.encode())
        await other.close()
    assert [one["id"] for one in (await chat.call("permission/list"))["permissions"]] == [
        asked["id"]
    ]
    assert found(home) == {}
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    assert found(home) == {}


@on_stage
async def test_a_client_that_dies_after_its_word_has_decided_once(
    chat: Chat, home: Home, connected: Connect
) -> None:
    turn = await chat.send(f"{RUNS} @then @text done")
    (asked,) = await chat.asked()
    for _ in range(3):
        other = await connected()
        await other.post("permission/decide", permissionId=asked["id"], decision="allow")
        await other.close()
    assert (await chat.ended(turn))["reason"] == "done"
    assert found(home) == {"log": "ran\n"}
    assert len(chat.events("permission/resolved")) == 1


@on_stage
async def test_a_daemon_that_dies_over_a_deny_on_a_full_disk_allows_nothing(
    daemon: RunningDaemon, home: Home
) -> None:
    """The agent was told; the new daemon asks again until it hears what came of that."""
    chat = await begin(daemon, home)
    async with connection(daemon) as client:
        seen = await watched(client, chat)
        turn = await seen.send(f"{RUNS} @then @text done")
        (asked,) = await seen.asked()
        with full_disk(daemon.pid, 1):
            answer = await seen.decide(asked, "deny", reason="no room")
            assert answer["recorded"] is False
            daemon.kill9()
    daemon.start()
    async with connection(daemon) as client:
        again = await watched(client, chat)
        assert (await again.ended(turn))["reason"] == "done"
        (one,) = await recorded(client, chatId=chat["id"])
        assert one["outcome"] in ("withdrawn", "deny")
        (item,) = await again.items("tool")
        assert item["status"] == "failed"
        assert "no room" in item["tool"]["error"]
        refused = await client.refused(
            "permission/decide", permissionId=asked["id"], decision="allow"
        )
        assert refused.name == "PermissionGone"
    assert found(home) == {}


@on_stage
async def test_a_long_change_can_be_read_whole_after_its_daemon_was_killed_at_its_card(
    daemon: RunningDaemon, home: Home
) -> None:
    content = "".join(f"line {number} — or two\n" for number in range(50_000))
    made = await begin(daemon, home)
    async with connection(daemon) as client:
        seen = await watched(client, made)
        await seen.send(tool("write", path="long.txt", content=content))
        (asked,) = await seen.asked()
        daemon.kill9()
    daemon.start()
    async with connection(daemon) as client:
        diff = b""
        while len(diff) < asked["request"]["diffBytes"]:
            got = await client.call(
                "permission/get", permissionId=asked["id"], offset=len(diff), limit=1_000_001
            )
            diff += got["text"].encode()
        added = [line[1:] for line in diff.decode().splitlines(keepends=True)[3:]]
        assert "".join(added) == content
        again = await watched(client, made)
        await again.decide(asked, "allow", seenWhole=True)
        await again.ended()
    assert (home.work / "long.txt").read_text() == content
