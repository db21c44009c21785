"""What each line of a sidecar does to its chat, and that one that does not fit does nothing."""

from typing import Any

import msgspec
import pytest

from claudetted.chat.plans import agent_ended, sidecar_lines
from claudetted.protocol import events as ev, sidecar as sc
from claudetted.protocol.chats import Context
from claudetted.protocol.items import INLINE_BYTES, ToolCall
from claudetted.protocol.turns import Usage
from tests.unit.chat.draft import STARTED, Draft, kind, request

TOOL = sc.ToolInfo("bash", msgspec.Raw(b'{"command":"make"}'), "make")


@pytest.fixture
def draft() -> Draft:
    draft = Draft()
    draft.running()
    return draft


@pytest.fixture
def starting() -> Draft:
    draft = Draft()
    draft.send("do it")
    return draft


# The sidecar


def test_a_started_session_is_told_with_its_model_and_its_context(starting: Draft) -> None:
    starting.greet()
    assert starting.agent.stage == "ready"
    assert starting.agent.session_path == STARTED.session_path
    sidecar = starting.now.sidecar
    assert sidecar
    assert (sidecar.harness_version, sidecar.agent_version, sidecar.pid) == ("0.1", "1.5.2", 77)
    assert starting.now.chat.model_used == "house/large"
    assert starting.now.chat.context == Context(None, 1000)


def test_a_second_sidecar_goes_on_from_the_session_of_the_first(draft: Draft) -> None:
    draft.plan(lambda step: agent_ended.ended(step, "signal 9", []))
    draft.send("again")
    start, prompt = draft.sent
    assert start.session_path == STARTED.session_path
    assert "cut off because its process ended" in prompt.note
    draft.greet()
    started = [event for event in draft.events if isinstance(event, ev.SidecarStarted)]
    assert [event.resumed for event in started] == [False, True]
    draft.answer("prompt")
    draft.end()
    draft.send("and again")
    assert draft.sent[-1].note == ""


@pytest.mark.parametrize("result", [None, 7, {}, {"model": "m"}, {"sessionPath": 1, "model": ""}])
def test_a_start_without_a_session_is_a_failure_and_not_the_end_of_the_chat(
    starting: Draft, result: Any
) -> None:
    starting.answer("start", result)
    assert starting.agent.stage == "ending"
    assert starting.last.effects.end_sidecar
    turn = starting.now.turn
    assert turn
    assert turn.reason == "failed"
    assert "sent no session details" in turn.error


def test_a_refused_start_fails_the_turn_and_ends_the_process(starting: Draft) -> None:
    starting.answer("start", error=sc.LineError("ModelUnknown", "No such model."))
    assert starting.last.effects.end_sidecar
    assert starting.agent.start_error
    turn = starting.now.turn
    assert turn
    assert (turn.reason, turn.error) == ("failed", "No such model.")


def test_a_sidecar_of_another_level_is_ended(starting: Draft) -> None:
    starting.hear(sc.Hello(99, "pi", "9", "9"))
    assert starting.agent.stage == "ending"
    starting.answer("start", STARTED)
    assert starting.agent.stage == "ending"
    assert "install matching versions" in starting.now.chat.status.why


def test_a_refused_prompt_fails_its_turn(draft: Draft) -> None:
    draft.end()
    draft.send("two")
    draft.answer("prompt", error=sc.LineError("HarnessFailed", "No key."))
    turn = draft.now.turn
    assert turn
    assert (turn.reason, turn.error) == ("failed", "No key.")


def test_what_was_answered_is_not_sent_again(draft: Draft) -> None:
    n = draft.sent[-1].id
    (write,) = [
        write for write in draft.writes if write.inputs_taken == (draft.agent.sidecar_id, n)
    ]
    assert write.inputs == []


# Items


def test_an_item_grows_and_closes_with_what_it_grew_to(draft: Draft) -> None:
    draft.hear(sc.ItemOpen("m", "message", model="house/large"), sc.ItemDelta("m", "é"))
    draft.hear(sc.ItemDelta("m", "tude\u2028"))
    item = draft.now.open[draft.item("m")]
    assert draft.now.running
    assert (item.status, item.turn_id, item.model) == ("open", draft.now.running.id, "house/large")
    assert draft.texts.get(item.id).whole() == "étude\u2028".encode()
    draft.hear(sc.ItemClose("m"))
    closed = draft.closed[-1]
    assert (closed.text, closed.text_bytes, closed.status) == ("étude\u2028", 9, "done")
    assert draft.now.open == {}


def test_a_closing_text_replaces_what_was_told(draft: Draft) -> None:
    draft.hear(sc.ItemOpen("m", "message"), sc.ItemDelta("m", "drat"))
    draft.hear(sc.ItemClose("m", text="draft"))
    assert draft.closed[-1].text == "draft"


def test_the_deltas_of_a_failed_attempt_are_withdrawn(draft: Draft) -> None:
    draft.hear(sc.ItemOpen("m", "message"), sc.ItemDelta("m", "half"))
    draft.hear(sc.ItemClose("m", "discarded"))
    assert draft.closed[-1].status == "discarded"


def test_two_messages_keep_their_boundary(draft: Draft) -> None:
    for name in ("m1", "m2"):
        draft.hear(sc.ItemOpen(name, "message"), sc.ItemDelta(name, name), sc.ItemClose(name))
    assert [item.text for item in draft.closed if item.kind == "message"] == ["m1", "m2"]


