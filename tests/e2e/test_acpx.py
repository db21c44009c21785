"""The bridge with acpx, an editor of others' without windows: the real Pi and a real daemon."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.daemon.client import PATIENCE, Json
from tests.daemon.world import Home
from tests.e2e.conftest import Connect
from tests.fakes.model_server import ModelServer
from tests.support.agents import program
from tests.support.daemon import RunningDaemon

BRIDGE = shlex.join([sys.executable, "-m", "claudette_cli", "acp"])
MADE = '@tool bash {"command": "echo hi > made.txt"} @then @text "It is over."'

pytestmark = pytest.mark.usefixtures("stage")


class Acpx:
    """Its commands in one directory, where it keeps at most one session. What serves that session
    in the background is ended with it."""

    def __init__(self, home: Home, policy: str = "--approve-all") -> None:
        self._home = home
        # A time to live would end what serves the session in the middle of a later command.
        self._words = [
            str(program("acpx")),
            "--agent",
            BRIDGE,
            policy,
            "--format",
            "json",
            "--ttl",
            "0",
        ]

    @contextmanager
    def begun(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        env = {**os.environ, "HOME": str(self._home.root)}
        with subprocess.Popen(
            [*self._words, *words], cwd=self._home.work, env=env, stdout=subprocess.PIPE, text=True
        ) as running:
            try:
                yield running
            finally:
                running.kill()

    def run(self, *words: str) -> list[Json]:
        with self.begun(*words) as running:
            return printed(running)

    @contextmanager
    def session(self) -> Iterator[str]:
        """Its id, of acpx and of the chat."""
        (made,) = self.run("sessions", "new")
        try:
            yield made["acpxSessionId"]
        finally:
            self.run("sessions", "close")


def printed(running: subprocess.Popen[str]) -> list[Json]:
    """All its lines: of a prompt the messages of the protocol, both ways."""
    text, _ = running.communicate(timeout=PATIENCE)
    return [json.loads(line) for line in text.splitlines()]


def updates(lines: list[Json], kind: str) -> list[Json]:
    told = [line["params"]["update"] for line in lines if line.get("method") == "session/update"]
    return [update for update in told if update["sessionUpdate"] == kind]


def said(lines: list[Json]) -> str:
    chunks = updates(lines, "agent_message_chunk")
    return "".join(chunk["content"]["text"] for chunk in chunks)


def methods(lines: list[Json]) -> list[str]:
    return [line["method"] for line in lines if "method" in line]


def stop_reasons(lines: list[Json]) -> list[str]:
    results = [line.get("result") or {} for line in lines if "method" not in line]
    return [result["stopReason"] for result in results if "stopReason" in result]


@pytest.mark.parametrize("policy", ["--approve-all", "--deny-all"])
def test_a_prompt_whose_card_it_answers_by_itself(
    daemon: RunningDaemon, model: ModelServer, home: Home, policy: str
) -> None:
    lines = Acpx(home, policy).run("exec", MADE)
    allowed = policy == "--approve-all"
    assert stop_reasons(lines) == ["end_turn"]
    assert said(lines).endswith("It is over.")
    assert updates(lines, "tool_call_update")[-1]["status"] == (
        "completed" if allowed else "failed"
    )
    assert (home.work / "made.txt").exists() == allowed


async def test_a_session_is_resumed_after_what_others_did_in_it(
    daemon: RunningDaemon, model: ModelServer, home: Home, connected: Connect
) -> None:
    acpx = Acpx(home)
    with acpx.session() as session:
        client = await connected()
        sent = await client.call("turn/send", chatId=session, text="@text seven")
        await client.call("turn/wait", chatId=session, turnId=sent["turnId"])
        lines = acpx.run("prompt", "@echo-history")
        assert "session/resume" in methods(lines)
        assert stop_reasons(lines) == ["end_turn"]
        assert "seven" in said(lines)


def test_a_prompt_is_cancelled_by_another_command(
    daemon: RunningDaemon, model: ModelServer, home: Home
) -> None:
    acpx = Acpx(home)
    with acpx.session(), acpx.begun("prompt", "@hold door @text late") as prompt:
        model.wait_held("door")
        acpx.run("cancel")
        lines = printed(prompt)
        assert stop_reasons(lines) == ["cancelled"]
        assert "late" not in said(lines)
        model.release("door")
