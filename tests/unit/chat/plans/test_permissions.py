"""Every call is on record; a request is decided once, by a person, a rule, or its own end."""

from collections.abc import Callable

import pytest

from claudetted.chat.plans import agent_ended, permissions, turns
from claudetted.chat.state.agent import Call
from claudetted.chat.step import Step
from claudetted.permissions.rules import parse
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import errors, events as ev, sidecar as sc
from claudetted.protocol.base import PermissionId
from claudetted.protocol.permissions import Confinement, Decision, Resolution, Scope
from claudetted.sidecar import moments
from claudetted.sidecar.moments import Moment
from tests.unit.chat.draft import Draft, request


@pytest.fixture
def draft() -> Draft:
    draft = Draft()
    draft.running()
    return draft


def ask(draft: Draft, name: str = "a", digest: str = "d1", supersedes: str = "") -> PermissionId:
    """A tool call that asks."""
    draft.hear(
        sc.ItemOpen(f"t-{name}", "tool", sc.ToolInfo("bash")),
        sc.Ask(name, f"t-{name}", request(digest=digest), supersedes),
    )
    return PermissionId(f"{draft.agent.sidecar_id}.{name}")


def decide(
    draft: Draft,
    asked: PermissionId,
    decision: Decision = "allow",
    scope: Scope = "once",
    reason: str = "",
    digest: str = "",
) -> Resolution:
    return draft.plan(
        lambda step: permissions.decide(step, asked, decision, scope, "me/cli", reason, digest)
    )


def told(draft: Draft) -> list[sc.Decide]:
    """What the agent was answered."""
    return [line for line in draft.sent if isinstance(line, sc.Decide)]


def record(draft: Draft) -> list[tuple[str, str, str, bool]]:
    """(request, outcome, by, automatic) of what was resolved."""
    rows = [row for write in draft.writes for row in write.resolved]
    return [(row.id.split(".")[1], row.outcome, row.by, row.automatic) for row in rows]


def test_a_request_is_on_record_before_it_is_shown(draft: Draft) -> None:
    asked = ask(draft)
    permission = draft.now.permissions[asked]
    assert permission.request == request()
    assert draft.now.running
    assert permission.turn_id == draft.now.running.id
    assert permission.why == "It runs a command."
    (opened,) = [row for write in draft.writes for row in write.opened]
    assert (opened.id, opened.tool, opened.digest) == (asked, "bash", "d1")
    assert told(draft) == []
    assert draft.now.chat.status.name == "waiting"


