"""An abort ends what runs and leaves nothing; an end of the sidecar leaves nothing either."""

import json
import signal
from collections.abc import Iterator

import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.conftest import Kind
from tests.contract.driver import Refused, Sidecar
from tests.support.lifeline import Lifeline


def command(line: str) -> str:
    return f"@tool bash {json.dumps({'command': line})}"


@pytest.fixture
def lifeline(sidecar: Sidecar) -> Iterator[Lifeline]:
    with Lifeline(sidecar.place / "lifeline") as line:
        yield line


def run(sidecar: Sidecar, kind: Kind, lifeline: Lifeline, line: str) -> str:
    """Starts a command that prints something, and returns when it runs: the name of its item."""
    sidecar.prompt(f"{command(f'{lifeline.hold}; {line}')} @then @text never")
    asked = sidecar.next(sc.Ask)
    sidecar.allow(asked)
    lifeline.wait_held()
    if "early_output" not in kind.lacks:
        sidecar.next(sc.ItemDelta)
    return asked.item


def test_an_abort_in_the_middle_of_a_text(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.prompt("@text before @hold door @text after")
    sidecar.next(sc.ItemDelta)
    kind.doors.wait_held("door")
    sidecar.abort()
    end = sidecar.end()
    assert (end.reason, end.error) == ("stopped", "")
    assert sidecar.closed(sidecar.opened("message")[0].item).status == "stopped"
    assert sidecar.texts() == ["before"]
    assert isinstance(sidecar.lines[-1], sc.Reply), "The abort is answered when the agent is idle."


def test_an_abort_in_the_middle_of_a_command(
    sidecar: Sidecar, kind: Kind, lifeline: Lifeline
) -> None:
    item = run(sidecar, kind, lifeline, "echo here; sleep 1000 & sleep 1000; echo never")
    sidecar.abort()
    assert sidecar.end().reason == "stopped"
    assert sidecar.closed(item).status == "stopped"
    lifeline.wait_cut()
    assert sidecar.texts() == []


@pytest.mark.needs("groups")
def test_an_abort_ends_a_group_and_tells_it(
    sidecar: Sidecar, kind: Kind, lifeline: Lifeline
) -> None:
    run(sidecar, kind, lifeline, "echo here; sleep 1000")
    group = sidecar.next(sc.Group)
    sidecar.abort()
    sidecar.until(lambda line: isinstance(line, sc.GroupEnd) and line.pgid == group.pgid)


def test_an_abort_ends_a_command_that_ignores_polite_signals(
    sidecar: Sidecar, kind: Kind, lifeline: Lifeline
) -> None:
    run(sidecar, kind, lifeline, "trap '' TERM INT HUP; echo here; while :; do sleep 1000; done")
    sidecar.abort()
    assert sidecar.end().reason == "stopped"
    lifeline.wait_cut()


@pytest.mark.needs("parallel_commands")
def test_an_abort_while_calls_ask_withdraws_them(sidecar: Sidecar) -> None:
    sidecar.prompt(f"{command('touch a')} {command('touch b')} @then @text never")
    first = sidecar.next(sc.Ask)
    second = sidecar.next(sc.Ask, after=first)
    sidecar.abort()
    assert sidecar.end().reason == "stopped"
    assert {line.ask for line in sidecar.all(sc.AskWithdrawn)} == {first.ask, second.ask}
    assert {sidecar.closed(line.item).status for line in (first, second)} == {"stopped"}
    sidecar.allow(first)
    assert sidecar.turn("@text next", "T2").reason == "done"
    assert list(sidecar.cwd.iterdir()) == []


def test_an_abort_of_an_idle_agent_is_answered_and_changes_nothing(sidecar: Sidecar) -> None:
    sidecar.abort()
    assert sidecar.turn("@text ok").reason == "done"
    sidecar.abort()
    assert [line.turn for line in sidecar.all(sc.TurnEnd)] == ["T1"]
    assert sidecar.turn("@text ok", "T2").reason == "done"


@pytest.mark.fresh
def test_an_abort_ends_one_turn_and_the_next_one_remembers(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.turn("Remember the number 7.")
    sidecar.prompt("@text before @hold door", "T2")
    kind.doors.wait_held("door")
    sidecar.abort()
    sidecar.turn("@echo-history", "T3")
    assert [line.turn for line in sidecar.all(sc.TurnEnd)] == ["T1", "T2", "T3"]
    assert "Remember the number 7." in sidecar.texts()[-1]


def test_a_stopped_turn_tells_nothing_of_the_context(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.prompt("@text before @hold door")
    kind.doors.wait_held("door")
    sidecar.abort()
    assert not sidecar.all(sc.ContextUsed)


@pytest.mark.needs("steer")
@pytest.mark.needs("open_steers")
def test_a_steer_is_taken_into_the_running_turn(sidecar: Sidecar) -> None:
    sidecar.prompt(f"{command('echo hi')} @then @text unsteered")
    asked = sidecar.next(sc.Ask)
    sidecar.ask_for(sc.Steer(sidecar.id(), "S1", "@text steered"))
    assert not sidecar.all(sc.SteerTaken)
    sidecar.allow(asked)
    end = sidecar.end()
    taken = sidecar.next(sc.SteerTaken)
    assert (taken.turn, end.reason) == ("S1", "done")
    assert sidecar.texts() == ["steered"]
    assert sidecar.index(taken) < sidecar.index(sidecar.opened("message")[0])
    assert [line.turn for line in sidecar.all(sc.TurnEnd)] == ["T1"]


@pytest.mark.needs("steer")
@pytest.mark.fresh
def test_a_steer_of_an_idle_agent_comes_too_late(sidecar: Sidecar) -> None:
    sidecar.turn("@text ok")
    with pytest.raises(Refused) as refused:
        sidecar.ask_for(sc.Steer(sidecar.id(), "S1", "@text steered"))
    assert refused.value.error.name == "NotRunning"
    sidecar.turn("@echo-history", "T2")
    assert "steered" not in sidecar.texts()[-1]


@pytest.mark.needs("steer")
@pytest.mark.needs("open_steers")
@pytest.mark.fresh
def test_an_abort_forgets_the_steers_that_were_not_taken(sidecar: Sidecar) -> None:
    sidecar.prompt(command("echo hi"))
    sidecar.next(sc.Ask)
    sidecar.ask_for(sc.Steer(sidecar.id(), "S1", "@text steered"))
    sidecar.abort()
    assert sidecar.end().reason == "stopped"
    sidecar.turn("@echo-history", "T2")
    assert not sidecar.all(sc.SteerTaken)
    assert "steered" not in sidecar.texts()[-1]


@pytest.mark.needs("own_shell")
@pytest.mark.fresh
def test_a_command_is_done_when_it_exits_whatever_it_leaves_behind(
    sidecar: Sidecar, lifeline: Lifeline
) -> None:
    chatty = "while :; do echo chatter; sleep 0.02; done & sleep 1000 &"
    end = sidecar.turn(command(f"{lifeline.hold}; {chatty}"))
    assert end.reason == "done"
    assert lifeline.held(), "What it left in the background lives on."
    sidecar.ask_for(sc.Dispose(sidecar.id()))
    assert sidecar.to_end() == 0
    lifeline.wait_cut()


@pytest.mark.fresh
def test_dispose_ends_the_process_in_order(sidecar: Sidecar) -> None:
    sidecar.turn("@text ok")
    sidecar.ask_for(sc.Dispose(sidecar.id()))
    assert sidecar.to_end() == 0


@pytest.mark.fresh
def test_dispose_ends_a_running_turn_first(
    sidecar: Sidecar, kind: Kind, lifeline: Lifeline
) -> None:
    run(sidecar, kind, lifeline, "echo here; sleep 1000")
    sidecar.ask_for(sc.Dispose(sidecar.id()))
    assert sidecar.end().reason == "stopped"
    assert sidecar.to_end() == 0
    lifeline.wait_cut()


@pytest.mark.fresh
def test_the_end_of_its_input_ends_it_and_its_commands(
    sidecar: Sidecar, kind: Kind, lifeline: Lifeline
) -> None:
    run(sidecar, kind, lifeline, "echo here; sleep 1000 & sleep 1000")
    sidecar.end_input()
    assert sidecar.to_end() == 0
    lifeline.wait_cut()


@pytest.mark.fresh
def test_a_polite_signal_ends_it_and_its_commands(
    sidecar: Sidecar, kind: Kind, lifeline: Lifeline
) -> None:
    run(sidecar, kind, lifeline, "echo here; sleep 1000")
    sidecar.process.send_signal(signal.SIGTERM)
    assert sidecar.to_end() == 0
    lifeline.wait_cut()


@pytest.mark.fresh
def test_the_end_of_its_input_while_a_call_asks(sidecar: Sidecar) -> None:
    sidecar.prompt(command("touch made"))
    sidecar.next(sc.Ask)
    sidecar.end_input()
    assert sidecar.to_end() == 0
    assert list(sidecar.cwd.iterdir()) == []
