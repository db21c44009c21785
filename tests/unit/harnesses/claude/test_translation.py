"""What Claude Code's recorded lines mean, and what it is sent for ours."""

import os
from pathlib import Path

import msgspec
import pytest

from claudetted.harnesses.adapter import EndVendor, Exit
from claudetted.protocol import sidecar as sc
from claudetted.protocol.permissions import Confinement
from tests.unit.harnesses.claude.talk import RECORDED, SERVED, Talk

HOOK, ASKS = '"hook_callback"', '"can_use_tool"'
"""In the lines of a recording by which a call comes to the hook, and is asked about after it."""


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    return Talk(tmp_path, monkeypatch)


def decision(talk: Talk) -> dict[str, str]:
    """What the hook has answered last."""
    return dict(talk.sent[-1]["response"]["response"]["hookSpecificOutput"])


def test_it_says_hello_with_the_version_of_the_program(talk: Talk) -> None:
    assert talk.one(sc.Hello).agent_version == "2.1.332"


def test_it_is_started_so_that_every_call_comes_to_the_hook(talk: Talk) -> None:
    talk.opens(model="claude/opus", thinking="high", level="readonly")
    (started,) = talk.started
    assert {"--model=opus", "--effort=high", "--permission-mode=plan"} < set(started.argv)
    assert started.env["CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"] == "1"
    assert "CLAUDETTE_CLAUDE" not in started.env
    (hook,) = talk.sent[0]["request"]["hooks"]["PreToolUse"]
    assert (hook["matcher"], hook["onFailure"]) == ("*", "block")


def test_a_project_runs_nothing_before_it_is_trusted(talk: Talk) -> None:
    (talk.place / ".mcp.json").touch()
    talk.starts()
    assert {"--setting-sources=user", "--strict-mcp-config"} < set(talk.started[0].argv)
    started = msgspec.json.decode(talk.last(sc.Reply).result, type=sc.Started)
    assert started.resources == [".mcp.json"]
    talk.line(sc.Configure(5, trusted=True))
    talk.prompts()
    assert isinstance(talk.said[-1], EndVendor)
    talk.dies(0)
    assert "--strict-mcp-config" not in talk.started[1].argv


def test_a_server_of_the_users_gets_nothing_of_anthropics(talk: Talk) -> None:
    talk.claude._environment["ANTHROPIC_API_KEY"] = "secret"
    talk.starts(model="fake/small", endpoint=SERVED)
    env = talk.started[0].env
    assert env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1"
    assert "ANTHROPIC_API_KEY" not in env
    assert "--model=small" in talk.started[0].argv