def test_what_a_call_starts_is_not_older_than_its_first_permission(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = iter(range(1, 9))
    monkeypatch.setattr(moments, "now", lambda: Moment(next(tick)))
    asked = ask(draft, "a")
    other = ask(draft, "b")
    decide(draft, other)
    decide(draft, asked)
    draft.verdict = Verdict("allow", "The level allows it.")
    draft.hear(sc.Ask("again", "t-b", request(), "b"))
    assert draft.agent.calls == {
        draft.item("t-a"): Call(Moment(4), allowed=True),
        draft.item("t-b"): Call(Moment(3), allowed=True),
    }
    draft.hear(sc.ItemOpen("unasked", "tool", sc.ToolInfo("bash")))
    assert draft.agent.calls[draft.item("unasked")] == Call(Moment(6))


def test_the_call_that_asks_says_so(draft: Draft) -> None:
    asked = ask(draft)
    tool = draft.now.open[draft.item("t-a")].tool
    assert tool
    assert (tool.phase, tool.permission_id) == ("asking", asked)


@pytest.mark.parametrize(("effect", "allow"), [("allow", True), ("deny", False)])
def test_what_the_engine_knows_is_answered_without_asking(
    draft: Draft, effect: Decision, allow: bool
) -> None:
    draft.verdict = Verdict(effect, "The rule says so.")
    ask(draft)
    assert draft.now.permissions == {}
    assert told(draft) == [sc.Decide("a", allow, "The rule says so.")]
    assert record(draft) == [("a", effect, "daemon", True)]
    assert "permission/opened" not in draft.kinds


@pytest.mark.parametrize("boxed", [True, False])
def test_what_holds_a_command_is_in_the_line_that_lets_it_run(draft: Draft, boxed: bool) -> None:
    held = Confinement({"GIT_PAGER": "cat"}, boxed, [], hidden=["/secrets"])
    draft.verdict = Verdict("allow", "The rule says so.", confinement=held)
    ask(draft)
    wrapper = ["/bin/box", "/secrets"] if boxed else []
    assert told(draft) == [sc.Decide("a", True, "The rule says so.", held, wrapper)]


def test_what_waited_for_a_rule_is_held_like_any_other(draft: Draft) -> None:
    asked = ask(draft)
    held = Confinement(boxed=True, hidden=["/secrets"])
    rule = parse("allow bash command make")
    draft.verdict = Verdict("allow", "The new rule says so.", rule, confinement=held)
    draft.plan(permissions.judge_again)
    assert asked not in draft.now.permissions
    resolved = [event for event in draft.events if isinstance(event, ev.PermissionResolved)]
    assert [event.resolution.confinement for event in resolved] == [held]
    assert told(draft)[-1].wrapper == ["/bin/box", "/secrets"]


def test_a_command_that_a_person_approved_is_not_held(draft: Draft) -> None:
    held = Confinement(boxed=True)
    draft.verdict = Verdict("ask", "It asks.", scopes=("once",), confinement=held)
    decide(draft, ask(draft))
    assert told(draft) == [sc.Decide("a", True)]


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_decision_is_stored_told_and_sent_in_one_step(draft: Draft, decision: Decision) -> None:
    asked = ask(draft)
    resolution = decide(draft, asked, decision, reason="Because.")
    assert (resolution.outcome, resolution.by) == (decision, "me/cli")
    assert draft.now.permissions == {}
    assert told(draft) == [sc.Decide("a", decision == "allow", "Because.")]
    assert record(draft) == [("a", decision, "me/cli", False)]
    write = draft.writes[-1]
    assert write.resolved
    assert write.inputs
    assert write.events


def test_a_decision_about_other_arguments_is_refused(draft: Draft) -> None:
    asked = ask(draft, digest="d1")
    with pytest.raises(errors.DigestMismatch):
        decide(draft, asked, digest="d2")
    assert asked in draft.now.permissions
    assert told(draft) == []
    decide(draft, asked, digest="d1")


def test_a_scope_that_was_not_offered_is_refused(draft: Draft) -> None:
    draft.verdict = Verdict("ask", "It asks.", scopes=("once",))
    asked = ask(draft)
    with pytest.raises(errors.InvalidParams, match="only for: once"):
        decide(draft, asked, scope="chat")
    assert asked in draft.now.permissions


def test_a_rule_that_a_decision_leaves_speaks_for_what_else_waits(draft: Draft) -> None:
    rule = parse("allow bash command make")
    draft.verdict = Verdict("ask", "It asks.", suggested=(rule,), scopes=("once", "chat"))
    first, second = ask(draft, "a"), ask(draft, "b")

    def plan(step: Step) -> Resolution:
        draft.verdict = Verdict("allow", "The new rule says so.", rule)
        return permissions.decide(step, first, "allow", "chat", "me/cli", "", "")

    resolution = draft.plan(plan)
    assert resolution.rule_id
    (row,) = draft.writes[-1].rules
    assert (row.id, row.scope, row.subject) == (resolution.rule_id, "chat", draft.chat_id)
    assert second not in draft.now.permissions
    assert [(line.ask, line.allow) for line in told(draft)] == [("a", True), ("b", True)]
    assert [entry[:3] for entry in record(draft)] == [
        ("a", "allow", "me/cli"),
        ("b", "allow", "daemon"),
    ]


def test_a_call_that_is_given_up_needs_no_decision(draft: Draft) -> None:
    ask(draft)
    draft.hear(sc.AskWithdrawn("a"))
    assert draft.now.permissions == {}
    assert record(draft) == [("a", "withdrawn", "agent", False)]
    assert told(draft) == []


def test_a_new_request_says_which_one_it_replaces(draft: Draft) -> None:
    first = ask(draft, "a")
    draft.hear(sc.AskWithdrawn("a"))
    second = ask(draft, "b", supersedes="a")
    assert draft.now.permissions[second].supersedes == first


ENDS: list[tuple[str, Callable[[Step], object], str]] = [
    ("the agent dies", lambda step: agent_ended.ended(step, "signal 9", []), "lost"),
    ("the turn is stopped", lambda step: turns.stop(step, "me/cli"), "withdrawn"),
    (
        "the agent is of no use",
        lambda step: agent_ended.unusable(step, sc.LineError("HarnessFailed", "No.")),
        "lost",
    ),
    ("the turn ends", lambda step: turns.end(step, "done"), "withdrawn"),
]


@pytest.mark.parametrize(("end", "outcome"), [row[1:] for row in ENDS], ids=[r[0] for r in ENDS])
def test_what_ends_the_call_ends_the_request(
    draft: Draft, end: Callable[[Step], object], outcome: str
) -> None:
    for name in ("a", "b"):
        ask(draft, name)
    draft.plan(end)
    assert draft.now.permissions == {}
    assert [entry[:2] for entry in record(draft)] == [("a", outcome), ("b", outcome)]
    resolved = [event for event in draft.events if isinstance(event, ev.PermissionResolved)]
    assert len(resolved) == 2
    assert told(draft) == []


def test_a_call_of_an_agent_that_was_stopped_is_nobodys_question(draft: Draft) -> None:
    draft.plan(lambda step: turns.stop(step, "me/cli"))
    ask(draft)
    assert draft.now.permissions == {}
    assert [line.allow for line in told(draft)] == [False]


def test_the_status_counts_what_waits(draft: Draft) -> None:
    ask(draft, "a")
    ask(draft, "b")
    assert draft.now.chat.status.why.endswith("to use bash and 1 more.")
    assert draft.now.chat.open_permissions == 2
