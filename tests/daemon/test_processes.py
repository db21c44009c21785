"""What runs for the user is listed, with the reason; the rest is nobody's."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import trio

from claudetted.protocol import places
from tests.daemon.calls import asked_once
from tests.daemon.client import PATIENCE, Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, gone
from tests.support.lifeline import Lifeline

LEFT = {
    "in the background": "sleep 7201 &",
    "deaf to hang-ups": "nohup sleep 7201 >/dev/null 2>&1 &",
    "in a session of its own": "setsid sleep 7201 &",
    "forked twice": "( (setsid sleep 7201 &) & ); true",
    "without an environment": "env -i sleep 7201 &",
}
"""What an agent's commands leave running. The keeper finds each by kinship or by its mark."""
HIDDEN = {"forked twice without an environment": "( (env -i setsid sleep 7201 &) & ); true"}
"""Nothing tells whose it is: it ends with the keeper, whose descendant it stays."""


def run(command: str) -> str:
    return f"@tool bash {json.dumps({'command': command})}"


async def allowed(chat: Chat, command: str) -> None:
    turn = await chat.send(run(command))
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"


async def processes(client: Client, **params: str) -> list[Json]:
    return list((await client.call("process/list", **params))["processes"])


async def until_cut(lifeline: Lifeline) -> None:
    with trio.fail_after(PATIENCE):
        await trio.to_thread.run_sync(lifeline.wait_cut)


async def test_daemon_keeper_and_sidecars_are_listed_with_reasons(
    client: Client, chat: Chat
) -> None:
    await chat.turn("@text hi")
    rows = {row["kind"]: row for row in await processes(client)}
    assert list(rows) == ["daemon", "keeper", "sidecar"]
    assert rows["daemon"]["pid"] == os.getpid()
    assert rows["keeper"]["pid"] == (await client.call("daemon/status"))["keeperPid"]
    assert rows["sidecar"]["chatId"] == chat.id
    assert rows["sidecar"]["why"] == "Used just now."
    assert all(row["memory"] > 1_000_000 and row["why"] for row in rows.values())
    assert "tests/fakes/sidecar" in rows["sidecar"]["command"]


async def test_what_looks_up_providers_is_listed_too(client: Client, puppets: Puppets) -> None:
    number = await client.post("model/refresh")
    puppet = await puppets.next()
    about = {"harness": "pi", "version": "1", "agentVersion": "2"}
    await puppet.says("hello", level=1, pid=puppet.pid, **about)
    await puppet.answers(await puppet.hears("models"), {"models": []})
    await client.result_of(number)
    rows = {row["kind"]: row for row in await processes(client)}
    assert list(rows) == ["daemon", "keeper", "control"]
    assert rows["control"]["pid"] == puppet.pid
    assert "chatId" not in rows["control"]
    assert rows["control"]["why"].startswith("It looks up providers and models")


async def test_a_chats_processes_alone(client: Client, new_chat: NewChat) -> None:
    one, two = await new_chat(), await new_chat()
    await one.turn("@text hi")
    await two.turn("@text hi")
    (row,) = await processes(client, chatId=one.id)
    assert (row["kind"], row["chatId"]) == ("sidecar", one.id)


async def test_a_sidecar_that_is_starting_is_no_job(
    puppets: Puppets, client: Client, chat: Chat
) -> None:
    turn = await chat.send("one")
    puppet = await puppets.next()
    (row,) = await processes(client, chatId=chat.id)
    assert (row["kind"], row["pid"]) == ("sidecar", puppet.pid)
    assert "puppet" in row["command"]
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn)
    await chat.ended(turn)


async def test_a_sidecar_says_what_keeps_it(client: Client, chat: Chat) -> None:
    turn = await chat.send(run("touch made"))
    (asked,) = await chat.asked()
    (row,) = await processes(client, chatId=chat.id)
    assert row["why"] == (await chat.get())["status"]["why"]
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def jobs(chat: Chat) -> list[Json]:
    rows = await processes(chat.client, chatId=chat.id)
    return [row for row in rows if row["kind"] == "job"]


async def run_as(chat: Chat, *commands: str) -> list[Json]:
    """The jobs, once these are what they are: the turn may be over before a shell has started what
    it has put into the background."""
    with trio.fail_after(PATIENCE):
        while True:
            rows = await jobs(chat)
            if sorted(row["command"] for row in rows) == sorted(commands):
                return rows


