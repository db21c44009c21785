"""A program that an agent has started may watch; it answers nothing for the user."""

import json
import os
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from claudetted.protocol import places
from claudetted.protocol.registry import METHODS
from claudetted.rpc.doors.ancestry import started_by_agent
from claudetted.sidecar.capture import marked
from claudetted.sidecar.environment import CHAT_MARK
from claudetted.sidecar.keeper_launch import connect
from claudetted.sidecar.reports import KeeperFailed
from tests.daemon.calls import asked_once, bash
from tests.daemon.client import PATIENCE, Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, gone

INTRUDER = Path(__file__).with_name("intruder.py")
WAYS = (
    (),
    ("bare",),
    ("setsid",),
    ("fork",),
    ("fork", "setsid", "bare"),
    ("bare", "deep"),
    ("bare", "fork", "setsid", "raise"),
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
    closed = [method.name for method in METHODS if method.right != "watch"]
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


@pytest.mark.parametrize(
    "steps", [("bare", "setsid", "kill"), ("bare", "setsid", "kill", "raise")], ids="-".join
)
async def test_it_is_known_when_it_has_killed_the_keeper(
    home: Home, daemon: Daemon, chat: Chat, new_chat: NewChat, steps: tuple[str, ...]
) -> None:
    """Nothing is above it any more, and the new keeper has never heard of it."""
    other = await new_chat()
    turn, waiting = await asked_once(other, bash("touch evil"))
    tries = [
        request("permission/decide", permissionId=waiting["id"], decision="allow"),
        request("rule/add", text="allow bash"),
    ]
    _, asked = await asked_once(chat, bash(intrusion(home, daemon, steps, tries)))
    await chat.decide(asked, "allow")
    report = await reported(home)
    assert report["environment"] in ([], ["LC_CTYPE"])
    answers = [answer["error"]["data"]["name"] for answer in report["answers"]]
    assert answers == ["NotAllowed"] * len(tries)
    assert not report["keeper"]
    assert (await other.ended(turn))["reason"] == "lost"
    assert not (home.work / "evil").exists()
    rules = (await chat.client.call("rule/list"))["rules"]
    assert {rule["by"] for rule in rules} == {"built-in"}
    # No keeper ends it: it does so by itself.
    await gone(report["pid"])


def written_by_agent(home: Home, daemon: Daemon, path: Path) -> None:
    """A program at a place that agents may write to; what it tries is allowed to nobody but the
    user."""
    intrusion(home, daemon, ("bare", "raise"), [request("rule/add", text="allow bash")])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncd {shlex.quote(str(home.work))}\n. ./program.sh\n")
    path.chmod(0o755)


async def is_turned_away(home: Home) -> None:
    report = await reported(home)
    assert [answer["error"]["data"]["name"] for answer in report["answers"]] == ["NotAllowed"]


async def test_what_the_daemon_runs_as_claude_decides_nothing(
    home: Home, daemon: Daemon, client: Client
) -> None:
    written_by_agent(home, daemon, home.root / "home/.local/bin/claude")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            partial(
                client.refused, "chat/create", cwd=str(home.work), model="anthropic/claude-opus-4-5"
            )
        )
        await is_turned_away(home)
        nursery.cancel_scope.cancel()


async def test_what_the_daemon_runs_to_notify_decides_nothing(
    home: Home, daemon: Daemon, chat: Chat
) -> None:
    program = home.root / "notify"
    written_by_agent(home, daemon, program)
    await chat.client.call("setting/set", key="notification", value="command")
    await chat.client.call("setting/set", key="notification_command", value=[str(program)])
    turn, asked = await asked_once(chat, bash("touch x"))
    await is_turned_away(home)
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def test_what_the_daemon_runs_as_login_shell_decides_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    async with trio.open_nursery() as nursery:
        daemon = Daemon(home, nursery)
        await daemon.start()
        # Before anything needs to know the user's environment, which is asked for once.
        written_by_agent(home, daemon, home.root / "home/.profile")
        client = await daemon.client()
        async with trio.open_nursery() as calling:
            calling.start_soon(partial(client.call, "chat/create", cwd=str(home.work)))
            await is_turned_away(home)
            calling.cancel_scope.cancel()
        await daemon.close()


def test_an_agent_cannot_stand_in_for_the_keeper(home: Home) -> None:
    """It would be given every key, and speak as every agent."""
    home.end_keeper()
    path = places.keeper_socket_path()
    listens = (
        "import socket, sys; door = socket.socket(socket.AF_UNIX); door.bind(sys.argv[1]);"
        "door.listen(); print('ready', flush=True); print(door.accept()[0].recv(1), flush=True)"
    )
    words = marked([sys.executable, "-I", "-c", listens, str(path)], os.environ)
    with subprocess.Popen(words, stdout=subprocess.PIPE) as false:
        try:
            assert false.stdout and false.stdout.readline() == b"ready\n"
            with pytest.raises(KeeperFailed, match=rf"agent has started listens .*{false.pid}"):
                connect(path)
            assert false.stdout.readline() == b"b''\n"
        finally:
            false.kill()
    path.unlink()


def test_an_agent_cannot_start_the_users_daemon(home: Home) -> None:
    """Its own would take every agent for the user."""
    words = marked([sys.executable, "-m", "claudetted"], os.environ)
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "cannot be started by a program of an agent" in ended.stderr
    assert not places.database_path().exists()


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