def test_a_command_is_asked_about_and_runs_as_it_was_shown(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    rest = talk.plays("command", until=HOOK)
    assert not [line for line in talk.sent if "hookSpecificOutput" in str(line)]
    asked = talk.one(sc.Ask)
    assert (asked.request.tool, asked.request.command) == ("bash", "echo hi; exit 3")
    assert asked.request.cwd == "/work"
    talk.line(sc.Decide(asked.ask, True))
    assert decision(talk)["permissionDecision"] == "ask"
    rest = talk.goes_on(rest, until=ASKS)
    told = talk.sent[-1]["response"]["response"]
    assert told["behavior"] == "allow"
    assert told["updatedInput"]["command"] == "echo hi; exit 3"
    talk.goes_on(rest)
    closed = next(line for line in talk.all(sc.ItemClose) if line.item == asked.item)
    assert (closed.status, closed.text) == ("failed", "hi")
    assert closed.tool and closed.tool.exit_code == 3
    end = talk.one(sc.TurnEnd)
    assert (end.turn, end.reason) == ("T1", "done")
    assert end.usage and (end.usage.input, end.usage.cost_source) == (4882, "catalogue")
    assert talk.last(sc.ContextUsed).used == 2470
    kinds = [(line.kind, line.model) for line in talk.all(sc.ItemOpen)]
    assert [kind for kind, _ in kinds] == ["reasoning", "message", "tool", "message"]
    talk.line(sc.Decide(asked.ask, True))
    assert talk.sent[-1]["response"]["response"] == told, "A second answer changes nothing."


def test_the_reason_of_a_denial_is_told(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.plays("command", until=HOOK)
    talk.line(sc.Decide(talk.one(sc.Ask).ask, False, "Use the makefile."))
    told = decision(talk)
    assert told["permissionDecision"] == "deny"
    assert "Use the makefile." in told["permissionDecisionReason"]


def test_what_runs_unasked_has_the_environment_that_its_verdict_wants(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    rest = talk.plays("command", until=HOOK)
    held = Confinement({"GIT_PAGER": "cat x"})
    talk.line(sc.Decide(talk.one(sc.Ask).ask, True, confinement=held))
    talk.goes_on(rest, until=ASKS)
    command = talk.sent[-1]["response"]["response"]["updatedInput"]["command"]
    assert command == "export GIT_PAGER='cat x'\necho hi; exit 3"


def test_a_readonly_chat_refuses_by_itself(talk: Talk) -> None:
    talk.starts(level="readonly")
    talk.prompts()
    talk.plays("command", until=HOOK)
    assert not talk.all(sc.Ask)
    assert decision(talk)["permissionDecision"] == "deny"


def test_a_call_that_has_come_past_the_hook_is_asked_about(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    lines = (RECORDED / "command.jsonl").read_text().splitlines()
    (asks,) = [line for line in lines if ASKS in line]
    talk.hears(asks)
    talk.line(sc.Decide(talk.one(sc.Ask).ask, False))
    assert talk.sent[-1]["response"]["response"]["behavior"] == "deny"


def test_its_question_is_one_of_the_chat(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    rest = talk.plays("question", until=ASKS)
    inquiry = talk.one(sc.Inquiry)
    assert (inquiry.title, inquiry.free, inquiry.several) == ("Which one?", True, False)
    assert [option.id for option in inquiry.options] == ["A", "B"]
    talk.line(sc.Inform(inquiry.inquiry, "B"))
    assert talk.sent[-1]["response"]["response"]["updatedInput"]["answers"] == {"Which one?": "B"}
    talk.goes_on(rest)
    assert talk.one(sc.TurnEnd).reason == "done"


@pytest.mark.parametrize(
    ("answer", "behavior"), [("yes", "allow"), ("no", "deny"), ("Smaller steps.", "deny")]
)
def test_its_plan_is_a_question(talk: Talk, answer: str, behavior: str) -> None:
    talk.starts()
    talk.prompts()
    rest = talk.plays("plan", until=HOOK)
    talk.line(sc.Decide(talk.one(sc.Ask).ask, True))
    rest = talk.goes_on(rest, until=ASKS)
    talk.goes_on(rest, until=ASKS)
    inquiry = talk.one(sc.Inquiry)
    assert inquiry.about == "do it"
    talk.line(sc.Inform(inquiry.inquiry, answer))
    told = talk.sent[-1]["response"]["response"]
    assert told["behavior"] == behavior
    assert answer in ("yes", "no") or answer in told["message"]


def test_what_an_agent_below_a_call_does_is_shown_below_it(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    rest = talk.plays("subagent", until=HOOK)
    talk.line(sc.Decide(talk.one(sc.Ask).ask, True))
    rest = talk.goes_on(rest, until=HOOK)
    talk.line(sc.Decide(talk.last(sc.Ask).ask, True))
    assert not talk.goes_on(rest)
    agent, command = (line for line in talk.all(sc.ItemOpen) if line.kind == "tool")
    assert (command.parent, agent.parent) == (agent.item, "")
    first, second = talk.all(sc.Ask)
    assert (first.request.access, first.request.paths) == ("list", ["/work"])
    assert second.request.command == "echo sub"


def test_a_steer_is_taken_when_the_model_gets_it(talk: Talk) -> None:
    talk.starts()
    talk.uuids = ["65e5c938-23b8-4d05-81d7-86b45b566624", "64b34ca7-593c-493c-a6fe-24cd7c33594f"]
    talk.prompts()
    rest = talk.plays("steer", until=ASKS)
    talk.line(sc.Steer(3, "S1", "now this"))
    assert not talk.all(sc.SteerTaken)
    talk.goes_on(rest)
    assert talk.one(sc.SteerTaken).turn == "S1"
    assert talk.one(sc.TurnEnd).turn == "T1"


def test_a_steer_of_no_turn_is_too_late(talk: Talk) -> None:
    talk.starts()
    talk.line(sc.Steer(3, "S1", "now this"))
    assert talk.error(3).name == "NotRunning"


def test_a_stop_is_no_failure_and_is_answered_last(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    rest = talk.plays("stopped", until=HOOK)
    talk.line(sc.Decide(talk.one(sc.Ask).ask, True))
    rest = talk.goes_on(rest, until=ASKS)
    talk.line(sc.Abort(7))
    assert talk.sent[-1]["request"] == {"subtype": "interrupt", "cancel_queued": True}
    talk.goes_on(rest)
    end = talk.one(sc.TurnEnd)
    assert (end.reason, end.error) == ("stopped", "")
    assert {line.status for line in talk.all(sc.ItemClose)} == {"stopped"}
    assert talk.said[-1] == sc.Reply(7)
    assert not talk.all(sc.ContextUsed)


def test_a_stop_withdraws_what_waits(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.plays("command", until=HOOK)
    asked = talk.one(sc.Ask)
    talk.hears(
        '{"type":"control_cancel_request","request_id":"25184516-a52d-4469-b89c-5a4792ad7769"}'
    )
    assert talk.one(sc.AskWithdrawn).ask == asked.ask


def test_a_compaction_of_a_person(talk: Talk) -> None:
    talk.starts()
    talk.line(sc.Compact(4, "keep it short"))
    assert talk.sent[-1]["message"]["content"] == "/compact keep it short"
    talk.prompts()
    assert talk.error(2).name == "ChatBusy"
    talk.plays("compaction")
    end = talk.one(sc.CompactionEnd)
    assert (end.trigger, end.ok, end.before, end.after) == ("manual", True, 3242, 3191)
    assert talk.said[-1] == sc.Reply(4)


def test_a_compaction_of_its_own_stays_in_the_turn(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.plays("overflow")
    kinds = [type(line) for line in talk.said]
    assert kinds.index(sc.CompactionStart) < kinds.index(sc.CompactionEnd)
    assert kinds.index(sc.CompactionEnd) < kinds.index(sc.TurnEnd)
    assert talk.one(sc.CompactionEnd).trigger == "threshold"


def test_a_retry_is_told(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.plays("retry")
    notice = talk.one(sc.Notice)
    assert (notice.kind, "503" in notice.text) == ("retry", True)
    assert talk.one(sc.TurnEnd).reason == "done"


def test_the_costs_are_of_the_turn_and_not_of_the_session(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.plays("retry")
    talk.prompts(turn="T2")
    talk.plays("broken_stream")
    first, second = (line.usage for line in talk.all(sc.TurnEnd))
    assert first and second and first.cost_usd and second.cost_usd
    assert second.cost_usd == pytest.approx(0.1102 - 0.093296)


def test_what_a_command_of_its_own_says_is_a_message(talk: Talk) -> None:
    talk.starts()
    talk.prompts("/cost", expand=True)
    assert "client_composed" not in talk.sent[-1]
    talk.plays("cost")
    closed = talk.one(sc.ItemClose)
    assert closed.text and closed.text.startswith("Estimated cost")


def test_a_prompt_that_looks_like_a_command_is_none(talk: Talk) -> None:
    talk.starts()
    talk.prompts("/compact is a word", note="The note.")
    assert talk.sent[-1]["client_composed"] is True
    assert [block["text"] for block in talk.sent[-1]["message"]["content"]] == [
        "The note.",
        "/compact is a word",
    ]


def test_a_turn_that_nobody_asked_for_is_stopped(talk: Talk) -> None:
    talk.starts()
    talk.hears('{"type":"stream_event","event":{"type":"message_start","message":{"id":"m"}}}')
    assert talk.sent[-1]["request"]["subtype"] == "interrupt"
    assert "by itself" in talk.one(sc.Notice).text


def test_a_model_changes_in_a_live_session(talk: Talk) -> None:
    talk.starts()
    talk.line(sc.Configure(5, model="claude/sonnet"))
    assert talk.sent[-1]["request"] == {"subtype": "set_model", "model": "sonnet"}
    talk.answers("{}", "Model 'sonnet' not found", "not_found")
    error = talk.error(5)
    assert (error.name, error.data["nearest"][0]) == ("ModelUnknown", "claude/default")


def test_a_session_is_resumed_by_its_id(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    talk.starts()
    talk.prompts()
    started = msgspec.json.decode(talk.all(sc.Reply)[0].result, type=sc.Started)
    session = os.path.basename(started.session_path).partition(".")[0]
    history = talk.place / ".claude/projects/-work"
    history.mkdir(parents=True)
    (history / f"{session}.jsonl").touch()
    again = Talk(talk.place, monkeypatch)
    again.starts(session_path=started.session_path)
    assert f"--resume={session}" in again.started[0].argv


def test_dispose_ends_what_runs_first(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.line(sc.Dispose(9))
    assert talk.one(sc.TurnEnd).reason == "stopped"
    assert talk.said[-2:] == [sc.Reply(9), Exit()]