async def test_a_job_ends_with_what_it_has_started_and_the_others_stay(
    home: Home, chat: Chat, new_chat: NewChat
) -> None:
    other = await new_chat()
    with Lifeline(home.root / "one") as one, Lifeline(home.root / "two") as two:
        script = 'trap "" TERM; sleep 7201 & sleep 7201; true'
        tree = [f"sh -c {script}", "sleep 7201", "sleep 7201"]
        await allowed(chat, f"({one.hold}; sh -c '{script}' &) ; {two.hold}; sleep 7202 &")
        await allowed(other, "sleep 7203 &")
        rows = await run_as(chat, *tree, "sleep 7202")
        await run_as(other, "sleep 7203")
        shell = next(row for row in rows if row["command"] == tree[0])
        result = await chat.call("process/end", pid=shell["pid"])
        assert sorted(row["command"] for row in result["ended"]) == tree
        assert {row["kind"] for row in result["ended"]} == {"job"}
        await until_cut(one)
        assert [row["command"] for row in await jobs(chat)] == ["sleep 7202"]
        assert [row["command"] for row in (await chat.call("process/end"))["ended"]] == [
            "sleep 7202"
        ]
        await until_cut(two)
    assert await chat.call("process/end") == {}
    assert [row["command"] for row in await jobs(other)] == ["sleep 7203"]
    assert (await chat.turn("@text still here"))["reason"] == "done"


async def test_process_end_ChatNotFound(client: Client) -> None:
    assert (await client.refused("process/end", chatId="nobody")).name == "ChatNotFound"


async def test_process_end_JobNotFound(chat: Chat, new_chat: NewChat) -> None:
    """Neither the agent itself, nor a job of another chat, nor a process of the user's own."""
    other = await new_chat()
    await chat.turn("@text hi")
    await allowed(other, "sleep 7201 &")
    (foreign,) = await run_as(other, "sleep 7201")
    (sidecar,) = await processes(chat.client, chatId=chat.id)
    for pid in (sidecar["pid"], foreign["pid"], os.getpid(), 1):
        refused = await chat.refused("process/end", pid=pid)
        assert (refused.name, refused.data["pid"]) == ("JobNotFound", pid)
    assert [row["pid"] for row in await jobs(other)] == [foreign["pid"]]
    assert (await chat.turn("@text alive"))["reason"] == "done"


async def test_process_list_ChatNotFound(client: Client) -> None:
    assert (await client.refused("process/list", chatId="nobody")).name == "ChatNotFound"


async def test_jobs_are_listed_and_go_with_their_chat(
    home: Home, client: Client, new_chat: NewChat
) -> None:
    chat, other = await new_chat(), await new_chat()
    with Lifeline(home.root / "lifeline") as lifeline:
        await allowed(chat, f"{lifeline.hold}; sleep 7201 &")
        await other.turn("@text hi")
        await run_as(chat, "sleep 7201")
        rows = await processes(client, chatId=chat.id)
        assert [row["kind"] for row in rows] == ["sidecar", "job"]
        assert rows[1]["command"] == "sleep 7201"
        assert rows[1]["chatId"] == chat.id
        await chat.call("chat/delete")
        await until_cut(lifeline)
    kinds = [row["kind"] for row in await processes(client)]
    assert kinds == ["daemon", "keeper", "sidecar"]


@pytest.mark.parametrize("how", LEFT)
async def test_what_an_agent_left_ends_with_its_chat(home: Home, chat: Chat, how: str) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        await allowed(chat, f"{lifeline.hold}; {LEFT[how]}")
        await chat.call("chat/delete")
        await until_cut(lifeline)


@pytest.mark.parametrize("how", LEFT | HIDDEN)
async def test_what_an_agent_left_ends_with_the_keeper(
    home: Home, daemon: Daemon, chat: Chat, how: str
) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        await allowed(chat, f"{lifeline.hold}; {(LEFT | HIDDEN)[how]}")
        await chat.client.call("daemon/shutdown", agents=True)
        await daemon.ended()
        await until_cut(lifeline)
    await daemon.start()


async def test_temporary_files_go_with_their_chat(home: Home, chat: Chat) -> None:
    await allowed(chat, 'mktemp; echo x > "$TMPDIR/y"')
    directory = places.chat_dir(chat.id)
    assert (directory / "tmp" / "y").exists()
    await chat.call("chat/delete")
    assert list(directory.parent.iterdir()) == []


