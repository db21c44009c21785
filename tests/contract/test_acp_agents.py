"""Two real agents that speak the Agent Client Protocol, each with a scripted model: what our own
scripted agent stands for, and what their users' settings would let run unasked."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.driver import Refused, Sidecar
from tests.fakes import opencode
from tests.fakes.launcher import write_acp_launcher
from tests.fakes.messages_model import MessagesModel
from tests.fakes.model_server import ModelServer
from tests.support.agents import program
from tests.support.isolation import QUICK_BUN
from tests.support.lifeline import Lifeline


@dataclass
class Real:
    """A real agent in a place of its own."""

    launcher: Path
    env: dict[str, str]
    place: Path
    shell: str
    """Its tool that runs commands."""
    running: ExitStack
    plan: str
    """What has it keep a plan, with the one entry `Look`."""
    last: Sidecar | None = None

    def launch(self, session_path: str = "") -> Sidecar:
        """One more, with its session."""
        self.last = Sidecar([os.fspath(self.launcher)], self.env, self.place / "chat")
        self.running.callback(self.last.close)
        self.last.start(model="", session_path=session_path)
        return self.last

    def sidecar(self) -> Sidecar:
        """The last one that was launched, if it is at hand: one takes seconds to start."""
        if self.last is None or not self.last.at_rest():
            return self.launch()
        self.last.forget()
        return self.last

    def run(self, command: str) -> str:
        arguments = {"command": command, "description": "As the test wants."}
        return f"@tool {self.shell} {json.dumps(arguments)} @then @text done"


NAMES = ("opencode", "claude-agent-acp")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES],
)
def real(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Real]:
    make = {"opencode": _opencode, "claude-agent-acp": _claude}[request.param]
    with ExitStack() as stack:
        yield make(tmp_path_factory.mktemp("real"), stack)


def _opencode(place: Path, stack: ExitStack) -> Real:
    agent = program("opencode")
    opencode.write_config(place / "home", stack.enter_context(ModelServer()))
    env = opencode.environment(place / "home")
    launcher = write_acp_launcher(place / "h", "opencode", "opencode", os.fspath(agent), "acp")
    todo = {"content": "Look", "status": "in_progress", "priority": "high", "id": "1"}
    plan = f"@tool todowrite {json.dumps({'todos': [todo]})} @then @text done"
    return Real(launcher, env, place, "bash", stack, plan)


def _claude(place: Path, stack: ExitStack) -> Real:
    agent = program("claude-agent-acp")
    model = stack.enter_context(MessagesModel())
    _write(place / "home/.claude/settings.json", {"permissions": {"allow": ["Bash"]}})
    env = _environment(place) | {
        "ANTHROPIC_API_KEY": "none-needed",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{model.port}",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "IS_SANDBOX": "1",  # Else it does not run as root.
        "CLAUDE_CODE_ENABLE_TODO_TOOLS": "1",
    }
    name = "claude-agent-acp"
    launcher = write_acp_launcher(place / "h", name, name, os.fspath(agent))
    change = {"taskId": "1", "status": "in_progress"}
    plan = (
        f"@tool TaskCreate {json.dumps({'subject': 'Look', 'description': '…'})} @then "
        f"@tool TaskUpdate {json.dumps(change)} @then @text done"
    )
    return Real(launcher, env, place, "Bash", stack, plan)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _environment(place: Path) -> dict[str, str]:
    home = os.fspath(place / "home")
    return {**QUICK_BUN, "HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def test_it_asks_about_what_its_users_settings_allow_and_obeys(real: Real) -> None:
    running = real.sidecar()
    running.prompt(real.run("echo yes > allowed"))
    asked = running.next(sc.Ask)
    assert (asked.request.tool, asked.request.command) == ("bash", "echo yes > allowed")
    running.allow(asked)
    assert running.end().reason == "done"
    running.prompt(real.run("echo no > denied"), "T2")
    refused = running.next(sc.Ask, after=asked)
    running.deny(refused, "Not that.")
    assert running.end("T2").reason == "done"
    assert [path.name for path in running.cwd.iterdir()] == ["allowed"]
    assert running.closed(refused.item).status == "failed"


def test_its_plan_is_one_call_of_its_turn(real: Real) -> None:
    running = real.sidecar()
    running.turn(real.plan, "T9")
    calls = [running.closed(one.item) for one in running.opened("tool")]
    (told,) = [call for call in calls if call.tool and call.tool.name == "plan"]
    assert told.tool and told.tool.title == "0 of 1 done"
    assert bytes(told.tool.input) == b'{"entries":[{"content":"Look","status":"in_progress"}]}'
    assert told.text == "[~] Look"


def test_it_goes_on_after_a_kill_and_says_nothing_twice(real: Real) -> None:
    first = real.sidecar()
    first.turn("@text The number is 7.", "T3")
    path = os.fspath(first.session_dir / "session.json")
    first.close()
    second = real.launch(path)
    assert not second.all(sc.ItemOpen)
    second.turn("@echo-history", "T4")
    assert len(second.texts()) == 1
    assert "The number is 7." in second.texts()[0]


def test_a_session_is_removed_by_the_agent_that_can(real: Real) -> None:
    running = real.sidecar()
    running.turn("@text hello")
    told = json.loads((running.session_dir / "session.json").read_text())["sessionId"]
    forget = sc.Forget(running.id(), os.fspath(running.cwd), told)
    home = real.place / "home"
    if real.shell == "bash":
        with pytest.raises(Refused, match="no way to remove a session"):
            running.ask_for(forget)
        running.start(model="")  # It serves the test that follows, with a session of its own.
    else:
        # The transcript; an empty directory of its shell's environment may come and go.
        assert _files(home, told, ".jsonl")
        running.ask_for(forget)
        assert not _files(home, told, ".jsonl")
        running.close()


def _files(place: Path, start: str, end: str) -> list[str]:
    """Their names, of a place in which directories come and go meanwhile."""
    names = [name for _, _, found in os.walk(place) for name in found]
    return [name for name in names if name.startswith(start) and name.endswith(end)]


def test_a_stop_ends_its_command_with_all_that_it_started(real: Real) -> None:
    running = real.sidecar()
    with Lifeline(running.place / "lifeline") as line:
        running.prompt(real.run(f"{line.hold}; sleep 1000 & sleep 1000"), "T5")
        running.allow(running.next(sc.Ask))
        line.wait_held()
        running.abort()
        assert running.end("T5").reason == "stopped"
        running.ask_for(sc.Dispose(running.id()))
        assert running.to_end() == 0
        line.wait_cut()
