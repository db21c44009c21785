"""A program that an agent has started may watch; it answers nothing for the user."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from claudetted.protocol import places
from claudetted.protocol.registry import METHODS
from claudetted.rpc.ancestry import started_by_agent
from claudetted.sidecar.launch import CHAT_MARK
from tests.daemon.calls import asked_once, bash
from tests.daemon.client import PATIENCE, Json
from tests.daemon.world import Chat, Daemon, Home

INTRUDER = Path(__file__).with_name("intruder.py")
WAYS = (
    (),
    ("bare",),
    ("setsid",),
    ("fork",),
    ("fork", "setsid", "bare"),
)


def request(method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def intrusion(home: Home, daemon: Daemon, steps: tuple[str, ...], lines: list[str]) -> str:
    """The command that the agent runs. Its words name no place that a rule protects."""
    (home.work / "requests").write_text("".join(f"{line}\n" for line in lines))
    words = [home.work / "report", daemon.socket, places.keeper_socket_path(), *steps]
    program = shlex.join([sys.executable, "-I", *map(str, [INTRUDER, *words])])
    (home.work / "program.sh").write_text(f"exec {program} < requests\n")
    os.mkfifo(home.work / "report")
    return "sh program.sh"


async def reported(home: Home) -> Json:
    """What the program found, once it is through."""
    said = b""
    fifo = os.open(home.work / "report", os.O_RDONLY | os.O_NONBLOCK)
    try:
        with trio.fail_after(PATIENCE):
            while not said.endswith(b"}\n"):
                await trio.lowlevel.wait_readable(fifo)
                said += os.read(fifo, 65536)
    finally:
        os.close(fifo)
    return dict(json.loads(said))


@pytest.mark.parametrize("steps", WAYS, ids="-".join)
async def test_it_answers_nothing_and_changes_nothing(
    home: Home, daemon: Daemon, chat: Chat, steps: tuple[str, ...]
) -> None:
    rules = await chat.client.call("rule/list")
    turn, waiting = await asked_once(chat, f"{bash('touch evil')} {bash('sh program.sh')}")
    program = (await chat.asked(2))[-1]
    if waiting["request"]["command"] == "sh program.sh":
        waiting, program = program, waiting
    forbidden = [
        request("permission/decide", permissionId=waiting["id"], decision="allow"),
        request("rule/add", text="allow *"),
        request("rule/remove", ruleId="built-in-1"),
        request("chat/configure", chatId=chat.id, level="full"),
        request("setting/set", key="default_level", value="full"),
        request("setting/set", key="notification_command", value=["touch", "evil"]),
        request("turn/send", chatId=chat.id, text="on", when="steer"),
        request("turn/stop", chatId=chat.id),
        request("chat/create", cwd=str(home.work), level="full"),
        request("chat/delete", chatId=chat.id),
        request("attention/clear", chatId=chat.id),
        request("daemon/shutdown", agents=True),
    ]
    watching = [
        request("daemon/hello", name="me", kind="cli"),
        request("daemon/status"),
        request("chat/get", chatId=chat.id),
        request("permission/list"),
        request("event/subscribe", chatId=chat.id),
    ]
    intrusion(home, daemon, steps, [*forbidden, *watching])
    await chat.decide(program, "allow")
    report = await reported(home)

    answers = report["answers"]
    names = [answer["error"]["data"]["name"] for answer in answers[: len(forbidden)]]
    assert names == ["NotAllowed"] * len(forbidden)
    assert all("result" in answer for answer in answers[len(forbidden) :])
    assert not report["keeper"]
    if "bare" in steps:
        assert report["environment"] in ([], ["LC_CTYPE"])

    assert [one["id"] for one in await chat.asked()] == [waiting["id"]]
    assert (await chat.get())["level"] == "standard"
    assert await chat.client.call("rule/list") == rules
    await chat.decide(waiting, "deny")
    assert (await chat.ended(turn))["reason"] == "done"
    assert not (home.work / "evil").exists()


async def test_every_method_that_does_not_only_watch_is_closed_to_it(
    home: Home, daemon: Daemon, chat: Chat
) -> None:
    closed = [method.name for method in METHODS if not method.watches]
    assert {"permission/decide", "rule/add", "rule/remove", "setting/set"} <= set(closed)
    batch = [json.loads(request(name)) for name in closed]
    program = intrusion(home, daemon, (), [json.dumps(batch)])
    turn, asked = await asked_once(chat, bash(program))
    await chat.decide(asked, "allow")
    (answers,) = (await reported(home))["answers"]
    assert [answer["error"]["data"]["name"] for answer in answers] == ["NotAllowed"] * len(closed)
    await chat.ended(turn)


async def test_it_is_known_again_after_a_restart_of_the_daemon(
    home: Home, daemon: Daemon, chat: Chat
) -> None:
    program = intrusion(home, daemon, ("bare",), [request("rule/add", text="allow *")])
    os.mkfifo(home.work / "door")
    turn, asked = await asked_once(chat, bash(f"cat door; {program}"))
    await chat.decide(asked, "allow")
    await chat.event("item/changed", lambda event: event["item"]["tool"]["phase"] == "running")
    await daemon.restart()
    await trio.to_thread.run_sync((home.work / "door").write_text, "go")
    report = await reported(home)
    assert report["answers"][0]["error"]["data"]["name"] == "NotAllowed"
    assert not report["keeper"]
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn))["reason"] == "done"


async def test_an_agent_cannot_take_another_ones_sidecar_over(
    home: Home, daemon: Daemon, chat: Chat
) -> None:
    """The daemon would be fenced by whoever greets the keeper after it."""
    program = intrusion(home, daemon, ("fork",), [])
    turn, asked = await asked_once(chat, f"{bash(program)} @then {bash('touch after')}")
    await chat.decide(asked, "allow")
    assert not (await reported(home))["keeper"]
    (after,) = await chat.asked()
    await chat.decide(after, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert (home.work / "after").exists()


def test_a_process_that_is_gone_counts_as_an_agents() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    assert started_by_agent(pid, None)


@pytest.mark.parametrize("depth", [0, 1])
def test_a_chats_mark_in_the_environment_is_enough(depth: int) -> None:
    """Also that of a parent, whose child has emptied its own."""
    program = "echo $$; read x" if depth == 0 else "env -i sh -c 'echo $$; read x'; :"
    with subprocess.Popen(
        ["/bin/sh", "-c", program],
        env={CHAT_MARK: "some chat", "PATH": os.defpath},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout
        pid = int(process.stdout.readline())
        assert (pid == process.pid) == (depth == 0)
        assert started_by_agent(pid, None)
        process.stdin.write(b"\n")


def test_the_users_own_process_does_not() -> None:
    assert not started_by_agent(os.getpid(), None)
    assert started_by_agent(os.getpid(), os.getppid())
