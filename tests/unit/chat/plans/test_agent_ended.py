"""Whatever becomes of a sidecar, its turn ends once, and its chat says why and goes on."""

from collections.abc import Callable

import pytest

from claudetted.chat.plans import agent_ended, agent_process, turns
from claudetted.chat.state.agent import Agent
from claudetted.protocol import events as ev, sidecar as sc
from tests.unit.chat.draft import Draft

ERROR = sc.LineError("HarnessMissing", "Install it.")


def end_of(draft: Draft) -> tuple[str | None, str]:
    turn = draft.now.turn
    assert turn
    assert turn.state == "ended"
    return turn.reason, turn.error


def die(draft: Draft, why: str = "signal 9", *stderr: str) -> None:
    draft.plan(lambda step: agent_ended.ended(step, why, list(stderr)))


@pytest.fixture
def draft() -> Draft:
    draft = Draft()
    draft.running()
    return draft


def test_a_sidecar_that_dies_loses_its_turn_and_says_its_last_words(draft: Draft) -> None:
    draft.hear(sc.ItemOpen("m", "message"), sc.ItemDelta("m", "half"))
    die(draft, "exit code 1", "first", "panic: oh")
    assert end_of(draft) == ("lost", "exit code 1")
    assert draft.now.chat.status.name == "failed"
    assert "panic: oh" in draft.now.chat.status.why
    lost = next(event for event in draft.events if isinstance(event, ev.SidecarLost))
    assert lost.stderr == ["first", "panic: oh"]
    item = next(item for item in draft.closed if item.kind == "message")
    assert (item.status, item.text) == ("lost", "half")
    assert draft.writes[-1].sidecar_ended


def test_after_a_loss_nothing_is_sent_by_itself(draft: Draft) -> None:
    waiting = draft.send("two").turn_id
    steered = draft.send("left", "steer").turn_id
    die(draft)
    assert draft.agent.stage == "none"
    assert draft.now.queue_paused
    assert [entry.turn_id for entry in draft.now.queue] == [steered, waiting]


def test_what_is_known_of_the_process_goes_with_it(draft: Draft) -> None:
    draft.hear(sc.Group(10, "t"))
    session = draft.agent.session_path
    die(draft)
    agent = draft.agent
    assert (agent.sidecar_id, agent.hello, agent.requests, agent.groups) == (None, None, {}, {})
    assert agent.session_path == session
    assert agent.crashes == 1


def test_the_crashes_in_a_row_are_counted_until_a_turn_is_done(draft: Draft) -> None:
    for crashes in (1, 2):
        die(draft)
        assert draft.agent.crashes == crashes
        draft.running("again")
    draft.end()
    assert draft.agent.crashes == 0


def test_a_sidecar_that_dies_while_it_is_stopped_was_stopped(draft: Draft) -> None:
    draft.plan(lambda step: turns.stop(step, "me"))
    die(draft)
    assert end_of(draft) == ("stopped", "")
    assert draft.now.chat.status.name == "idle"
    assert "sidecar/lost" not in draft.kinds
    assert draft.agent.crashes == 0


def test_a_sidecar_that_ends_as_it_was_asked_to_is_no_failure() -> None:
    draft = Draft()
    draft.ready()
    draft.plan(agent_process.end_politely)
    die(draft, "exit code 0")
    assert draft.kinds[-1] == "sidecar/stopped"
    assert draft.now.chat.status.name == "idle"
    assert draft.agent == Agent(session_path=draft.agent.session_path)


def test_an_idle_chat_whose_sidecar_dies_is_failed_until_its_next_message() -> None:
    draft = Draft()
    draft.ready()
    die(draft)
    assert draft.now.chat.status.name == "failed"
    draft.send("two")
    assert draft.now.chat.status.name == "running"


def test_an_idle_chat_has_lost_nothing_with_its_keeper() -> None:
    draft = Draft()
    draft.ready()
    session, items = draft.agent.session_path, len(draft.closed)
    draft.plan(agent_ended.forsaken)
    assert draft.now.chat.status.name == "idle"
    assert draft.agent == Agent(session_path=session)
    assert len(draft.closed) == items
    lost = next(event for event in draft.events if isinstance(event, ev.SidecarLost))
    assert lost.why == agent_ended.FORSAKEN
    draft.send("two")
    assert draft.now.chat.status.name == "running"


@pytest.mark.parametrize(
    "doing",
    [
        pytest.param(lambda draft: draft.running(), id="a turn"),
        pytest.param(lambda draft: draft.send("first"), id="a start"),
        pytest.param(
            lambda draft: (draft.ready(), draft.plan(lambda step: turns.ask_to_compact(step, ""))),
            id="a compaction",
        ),
        pytest.param(
            lambda draft: (draft.ready(), draft.hear(sc.Group(10, "t"))), id="what a command left"
        ),
    ],
)
def test_what_a_chat_did_is_lost_with_its_keeper(doing: Callable[[Draft], object]) -> None:
    draft = Draft()
    doing(draft)
    draft.plan(agent_ended.forsaken)
    assert draft.now.chat.status.name == "failed"
    assert agent_ended.FORSAKEN in draft.now.chat.status.why
    assert draft.closed[-1].kind == "notice"


def test_a_process_that_never_came_to_be_fails_the_turn_with_the_reason() -> None:
    draft = Draft()
    draft.send("do it")
    draft.plan(lambda step: agent_ended.launch_failed(step, ERROR))
    assert end_of(draft) == ("failed", "Install it.")
    assert (draft.agent.stage, draft.agent.start_error) == ("none", ERROR)
    assert draft.now.chat.status.why == "Install it."


def test_a_compaction_ends_with_its_process() -> None:
    draft = Draft()
    draft.ready()
    draft.plan(lambda step: turns.ask_to_compact(step, ""))
    die(draft)
    ended = [event for event in draft.events if isinstance(event, ev.CompactionEnded)]
    assert [event.ok for event in ended] == [False]
    assert not draft.now.compacting


def test_what_an_ended_process_still_says_starts_nothing(draft: Draft) -> None:
    draft.plan(lambda step: agent_ended.unusable(step, ERROR))
    draft.hear(sc.ItemOpen("m", "message"), sc.ItemDelta("m", "late"))
    assert draft.agent.stage == "ending"
    die(draft)
    assert draft.now.open == {}
    assert draft.agent.stage == "none"
