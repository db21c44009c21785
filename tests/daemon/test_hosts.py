"""`--host`: the command line against a daemon that is elsewhere, by ssh and by its door."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from claudette_cli.client import following
from tests.daemon.client import PATIENCE, Client
from tests.daemon.remote import enabled, paired
from tests.daemon.world import Chat, Daemon, Home

Json = dict[str, Any]
SSH = """#!/bin/sh
# Logs in to this machine: what follows the target is run as sshd would run it.
echo "$@" >> "$SSH_LOG"
for last; do :; done
CLAUDETTED_DATA_DIR="$FAR_DATA" CLAUDETTED_RUNTIME_DIR="$FAR_RUN" CLAUDETTE_HOST= exec sh -c "$last"
"""


class Elsewhere:
    """Another machine: places of its own, and a command line."""

    def __init__(self, home: Home) -> None:
        self.root = home.root / "elsewhere"
        (self.root / "bin").mkdir(parents=True)
        ssh = self.root / "bin/ssh"
        ssh.write_text(SSH)
        ssh.chmod(0o755)
        program = self.root / "bin/claudette"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m claudette_cli "$@"\n')
        program.chmod(0o755)
        self.log = self.root / "ssh.log"
        self.env = {
            **os.environ,
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "FAR_DATA": os.environ["CLAUDETTED_DATA_DIR"],
            "FAR_RUN": os.environ["CLAUDETTED_RUNTIME_DIR"],
            "SSH_LOG": str(self.log),
            "CLAUDETTED_DATA_DIR": str(self.root / "data"),
            "CLAUDETTED_RUNTIME_DIR": str(self.root / "run"),
        }

    async def run(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Code, output and errors of `claudette` there."""
        with trio.fail_after(PATIENCE):
            done = await trio.run_process(
                [sys.executable, "-m", "claudette_cli", *words],
                env=self.env,
                cwd=self.root,
                check=False,
                stdin=typed.encode(),
                capture_stdout=True,
                capture_stderr=True,
            )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    async def json(self, *words: str) -> Any:
        code, out, err = await self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def elsewhere(home: Home) -> Elsewhere:
    return Elsewhere(home)


async def test_over_ssh_every_command_is_about_the_daemon_there(
    daemon: Daemon, chat: Chat, elsewhere: Elsewhere
) -> None:
    host = "ssh://me@box:2222"
    told = await elsewhere.json("--host", host, "status")
    assert told["socket"] == str(daemon.socket)
    assert [one["id"] for one in await elsewhere.json("--host", host, "ls")] == [chat.id]
    code, out, err = await elsewhere.run(
        f"--host={host}", "send", chat.id, "-", "--wait", typed="@text Hello there"
    )
    assert (code, err) == (0, "")
    assert "Hello there" in out
    assert elsewhere.log.read_text().startswith("-T -p 2222 -- me@box env PATH=")
    assert not (elsewhere.root / "data").exists()


async def test_a_link_pairs_and_the_next_time_needs_none(
    client: Client, chat: Chat, elsewhere: Elsewhere
) -> None:
    port = await enabled(client)
    link = (await client.call("device/pair", right="watch"))["url"]
    assert await elsewhere.json("--host", link, "ls")
    kept = elsewhere.root / "data/hosts.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    web = f"ws://127.0.0.1:{port}"
    assert await elsewhere.json("--host", web, "ls")
    code, _, err = await elsewhere.run("--host", web, "send", chat.id, "-", typed="no")
    assert (code, "needs the right “work”" in err) == (1, True)
    code, _, err = await elsewhere.run("--host", link, "ls")
    assert (code, "does not know the code" in err) == (1, True)
    (device,) = (await client.call("device/list"))["devices"]
    assert device["name"].startswith("claudette on ")
    await client.call("device/revoke", deviceId=device["id"])
    code, _, err = await elsewhere.run("--host", web, "ls")
    assert (code, "pair it again" in err) == (8, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--host", "ftp://box", "ls"], 2, "is no host"),
        (["--host"], 2, "needs a value"),
        (["--host", "ws://127.0.0.1:9", "ls"], 8, "not paired"),
        (["--host", "http://127.0.0.1:9/#pair=x", "ls"], 8, "cannot be reached"),
        (["--host", "ssh://box", "restart"], 1, "run it there"),
    ],
)
async def test_what_cannot_work_is_one_sentence(
    elsewhere: Elsewhere, words: list[str], code: int, says: str
) -> None:
    ended, _, err = await elsewhere.run(*words)
    assert (ended, says in err) == (code, True), err
    assert "Traceback" not in err


async def test_what_follows_a_chat_goes_on_where_it_was(
    daemon: Daemon, client: Client, home: Home, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    port = await enabled(client, listen=address)
    token = (await paired(client, port))["token"]
    (Path(os.environ["CLAUDETTED_DATA_DIR"]) / "hosts.json").write_text(
        json.dumps({f"http://{address}": token})
    )
    monkeypatch.setenv("CLAUDETTE_HOST", f"ws://{address}")
    monkeypatch.setattr(following, "_PAUSE_AWAY", 0.01)
    made = await client.call("chat/create", cwd=str(home.work))
    chat = Chat(client, made["chat"])
    with following.Following(chat.id) as followed:
        await take(followed, lambda: followed.fold.cursor)
        await chat.turn("@text one")
        await daemon.restart()
        chat.client = await daemon.client()
        await chat.turn("@text two")
        seq = (await chat.snapshot())["seq"]
        await take(followed, lambda: (followed.fold.cursor or "").endswith(f".{seq}"))
        texts = [item["text"] for item in followed.fold.items if item["kind"] == "message"]
    assert texts == ["one", "two"]


async def take(followed: following.Following, until: Callable[[], Any]) -> None:
    with trio.fail_after(PATIENCE):
        while not until():
            await trio.to_thread.run_sync(followed.take)
