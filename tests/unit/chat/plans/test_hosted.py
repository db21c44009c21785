"""A tool that nobody can be asked about is there where it would run unasked, and only there."""

import pytest

from claudetted.chat.plans import turns
from claudetted.chat.state.message import Message
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import sidecar as sc
from claudetted.protocol.rules import Effect
from tests.unit.chat.draft import Draft


@pytest.mark.parametrize(("effect", "told"), [("allow", ["find"]), ("ask", []), ("deny", [])])
def test_a_new_process_is_told_what_would_run_unasked(effect: Effect, told: list[str]) -> None:
    draft = Draft()
    draft.has, draft.verdict = ("find",), Verdict(effect, "The rule says so.")
    draft.plan(lambda step: turns.send(step, Message("hello"), "auto"))
    assert [line.unasked for line in draft.sent if isinstance(line, sc.Start)] == [told]
    assert not [line for line in draft.sent if isinstance(line, sc.Configure)]


def test_what_has_changed_is_told_before_the_next_turn_and_once() -> None:
    draft = Draft()
    draft.has = ("find",)
    draft.running()
    draft.verdict = Verdict("allow", "The level is full.")
    for turn in range(2):
        draft.hear(sc.TurnEnd(draft.now.running.id if draft.now.running else "", "done"))
        draft.plan(lambda step: turns.send(step, Message("hello"), "auto"))
        kinds = [type(line) for line in draft.sent]
        assert kinds.count(sc.Prompt) == turn + 2
    [line] = [line for line in draft.sent if isinstance(line, sc.Configure)]
    assert line.unasked == ["find"]
    assert kinds.index(sc.Configure) < len(kinds) - 2