async def test_a_launcher_wraps_the_agent(client: Client, chat: Chat) -> None:
    words = ["nice", "-n", "7", "env", "LAUNCHED_FOR={chat}"]
    await client.call("setting/set", key="launcher", value=words)
    await chat.turn("@text hi")
    pid = (await chat.event("sidecar/started"))["sidecar"]["pid"]
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 7
    environ = await trio.to_thread.run_sync(Path(f"/proc/{pid}/environ").read_bytes)
    assert f"LAUNCHED_FOR={chat.id}".encode() in environ.split(b"\0")


@pytest.fixture
def scope() -> list[str]:
    """Words that run a command within limits of systemd's."""
    words = ["systemd-run", "--scope", "--quiet", "--collect"]
    words += ["-p", "MemoryMax=1G", "-p", "TasksMax=77"] + ["--user"] * bool(os.getuid())
    if shutil.which(words[0]) is None or subprocess.run([*words, "true"]).returncode:
        pytest.skip("systemd does not run here")
    return words


async def test_systemd_limits_an_agent(scope: list[str], client: Client, chat: Chat) -> None:
    await client.call("setting/set", key="launcher", value=scope)
    await chat.turn("@text hi")
    pid = (await chat.event("sidecar/started"))["sidecar"]["pid"]
    cgroup = await trio.Path(f"/proc/{pid}/cgroup").read_text()
    assert ".scope" in cgroup
    unified = trio.Path("/sys/fs/cgroup" + cgroup.strip().rpartition("::")[2])
    assert (await (unified / "pids.max").read_text()).strip() == "77"
    assert (await (unified / "memory.max").read_text()).strip() == str(1024**3)
    await chat.call("chat/delete")
    await gone(pid)


async def test_a_launcher_that_does_not_exist_fails_the_turn(client: Client, chat: Chat) -> None:
    await client.call("setting/set", key="launcher", value=["no-such-program"])
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "failed"
    assert "no-such-program" in turn["error"]
    await client.call("setting/set", key="launcher", value=None)
    assert (await chat.turn("@text hi"))["reason"] == "done"


@pytest.mark.parametrize("how", LEFT)
async def test_what_an_agent_left_ends_when_it_is_killed(home: Home, chat: Chat, how: str) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        await allowed(chat, f"{lifeline.hold}; {LEFT[how]}")
        pid = (await chat.event("sidecar/started"))["sidecar"]["pid"]
        os.kill(pid, signal.SIGKILL)
        await chat.event("sidecar/lost")
        await until_cut(lifeline)


async def test_bug_48_a_group_that_is_somebody_elses_by_now_is_left_alone(
    puppets: Puppets, chat: Chat
) -> None:
    """Numbers of processes come round again: one that the agent reported may be another's."""
    stranger = await trio.lowlevel.open_process(["sleep", "7201"], start_new_session=True)
    try:
        await chat.send("one")
        puppet = await puppets.next()
        await puppet.starts()
        await puppet.says("item.open", item="t1", kind="tool", tool={"name": "bash"})
        await puppet.says("group", item="t1", pgid=stranger.pid)
        await chat.event("item/opened")
        await puppet.closes()
        await chat.event("sidecar/lost")
        await chat.call("chat/delete")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        await stranger.wait()


ESCAPES = (
    "( (setsid sleep 7203 &) & ); (setsid sh -c \"trap '' TERM; sleep 7203; sleep 7203\" &); "
    # What has no mark is known by what was there when the stop came: all of it is there by then.
    "setsid env -i sh -c 'sleep 7203 & echo >&9; wait'"
)


async def test_a_stop_ends_what_took_a_session_of_its_own(home: Home, chat: Chat) -> None:
    with Lifeline(home.root / "kept") as kept, Lifeline(home.root / "line") as line:
        turn, asked = await asked_once(chat, run(f"{kept.hold}; setsid sleep 7203 &"))
        await chat.decide(asked, "allow")
        await chat.ended(turn)
        _, asked = await asked_once(chat, run(f"{line.hold}; {ESCAPES}"))
        await chat.decide(asked, "allow")
        for _ in range(2):
            await trio.to_thread.run_sync(line.wait_held)
            assert line.held()
        with trio.fail_after(PATIENCE):
            await chat.call("turn/stop")
        assert not line.held()
        assert kept.held(), "What an earlier call left in the background goes on."
        assert kept.held()
