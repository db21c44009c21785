"""A turn begins and ends once; no message is lost, doubled, or sent when a person stopped it."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from claudetted.chat.plans import agent_ended, agent_process, sidecar_lines, turns
from claudetted.chat.state.message import Message
from claudetted.protocol import errors, events as ev, sidecar as sc
from claudetted.protocol.base import TurnId
from claudetted.protocol.chats import Status
from claudetted.protocol.turns import SendResult
from tests.unit.chat.conversation import Conversation
from tests.unit.chat.draft import Draft, request

ERROR = sc.LineError("HarnessFailed", "It broke.")


def test_any_conversation() -> None:
    run_state_machine_as_test(
        Conversation, settings=settings(max_examples=150, stateful_step_count=40)
    )


def test_the_first_message_is_stored_before_anything_is_sent() -> None:
    draft = Draft()
    result = draft.send("\n  Fix it, please\nwith care")
    assert draft.kinds == [
        *("chat/created", "chat/configured", "item/added", "turn/started", "status/changed")
    ]
    assert draft.now.chat.title == "Fix it, please"
    assert result == SendResult(result.turn_id, "running")
    assert [type(line) for line in draft.sent] == [sc.Start, sc.Prompt]
    (write,) = [write for write in draft.writes if write.turns]
    assert len(write.inputs) == 2
    assert write.turns[0].prompt == b"\n  Fix it, please\nwith care"
    assert draft.last.effects.launch == draft.agent.sidecar_id


@pytest.mark.parametrize(
    ("text", "title"),
    [("x" * 60, "x" * 60), ("x" * 61, "x" * 59 + "…"), ("\n \n", ""), ("a\u2028b", "a\u2028b")],
)
def test_a_chat_is_named_after_its_first_message(text: str, title: str) -> None:
    draft = Draft()
    draft.send(text)
    assert draft.now.chat.title == title


def test_a_chat_that_a_person_has_named_keeps_its_name() -> None:
    draft = Draft("Mine")
    draft.send("something else")
    assert draft.now.chat.title == "Mine"


def test_a_prompt_of_5_mb_is_whole_for_the_agent_and_cut_in_the_event() -> None:
    text = "é\n" * (5 * 1024 * 1024 // 3)
    draft = Draft()
    draft.send(text)
    assert draft.sent[-1].text == text
    (item,) = draft.closed
    assert item.text_bytes == len(text.encode())
    assert len(item.text.encode()) <= 64 * 1024
    assert draft.writes[-1].payloads == [(item.id, "text", text.encode())]


def test_a_message_that_waits_is_shown_cut_and_sent_whole() -> None:
    draft = Draft()
    draft.running()
    draft.send("é" * 2000)
    (entry,) = draft.now.queue
    assert (entry.text, entry.text_bytes) == ("é" * 512, 4000)
    draft.end()
    assert draft.sent[-1].text == "é" * 2000


def test_queued_messages_go_one_by_one_in_their_order() -> None:
    draft = Draft()
    first = draft.running()
    waiting = [draft.send(text).turn_id for text in ("two", "three")]
    assert [entry.turn_id for entry in draft.now.queue] == waiting
    for turn_id in waiting:
        draft.end()
        assert draft.now.running
        assert draft.now.running.id == turn_id
        draft.answer("prompt")
    draft.end()
    prompts = [line.turn for line in draft.sent if isinstance(line, sc.Prompt)]
    assert prompts == [first, *waiting]


@pytest.mark.parametrize("reason", ["failed", "stopped"])
def test_a_turn_that_did_not_succeed_pauses_the_queue(reason: str) -> None:
    draft = Draft()
    draft.running()
    draft.send("two")
    draft.end(reason, "No.")
    assert draft.now.queue_paused
    assert not draft.now.running
    assert draft.now.chat.status.why == "The queue is paused."


@pytest.mark.parametrize("way", ["message", "retry", "resume"])
def test_a_paused_queue_goes_on_when_a_person_says_so(way: str) -> None:
    draft = Draft()
    draft.running()
    waiting = draft.send("two").turn_id
    draft.end("failed", "No.")
    if way == "resume":
        draft.plan(turns.resume_queue)
    elif way == "retry":
        draft.plan(lambda step: turns.retry(step, Message("do it")))
    else:
        draft.send("three")
    if way != "resume":
        draft.answer("prompt")
        draft.end()
    assert draft.now.running
    assert draft.now.running.id == waiting


def test_a_steer_that_was_taken_is_part_of_the_running_turn() -> None:
    draft = Draft()
    running = draft.running()
    steer = draft.send("left", "steer")
    assert steer.state == "steering"
    assert steer.turn_id
    assert draft.sent[-1] == sc.Steer(draft.sent[-1].id, steer.turn_id, "left")
    draft.hear(sc.SteerTaken(steer.turn_id))
    item = draft.closed[-1]
    assert (item.kind, item.text, item.turn_id) == ("user", "left", running)
    turn = draft.turns[steer.turn_id]
    assert (turn.state, turn.steers) == ("ended", running)
    assert "turn/steered" in draft.kinds
    assert draft.hear(sc.SteerTaken(steer.turn_id)) == []


def test_a_steer_that_was_too_late_is_the_next_turn() -> None:
    draft = Draft()
    draft.running()
    draft.send("queued")
    steer = draft.send("steer", "steer").turn_id
    draft.answer("steer", error=sc.LineError("NotRunning", "Too late."))
    assert draft.now.queue[0].turn_id == steer
    draft.end()
    assert draft.now.running
    assert draft.now.running.id == steer


def test_steers_the_model_never_got_go_first_and_in_their_order() -> None:
    draft = Draft()
    draft.running()
    queued = draft.send("queued").turn_id
    steers = [draft.send(text, "steer").turn_id for text in ("one", "two")]
    draft.end("failed", "No.")
    assert [entry.turn_id for entry in draft.now.queue] == [*steers, queued]
    draft.answer("steer", error=sc.LineError("NotRunning", "Too late."))
    assert [entry.turn_id for entry in draft.now.queue] == [*steers, queued]


def test_a_stop_of_nothing_stops_nothing() -> None:
    draft = Draft()
    assert draft.plan(lambda step: turns.stop(step, "me")) is None
    draft.ready()
    sent = len(draft.sent)
    assert draft.plan(lambda step: turns.stop(step, "me")) is None
    assert len(draft.sent) == sent


def stopping() -> tuple[Draft, TurnId]:
    draft = Draft()
    turn_id = draft.running()
    assert draft.plan(lambda step: turns.stop(step, "me")) == turn_id
    return draft, turn_id


def test_a_stop_is_sent_once_however_often_it_is_asked_for() -> None:
    draft, turn_id = stopping()
    assert draft.plan(lambda step: turns.stop(step, "me")) == turn_id
    assert [type(line) for line in draft.sent].count(sc.Abort) == 1
    assert draft.now.chat.status.name == "stopping"


@pytest.mark.parametrize("told", ["stopped", "failed"])
def test_a_turn_that_was_stopped_says_stopped_and_not_error(told: str) -> None:
    draft, turn_id = stopping()
    draft.end(told, "The request was aborted." if told == "failed" else "")
    draft.answer("abort")
    turn = draft.turns[turn_id]
    assert (turn.state, turn.reason, turn.error) == ("ended", "stopped", "")
    notices = [(item.notice, item.text) for item in draft.closed if item.kind == "notice"]
    assert notices == [("stopped", "Stopped.")]
    assert draft.now.chat.status.name == "idle"


def test_a_turn_whose_end_is_not_told_ends_when_the_abort_is_answered() -> None:
    draft, turn_id = stopping()
    draft.answer("abort")
    assert draft.turns[turn_id].reason == "stopped"
    with pytest.raises(sidecar_lines.Breach, match="does not run"):
        draft.hear(sc.TurnEnd(turn_id, "stopped"))


def test_a_stop_leaves_the_context_meter_alone() -> None:
    draft = Draft()
    draft.running()
    draft.hear(sc.ContextUsed(500, 1000))
    draft.plan(lambda step: turns.stop(step, "me"))
    draft.end("stopped")
    assert draft.now.chat.context.used == 500


def test_a_stop_withdraws_what_was_asked_and_the_call_does_not_run() -> None:
    draft = Draft()
    draft.running()
    draft.hear(sc.ItemOpen("t", "tool", sc.ToolInfo("bash")), sc.Ask("a", "t", request()))
    draft.plan(lambda step: turns.stop(step, "me/cli"))
    (resolved,) = [event for event in draft.events if isinstance(event, ev.PermissionResolved)]
    assert (resolved.resolution.outcome, resolved.resolution.by) == ("withdrawn", "me/cli")
    assert not any(isinstance(line, sc.Decide) for line in draft.sent)


def test_a_compaction_in_mid_turn_waits_for_its_end_and_goes_before_the_queue() -> None:
    draft = Draft()
    draft.running()
    queued = draft.send("two").turn_id
    draft.plan(lambda step: turns.ask_to_compact(step, "briefly"))
    assert not any(isinstance(line, sc.Compact) for line in draft.sent)
    draft.end()
    assert draft.sent[-1] == sc.Compact(draft.sent[-1].id, "briefly")
    assert (draft.now.running, draft.now.chat.status.name) == (None, "compacting")
    draft.hear(sc.CompactionStart("manual"), sc.CompactionEnd("manual", ok=True, after=10))
    assert draft.now.running
    assert draft.now.running.id == queued
    assert draft.kinds.count("compaction/started") == 1


def test_a_refused_compaction_lets_the_queue_go_on() -> None:
    draft = Draft()
    draft.ready()
    draft.plan(lambda step: turns.ask_to_compact(step, ""))
    queued = draft.send("two").turn_id
    draft.answer("compact", error=sc.LineError("NothingToCompact", "Too short."))
    assert draft.now.running
    assert draft.now.running.id == queued


def test_a_message_behind_a_stopped_compaction_is_sent() -> None:
    draft = Draft()
    draft.ready()
    draft.plan(lambda step: turns.ask_to_compact(step, ""))
    assert draft.plan(lambda step: turns.stop(step, "me")) == ""
    queued = draft.send("two").turn_id
    draft.answer("abort")
    assert draft.now.running
    assert draft.now.running.id == queued


def test_a_message_behind_a_compaction_that_could_not_run_is_shown_as_paused() -> None:
    draft = Draft()
    draft.ready()
    draft.plan(lambda step: agent_process.end_politely(step))
    draft.plan(lambda step: agent_ended.ended(step, "", []))
    draft.plan(lambda step: turns.ask_to_compact(step, ""))
    draft.send("two")
    draft.plan(lambda step: agent_ended.launch_failed(step, ERROR))
    assert draft.now.queue_paused
    assert draft.now.chat.status == Status("failed", "It broke.")


def test_only_a_turn_that_did_not_get_its_answer_is_retried() -> None:
    draft = Draft()
    with pytest.raises(errors.NothingToRetry):
        draft.plan(lambda step: turns.retry(step, Message("")))
    draft.running()
    with pytest.raises(errors.ChatBusy):
        draft.plan(lambda step: turns.retry(step, Message("")))
    draft.end()
    with pytest.raises(errors.NothingToRetry):
        draft.plan(lambda step: turns.retry(step, Message("")))


def test_what_is_no_longer_queued_cannot_be_edited_or_removed() -> None:
    draft = Draft()
    draft.running()
    turn_id = draft.message("two")
    draft.end()
    with pytest.raises(errors.QueueEntryNotFound):
        draft.plan(lambda step: turns.edit_entry(step, turn_id, "x"))
    with pytest.raises(errors.QueueEntryNotFound):
        draft.plan(lambda step: turns.remove_entry(step, turn_id))


def test_a_message_to_an_archived_chat_takes_it_back() -> None:
    draft = Draft(archived=True)
    draft.send("hello")
    assert draft.now.chat.archived_at == ""
    assert draft.kinds.count("chat/restored") == 1


def test_a_message_behind_the_old_process_starts_when_that_is_gone() -> None:
    draft = Draft()
    draft.ready()
    draft.plan(agent_process.end_politely)
    old = draft.agent.sidecar_id
    assert draft.send("two").state == "queued"
    draft.plan(lambda step: agent_ended.ended(step, "exit code 0", []))
    assert draft.now.running
    assert draft.last.effects.launch == draft.agent.sidecar_id != old
    assert draft.now.chat.status.name == "running"
