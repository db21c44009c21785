"""Owns the verdict on one call: the order of rules and levels."""

from collections.abc import Sequence
from dataclasses import dataclass

from claudetted.permissions import levels, matching, suggest
from claudetted.permissions.matching import Call
from claudetted.permissions.places import Places
from claudetted.permissions.rules import built_in
from claudetted.protocol.permissions import Level, Request, Scope
from claudetted.protocol.rules import Effect, Rule

ALL_SCOPES: tuple[Scope, ...] = ("once", "turn", "chat", "workspace", "user")


@dataclass(frozen=True)
class Verdict:
    """What happens to a call, and what a person is told about it."""

    effect: Effect
    why: str
    rule: Rule | None = None
    """The rule that decided."""
    suggested: tuple[Rule, ...] = ()
    """The rules that together would have allowed it, without id, scope and origin."""
    scopes: tuple[Scope, ...] = ()
    """For how long an allow may be given; wider than `once` only where `suggested` says how."""


def judge(
    request: Request,
    *,
    level: Level,
    workspace: str,
    chat_dir: str,
    rules: Sequence[Rule],
    places: Places,
) -> Verdict:
    """deny rule > readonly refuses all but readers > ask rule > allow rule > the level's default.

    `rules` are those in force for the chat; the built-in ones are added here. Paths are real.
    """
    call = Call(request, workspace, places, (*rules, *built_in(places, chat_dir)))
    if rule := matching.denied(call):
        return Verdict("deny", f"The rule says: {rule.text}", rule)
    if why := levels.refused(level, request):
        return Verdict("deny", why)
    if rule := matching.asked(call):
        return Verdict("ask", f"The rule says: {rule.text}", rule, scopes=("once",))
    if rule := matching.allowed(call):
        return Verdict("allow", f"The rule says: {rule.text}", rule)
    effect, why = levels.default(level, request, workspace, places)
    if effect != "ask":
        return Verdict(effect, why)
    suggested = suggest.rules(call)
    return Verdict("ask", why, None, suggested, ALL_SCOPES if suggested else ("once",))
