"""Owns the verdict on one call: the order of rules and levels."""

import itertools
from collections.abc import Sequence

from msgspec.structs import replace

from claudetted.permissions import confining, levels, matching, suggest
from claudetted.permissions.analysis import Analysis
from claudetted.permissions.commands import analyse
from claudetted.permissions.deny_matching import Reach
from claudetted.permissions.matching import Call
from claudetted.permissions.places import Glance, Places, temp_dir
from claudetted.permissions.rules import BUILT_IN, built_in
from claudetted.permissions.verdict import Verdict
from claudetted.protocol.permissions import Confinement, Level, Request, Scope
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
    boxed: bool = False,
) -> Verdict:
    """deny rule > readonly refuses all but readers > ask rule > allow rule > the level's default.

    `rules` are those in force for the chat; the built-in ones are added here. `boxed` says that
    the kernel can hold the chat's commands to their verdicts.
    """
    return judge_call(call_of(request, workspace, chat_dir, rules, places, boxed), level)


def call_of(
    request: Request,
    workspace: str,
    chat_dir: str,
    rules: Sequence[Rule],
    places: Places,
    boxed: bool = False,
) -> Call:
    """All that is known of a call."""
    places = replace(places, disk=Glance(places.disk))
    real = places.disk.real(chat_dir)
    everything = (*sorted(rules, key=_place), *built_in(places, real))
    analysis = _analysis(request, workspace, real, places)
    return Call(request, workspace, places, everything, analysis, real, boxed)


def _place(rule: Rule) -> tuple[str, str]:
    """So that the same rule decides the same call each time."""
    return rule.id, rule.text


def _analysis(request: Request, workspace: str, chat_dir: str, places: Places) -> Analysis:
    if request.access != "run":
        return Analysis()
    cwd = places.disk.real(request.cwd or workspace)
    return analyse(request.command, cwd, workspace, temp_dir(chat_dir), places)


def judge_call(call: Call, level: Level) -> Verdict:
    verdict = _weighed(call, level)
    if verdict.effect != "allow" or not call.runs:
        return verdict
    if call.boxed and call.request.outside:
        return Verdict("ask", "It runs outside of its box.", scopes=("once",))
    try:
        return replace(verdict, confinement=_holding(call, level))
    except confining.CannotConfine as cannot:
        return Verdict("ask", str(cannot), scopes=("once",))


def _holding(call: Call, level: Level) -> Confinement | None:
    everything = level == "full" or matching.whole(call) is not None
    if call.boxed:
        return confining.confinement(call, everything, level == "confined")
    settings = {} if everything else confining.settings(call)
    return Confinement(settings) if settings else None


def _weighed(call: Call, level: Level) -> Verdict:
    against = list(matching.reaching(call, "deny"))
    if rule := next((rule for rule, how in against if how == "yes"), None):
        return Verdict("deny", f"The rule says: {rule.text}", rule)
    if why := levels.refused(level, call.request):
        return Verdict("deny", why)
    if call.held:
        against = [(rule, how) for rule, how in against if rule.match != "path"]
    # A deny rule that may reach the call asks: nobody can tell that it does not.
    asking = (one for one in matching.reaching(call, "ask") if not _is_guess(*one))
    if asked := next(itertools.chain(asking, against), None):
        return _asked(*asked)
    if call.analysis.spent:
        return Verdict("ask", " ".join(call.analysis.problems), scopes=("once",))
    rule = matching.allowed(call)
    effect, why = levels.default(level, call.request, call.workspace, call.places, call.boxed)
    if rule is None and effect == "deny":
        return Verdict(effect, why)
    if level != "full" and not call.held and (denying := matching.searched(call)):
        why = f"It would search through what a rule denies: {denying.text}"
        return Verdict("ask", why, denying, scopes=("once",))
    if rule:
        return Verdict("allow", f"The rule says: {rule.text}", rule)
    return Verdict(effect, why) if effect == "allow" else _offering(call, why)


def _is_guess(rule: Rule, how: Reach) -> bool:
    """A built-in rule that asks about a command would stop everything that is not spelled out."""
    return how == "maybe" and rule.by == BUILT_IN and rule.match == "command"


def _asked(rule: Rule, how: Reach) -> Verdict:
    """A wider scope would not silence the rule, so none is offered."""
    if how == "yes":
        return Verdict("ask", f"The rule says: {rule.text}", rule, scopes=("once",))
    why = f"It is not certain whether this rule applies: {rule.text}"
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
