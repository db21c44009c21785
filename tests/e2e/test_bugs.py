"""Bugs that an earlier program had with turns and sessions, as only a real agent proves them.

The numbers are those of the record of them; see `tests/daemon/test_bugs.py` for the others.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.daemon.client import Json
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import SOON, Connect, watched
from tests.fakes.model_server import ModelServer
from tests.support.daemon import RunningDaemon

pytestmark = pytest.mark.usefixtures("stage")


async def aside(work: Callable[..., object], *arguments: object) -> None:
    """Waits for the model in a thread, so that clients go on meanwhile."""
    await trio.to_thread.run_sync(work, *arguments)


def said(model: ModelServer, index: int = -1) -> list[Any]:
    """What the user and the agent said, as the model was told."""
    messages = model.requests[index].body["messages"]
    return [message["content"] for message in messages if message["role"] != "system"]


def everything(model: ModelServer, index: int = -1) -> str:
    return json.dumps(model.requests[index].body["messages"], ensure_ascii=False)


def tool(name: str, **arguments: object) -> str:
    return f"@tool {name} {json.dumps(arguments)}"


def exchange(path: Path, content: bytes) -> bytes:
    """What was in the file."""
    before = path.read_bytes()
    path.write_bytes(content)
    return before


async def test_bug_01_arguments_of_calls_are_no_part_of_what_is_said(
    chat: Chat, home: Home
) -> None:
    (home.work / "a.txt").write_text("alpha")
    (home.work / "b.txt").write_text("beta")
    calls = f"{tool('read', path='a.txt')} {tool('read', path='b.txt')}"
    await chat.turn(f'@text "I look at both." {calls} @then @text done')
    assert await chat.texts() == ["I look at both.", "done"]
    assert sorted(item["text"] for item in await chat.items("tool")) == ["alpha", "beta"]
    for delta in chat.client.deltas(chat.id):
        assert "path" not in delta["text"]


async def test_bug_04_three_rounds_of_tools_are_one_turn(chat: Chat, home: Home) -> None:
    (home.work / "a.txt").write_text("alpha")
    turn = await chat.turn(" @then ".join([tool("read", path="a.txt")] * 3 + ["@text done"]))
    assert turn["reason"] == "done"
    assert len(chat.events("turn/started")) == len(chat.events("turn/ended")) == 1
    assert len(await chat.items("tool")) == 3


@pytest.mark.parametrize("text", ["  both ends \n\n", "\n```\ncode\n```\n", "a\u2028b\tc"])
async def test_bug_11_a_prompt_reaches_the_model_as_it_is(
    chat: Chat, model: ModelServer, text: str
) -> None:
    await chat.turn(text)
    (told,) = said(model)
    assert told == text or told[0]["text"] == text


@pytest.mark.parametrize("failure", ["@error 401 bad key", "@error 400 no such thing"])
async def test_bug_13_and_39_an_error_is_seen_once_and_the_next_turn_is_clean(
    chat: Chat, home: Home, model: ModelServer, failure: str
) -> None:
    (home.work / "a.txt").write_text("alpha")
    turn = await chat.turn(f"@text before {tool('read', path='a.txt')} @then {failure}")
    status, words = failure.split(" ", 2)[1:]
    assert turn["reason"] == "failed"
    assert status in turn["error"]
    assert words in turn["error"]
    assert await chat.texts() == ["before"]
    assert [kind for kind, _ in await chat.notices()] == ["error"]
    after = await chat.turn("@text after")
    assert after["reason"] == "done"
    assert "error" not in after
    assert (await chat.texts())[-1] == "after"


@pytest.mark.parametrize("failure", ["503 overloaded", "418"])
async def test_bug_39_a_failure_is_one_visible_error(chat: Chat, failure: str) -> None:
    """Also one that is tried again several times, and one that says nothing."""
    turn = await chat.turn(f"@error {failure}")
    assert turn["reason"] == "failed"
    assert failure[:3] in turn["error"]
    told = [text for kind, text in await chat.notices() if kind == "error"]
    assert told == [turn["error"]]
    assert (await chat.get())["status"]["name"] == "idle"
    assert (await chat.turn("@text after"))["reason"] == "done"


async def test_bug_40_an_error_is_told_in_plain_words(chat: Chat) -> None:
    turn = await chat.turn("@error 400 The key is not valid.")
    assert "The key is not valid" in turn["error"]
    assert "{" not in turn["error"]
    assert "Error:" not in turn["error"]


async def test_bug_42_a_compaction_is_nothing_that_is_said(
    chat: Chat, model: ModelServer, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    """And it works without a live process."""
    for _ in range(3):
        await chat.turn(f"@text {'remember seven ' * 60}")
    await chat.call("chat/archive")
    await chat.event("sidecar/stopped")
    await chat.call("chat/restore")
    await chat.call("chat/compact", instructions="@text short")
    ended = await chat.event("compaction/ended")
    assert ended.get("ok", True) is True
    (boundary,) = await chat.items("compaction")
    assert boundary["compaction"]["before"]
    await chat.turn("@text after")
    assert "/compact" not in everything(model)
    assert [item["kind"] for item in await chat.items()][-3:] == ["compaction", "user", "message"]


async def test_bug_45_the_footer_is_the_sum_and_the_meter_the_last_call(
    chat: Chat, home: Home
) -> None:
    (home.work / "a.txt").write_text("alpha")
    look = tool("read", path="a.txt")
    turn = await chat.turn(
        f"{look} @usage 1000 10 @then {look} @usage 2000 20 @then @text done @usage 3000 30"
    )
    assert (turn["usage"]["input"], turn["usage"]["output"]) == (6000, 60)
    context = (await chat.get())["context"]
    assert 3000 <= context["used"] < 3100
    assert context["window"] == 40_000


async def test_bug_56_another_model_knows_what_was_said(chat: Chat, model: ModelServer) -> None:
    await chat.turn("@text remember seven")
    sidecar = (await chat.snapshot())["sidecar"]["id"]
    await chat.call("chat/configure", model="fake/large")
    await chat.turn("@text on")
    assert model.requests[-1].body["model"] == "large"
    assert "remember seven" in everything(model)
    assert (await chat.snapshot())["sidecar"]["id"] == sidecar


async def test_bug_57_a_workspace_that_went_away_is_named(chat: Chat, home: Home) -> None:
    await chat.call("chat/archive")
    await chat.event("sidecar/stopped")
    await chat.call("chat/restore")
    await trio.to_thread.run_sync(shutil.rmtree, home.work)
    refused = await chat.refused("turn/send", text="@text never")
    assert (refused.name, refused.data["path"]) == ("WorkspaceMissing", str(home.work))
    assert str(home.work) in refused.message
    home.work.mkdir()
    assert (await chat.turn("@text now"))["reason"] == "done"


async def test_bug_64_messages_around_a_call_are_two(chat: Chat, home: Home) -> None:
    (home.work / "a.txt").write_text("alpha")
    await chat.turn(f'@text "First." {tool("read", path="a.txt")} @then @text "Second."')
    kinds = [(item["kind"], item["text"]) for item in (await chat.items())[1:]]
    assert kinds == [("message", "First."), ("tool", "alpha"), ("message", "Second.")]


async def test_bug_67_a_narrow_path_leaves_the_agent_its_tools_and_its_home(
    connected: Connect, home: Home
) -> None:
    (home.work / "a.txt").write_text("a needle here")
    client = await connected()
    made = await client.call(
        "chat/create",
        cwd=os.fspath(home.work),
        model="fake/small",
        level="full",
        env={"PATH": os.fspath(home.root / "nowhere"), "HOME": "/elsewhere"},
    )
    chat = await watched(client, made["chat"])
    look = tool("grep", pattern="needle", path=".")
    await chat.turn(f"{look} @then {tool('bash', command='echo still $HOME')} @then @text done")
    grep, bash = await chat.items("tool")
    assert "a needle here" in grep["text"]
    assert bash["text"] == f"still {os.environ['HOME']}\n"


# Never fixed there


async def test_latent_L01_a_retry_stays_within_the_turn(chat: Chat, model: ModelServer) -> None:
    turn = await chat.turn("@error-once 429 slow down @text the answer")
    assert turn["reason"] == "done"
    assert await chat.texts() == ["the answer"]
    assert len(chat.events("turn/started")) == len(chat.events("turn/ended")) == 1
    assert [kind for kind, _ in await chat.notices()] == ["retry"]
    assert len(model.requests) == 2


async def test_latent_L01_what_a_broken_attempt_said_is_withdrawn(
    chat: Chat, model: ModelServer
) -> None:
    turn_id = await chat.send("@text some @hold cut @midstream @text more")
    await chat.said("some")  # else the client of the broken stream may drop what it had not read
    model.release("cut")
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert "".join(await chat.texts()) == "somemore"
    statuses = [item["status"] for item in await chat.items("message")]
    assert statuses == ["discarded", "done"]


async def test_latent_L02_an_overflow_stays_within_the_turn(chat: Chat) -> None:
    for _ in range(3):
        await chat.turn(f"@text {'many words ' * 60}")
    turn = await chat.turn("@overflow @text it fits now")
    assert turn["reason"] == "done"
    assert (await chat.texts())[-1] == "it fits now"
    assert len(chat.events("turn/started")) == len(chat.events("turn/ended")) == 4
    (boundary,) = await chat.items("compaction")
    assert boundary["compaction"]["trigger"] == "overflow"
    assert boundary["turnId"] == turn["id"]


async def test_latent_L03_a_compaction_waits_for_the_running_turn(
    chat: Chat, model: ModelServer
) -> None:
    for _ in range(3):
        await chat.turn(f"@text {'many words ' * 60}")
    turn_id = await chat.send("@text one @hold door @text two")
    await aside(model.wait_held, "door")
    queued = await chat.send("@text three")
    await chat.call("chat/compact")
    model.release("door")
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert (await chat.ended(queued))["reason"] == "done"
    kinds = chat.kinds()
    ends = [n for n, kind in enumerate(kinds) if kind == "turn/ended"]
    assert ends[-2] < kinds.index("compaction/started") < kinds.index("compaction/ended") < ends[-1]
    assert (await chat.texts())[-2:] == ["onetwo", "three"]


async def test_latent_L04_a_message_to_a_busy_pi_is_the_next_turn(
    chat: Chat, model: ModelServer
) -> None:
    first = await chat.send("@text one @hold door @text more")
    await aside(model.wait_held, "door")
    second = await chat.send("@text two")
    assert len(model.requests) == 1
    model.release("door")
    assert (await chat.ended(second))["reason"] == "done"
    assert (await chat.ended(first))["reason"] == "done"
    assert await chat.texts() == ["onemore", "two"]


async def test_a_steer_reaches_pi_within_its_turn(
    chat: Chat, model: ModelServer, home: Home
) -> None:
    (home.work / "a.txt").write_text("alpha")
    look = tool("read", path="a.txt")
    first = await chat.send(f"@text one @hold door {look} @then @text two")
    await aside(model.wait_held, "door")
    steer = await chat.send("@text steered", when="steer")
    model.release("door")
    assert (await chat.ended(first))["reason"] == "done"
    assert (await chat.ended(steer))["state"] == "ended"
    assert (await chat.texts())[-1] == "steered"
    if chat.events("turn/steered"):
        assert len(chat.events("turn/ended")) == 1


async def test_latent_L05_a_steer_that_was_stopped_is_not_in_the_next_prompt(
    chat: Chat, model: ModelServer
) -> None:
    await chat.send("@text one @hold door @text two")
    await aside(model.wait_held, "door")
    steer = await chat.send("steer me", when="steer")
    assert (await chat.call("turn/stop"))["stopped"] is True
    entries = (await chat.call("queue/list"))["entries"]
    assert [entry["turnId"] for entry in entries] == [steer]
    await chat.call("queue/remove", turnId=steer)
    assert (await chat.turn("@text on"))["reason"] == "done"
    assert "steer me" not in everything(model)


async def test_latent_L06_a_stop_cancels_a_compaction(chat: Chat, model: ModelServer) -> None:
    for number in range(3):
        await chat.turn(f"@text {f'fact {number} ' * 60}")
    before = (await chat.get())["context"]
    await chat.call("chat/compact", instructions="@hold door")
    await aside(model.wait_held, "door")
    began = trio.current_time()
    assert (await chat.call("turn/stop"))["stopped"] is True
    assert trio.current_time() - began < SOON
    assert (await chat.get())["status"]["name"] == "idle"
    assert (await chat.get())["context"] == before
    assert "error" not in [kind for kind, _ in await chat.notices()]
    await chat.turn("@text on")
    assert "fact 0 fact 0" in everything(model)


async def test_latent_L24_a_torn_session_is_an_error(chat: Chat, home: Home) -> None:
    await chat.turn("@text one")
    path = Path((await chat.snapshot())["sidecar"]["sessionPath"])
    await chat.call("chat/archive")
    await chat.event("sidecar/stopped")
    kept = exchange(path, b"\x00 torn\n")
    turn = await chat.turn("@text never")
    assert turn["reason"] == "failed"
    assert path.name in turn["error"]
    assert await chat.texts() == ["one"]
    exchange(path, kept)
    await chat.turn("@text now")
    assert await chat.texts() == ["one", "now"]


@pytest.mark.parametrize("end", ["@error 400 broken", "@hold door"])
async def test_latent_L25_a_turn_without_an_answer_leaves_the_meter_alone(
    chat: Chat, model: ModelServer, end: str
) -> None:
    await chat.turn("@text one @usage 9000 100")
    before: Json = (await chat.get())["context"]
    assert before["used"] > 9000
    await chat.send(f"@text two {end}")
    if end == "@hold door":
        await aside(model.wait_held, "door")
        await chat.call("turn/stop")
    assert (await chat.ended())["reason"] in ("failed", "stopped")
    assert (await chat.get())["context"] == before
