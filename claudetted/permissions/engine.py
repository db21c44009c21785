"""Owns the verdict on one call: the order of rules and levels."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from claudetted.permissions import levels, matching, suggest
from claudetted.permissions.commands import Analysis, analyse
from claudetted.permissions.matching import Call
from claudetted.permissions.places import Glance, Places, temp_dir
from claudetted.permissions.rules import built_in
from claudetted.permissions.striking import Reach
from claudetted.permissions.verdict import Verdict
from claudetted.protocol.permissions import Level, Request, Scope
from claudetted.protocol.rules import Rule

ALL_SCOPES: tuple[Scope, ...] = ("once", "turn", "chat", "workspace", "user")


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

    `rules` are those in force for the chat; the built-in ones are added here.
    """
    return judge_call(call_of(request, workspace, chat_dir, rules, places), level)


def call_of(
    request: Request, workspace: str, chat_dir: str, rules: Sequence[Rule], places: Places
) -> Call:
    """All that is known of a call."""
    places = replace(places, disk=Glance(places.disk))
    real = places.disk.real(chat_dir)
    everything = (*rules, *built_in(places, real))
    analysis = _analysis(request, workspace, real, places)
    return Call(request, workspace, places, everything, analysis)


def _analysis(request: Request, workspace: str, chat_dir: str, places: Places) -> Analysis:
    if request.access != "run":
        return Analysis()
    cwd = places.disk.real(request.cwd or workspace)
    return analyse(request.command, cwd, workspace, temp_dir(chat_dir), places)


def judge_call(call: Call, level: Level) -> Verdict:
    against = list(matching.reaching(call, "deny"))
    if rule := next((rule for rule, how in against if how == "yes"), None):
        return Verdict("deny", f"The rule says: {rule.text}", rule)
    if why := levels.refused(level, call.request):
        return Verdict("deny", why)
    # A deny rule that may reach the call asks: nobody can tell that it does not.
    if asked := next(itertools.chain(matching.reaching(call, "ask"), against), None):
        return _asked(*asked)
    rule = matching.allowed(call)
    effect, why = levels.default(level, call.request, call.workspace, call.places)
    if rule is None and effect == "deny":
        return Verdict(effect, why)
    if level != "full" and (denying := matching.searched(call)):
        why = f"It would search through what a rule denies: {denying.text}"
        return Verdict("ask", why, denying, scopes=("once",))
    if rule:
        return Verdict("allow", f"The rule says: {rule.text}", rule)
    return Verdict(effect, why) if effect == "allow" else _offering(call, why)


def _asked(rule: Rule, how: Reach) -> Verdict:
    """A wider scope would not silence the rule, so none is offered."""
    if how == "yes":
        return Verdict("ask", f"The rule says: {rule.text}", rule, scopes=("once",))
    why = f"It cannot be told whether this rule is about it: {rule.text}"
    return Verdict("ask", why, rule, scopes=("once",))


def _offering(call: Call, why: str) -> Verdict:
    """With the rules that would have allowed the call, if they really would."""
    if call.runs:
        why = " ".join(matching.unmatched(call)) or why
    suggested = suggest.rules(call)
    enough = suggested and matching.allowed(replace(call, rules=(*call.rules, *suggested)))
    if not enough:
        return Verdict("ask", why, scopes=("once",))
    return Verdict("ask", why, None, suggested, ALL_SCOPES)
