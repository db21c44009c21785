"""What helps to find a fault in a daemon that runs: its trace, its tasks, the level of its log."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import trio

from claudetted.protocol import places
from tests.daemon.client import connect
from tests.daemon.world import Home
from tests.support.daemon import RunningDaemon


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_trace_holds_every_line_and_no_secret(home: Home) -> None:
    trace = home.root / "trace.jsonl"
    with RunningDaemon(home.root / "out.txt", CLAUDETTED_TRACE=str(trace)) as daemon:
        async with trio.open_nursery() as nursery:
            client = await connect(daemon.socket, nursery)
            env = {"SSH_AUTH_SOCK": "open-sesame"}
            made = await client.call("chat/create", cwd=str(home.work), env=env)
            await client.refused("chat/get", chatId="nobody")
            await client.close()
        daemon.stop()
    assert trace.stat().st_mode & 0o777 == 0o600
    assert "open-sesame" not in trace.read_text()
    lines = logged(trace)
    assert {line["connection"] for line in lines} == {1}
    messages = [(line["direction"], line["message"]) for line in lines]
    (asked,) = [told for way, told in messages if told.get("method") == "chat/create"]
    assert asked["params"]["cwd"] == str(home.work)
    assert ("out", {"jsonrpc": "2.0", "id": asked["id"], "result": made}) in messages
    assert [told["error"]["data"]["name"] for _, told in messages if "error" in told] == [
        "ChatNotFound"
    ]


def test_a_trace_that_cannot_be_written_is_told_in_a_line(home: Home) -> None:
    env = {**os.environ, "CLAUDETTED_TRACE": "/nowhere/trace"}
    done = subprocess.run([sys.executable, "-m", "claudetted"], env=env, capture_output=True)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1 and b"/nowhere/trace" in done.stderr


def test_a_signal_logs_the_tree_of_tasks(home: Home) -> None:
    with RunningDaemon(home.root / "out.txt") as daemon:
        os.kill(daemon.pid, signal.SIGUSR1)
        # It has been asked first, and answers both.
        assert daemon.stop() == 0
    log = logged(places.log_dir() / "claudetted.log")
    (tree,) = [one["message"] for one in log if "the tasks of" in one["message"]]
    for task in ("chat.manager.Manager.sweep", "rpc.doors.unix.accept (unix.py:"):
        assert task in tree


def test_the_level_of_the_log_is_chosen(home: Home) -> None:
    with RunningDaemon(home.root / "out.txt", CLAUDETTED_LOG_LEVEL="warning") as daemon:
        daemon.stop()
    assert logged(places.log_dir() / "claudetted.log") == []


def test_a_level_that_does_not_exist_is_refused(home: Home) -> None:
    for words, env in ((["--log-level", "loud"], {}), ([], {"CLAUDETTED_LOG_LEVEL": "loud"})):
        done = subprocess.run(
            [sys.executable, "-m", "claudetted", *words],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        assert "warning" in done.stderr and "Traceback" not in done.stderr


def test_a_crash_below_python_leaves_its_stacks(home: Home) -> None:
    daemon = RunningDaemon(home.root / "out.txt")
    daemon.start()
    os.kill(daemon.pid, signal.SIGSEGV)
    assert daemon.wait() == -signal.SIGSEGV
    assert "Segmentation fault" in (places.log_dir() / "claudetted.crash").read_text()