def test_a_tool_call_is_told_as_far_as_it_is_known(draft: Draft) -> None:
    draft.hear(sc.ItemOpen("t", "tool", sc.ToolInfo("bash")))
    changed = msgspec.structs.replace(TOOL, phase="running")
    draft.hear(sc.ItemChange("t", changed), sc.ItemDelta("t", "out"))
    ended = msgspec.structs.replace(TOOL, exit_code=2, truncated=True, error="It failed.")
    draft.hear(sc.ItemClose("t", "failed", tool=ended))
    item = draft.closed[-1]
    assert item.tool == ToolCall(
        "bash", "ended", TOOL.input, title="make", exit_code=2, truncated=True, error="It failed."
    )
    assert (item.text, item.status) == ("out", "failed")


def test_long_arguments_are_stored_once_and_survive_what_follows(draft: Draft) -> None:
    whole = msgspec.json.encode({"content": "x" * 2 * INLINE_BYTES})
    call = sc.ToolInfo("write", msgspec.Raw(whole), diff="+y\n" * INLINE_BYTES)
    draft.hear(sc.ItemOpen("t", "tool", sc.ToolInfo("write")), sc.ItemChange("t", call))
    draft.hear(sc.Ask("a", "t", request()))
    draft.hear(sc.ItemClose("t"))
    tool = draft.closed[-1].tool
    assert tool
    assert (bytes(tool.input), tool.input_bytes) == (b"{}", len(whole))
    whole_lines = INLINE_BYTES // 3 * 3
    assert (len(tool.diff), tool.diff_bytes) == (whole_lines, 3 * INLINE_BYTES)
    payloads = [payload for write in draft.writes for payload in write.payloads]
    assert [(name, len(data)) for _, name, data in payloads] == [
        ("input", len(whole)),
        ("diff", 3 * INLINE_BYTES),
    ]


def test_what_a_turn_left_open_ends_with_it(draft: Draft) -> None:
    draft.hear(sc.ItemOpen("m", "message"), sc.ItemDelta("m", "half"), sc.Ask("a", "m", request()))
    draft.end("failed", "It broke.")
    assert draft.now.open == {}
    assert draft.now.permissions == {}
    item = next(item for item in draft.closed if item.kind == "message")
    assert (item.status, item.text) == ("failed", "half")


# Turns, context, compaction


def test_a_turn_ends_with_what_it_used(draft: Draft) -> None:
    running = draft.now.running
    assert running
    draft.hear(sc.TurnEnd(running.id, "done", usage=Usage(input=3, output=4, cost_usd=0.5)))
    assert draft.turns[running.id].usage == Usage(input=3, output=4, cost_usd=0.5)
    assert draft.now.chat.totals.output == 4


def test_a_failed_turn_says_why_once(draft: Draft) -> None:
    draft.end("failed", "The provider said 500.")
    notices = [item for item in draft.closed if item.kind == "notice"]
    assert [(item.notice, item.text) for item in notices] == [("error", "The provider said 500.")]


def test_the_meter_keeps_its_window_when_only_the_use_is_told(draft: Draft) -> None:
    draft.hear(sc.ContextUsed(136, 272))
    draft.hear(sc.ContextUsed(140))
    assert draft.now.chat.context == Context(140, 272)
    assert draft.hear(sc.ContextUsed(140)) == []


def test_a_compaction_leaves_its_boundary_in_the_transcript(draft: Draft) -> None:
    told = draft.hear(
        sc.CompactionStart("overflow"),
        sc.CompactionEnd("overflow", ok=True, before=900, after=90, duration_ms=7),
    )
    assert [kind(event) for event in told] == [
        *("compaction/started", "compaction/ended", "item/added", "context/changed")
    ]
    boundary = draft.closed[-1].compaction
    assert boundary
    assert (boundary.trigger, boundary.before, boundary.after) == ("overflow", 900, 90)
    assert draft.now.chat.context.used == 90
    assert draft.now.running


def test_a_compaction_that_freed_nothing_leaves_no_boundary(draft: Draft) -> None:
    draft.hear(sc.CompactionStart("threshold"))
    draft.hear(sc.CompactionEnd("threshold", ok=False, error="Too short."))
    assert not any(item.kind == "compaction" for item in draft.closed)
    assert draft.now.chat.status.name == "running"


def test_the_groups_of_running_commands_are_known(draft: Draft) -> None:
    draft.hear(sc.Group(10, "t"), sc.Group(11, "u"), sc.GroupEnd(10))
    assert draft.agent.groups == {11: "u"}


BREACHES = [
    sc.Reply(4711),
    sc.ItemOpen("open", "message"),
    sc.ItemDelta("nobody", "x"),
    sc.ItemChange("nobody", TOOL),
    sc.ItemClose("nobody"),
    sc.Ask("asked", "open", request()),
    sc.TurnEnd("another", "done"),
    sc.Part("not joined"),
    object(),
]


@pytest.mark.parametrize("line", BREACHES, ids=lambda line: type(line).__name__)
def test_a_line_that_does_not_fit_changes_nothing(draft: Draft, line: Any) -> None:
    draft.hear(sc.ItemOpen("open", "message"), sc.Ask("asked", "open", request()))
    step = draft.step()
    with pytest.raises(sidecar_lines.Breach):
        sidecar_lines.hear(line, step)
    assert (step.state, step.agent, step.published) == (draft.now, draft.agent, [])


HARMLESS = [sc.AskWithdrawn("nobody"), sc.SteerTaken("nobody"), sc.GroupEnd(4711)]


@pytest.mark.parametrize("line", HARMLESS, ids=lambda line: type(line).__name__)
def test_what_is_over_already_may_be_said_again(draft: Draft, line: Any) -> None:
    before = draft.now
    assert draft.hear(line) == []
    assert draft.now == before
