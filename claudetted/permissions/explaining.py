"""Owns the account of a verdict: which rules were weighed, part by part."""

from collections.abc import Iterator, Sequence

from claudetted.permissions import allow_matching, engine, levels, matching, paths
from claudetted.permissions.analysis import Part
from claudetted.permissions.hazards import Hazard
from claudetted.permissions.matching import Call
from claudetted.permissions.places import Places
from claudetted.protocol.permissions import ExplainResult, Level, Request, Step
from claudetted.protocol.rules import Rule


def explain(
    request: Request,
    *,
    level: Level,
    workspace: str,
    chat_dir: str,
    rules: Sequence[Rule],
    places: Places,
    boxed: bool = False,
) -> ExplainResult:
    """The verdict on a call, and everything that led to it in the order it was weighed."""
    call = engine.call_of(request, workspace, chat_dir, rules, places, boxed)
    verdict = engine.judge_call(call, level)
    return ExplainResult(
        verdict.effect,
        verdict.why,
        verdict.rule,
        list(verdict.suggested),
        list(verdict.scopes),
        list(_steps(call, level)),
    )


def _steps(call: Call, level: Level) -> Iterator[Step]:
    for rule, how in matching.reaching(call, "deny"):
        yield _reached(rule, how)
    refused = levels.refused(level, call.request)
    if refused:
        yield Step(f"level {level}", "deny", refused)
    for rule, how in matching.reaching(call, "ask"):
        yield _reached(rule, how)
    if level != "full" and not call.held and (searched := matching.searched(call)):
        yield Step(searched.text, "ask", "It would search through what the rule denies.", searched)
    if call.runs:
        yield from _problems(call)
        yield from (_about_part(part, call) for part in call.analysis.parts)
    else:
        yield from (_about_path(path, call) for path in call.request.paths)
    if whole := matching.whole(call):
        yield Step(whole.text, "allow", _origin(whole), whole)
    if not refused:
        effect, why = levels.default(level, call.request, call.workspace, call.places, call.boxed)
        yield Step(f"level {level}", effect, why)


def _reached(rule: Rule, how: str) -> Step:
    if how == "yes":
        return Step(rule.text, rule.effect, _origin(rule), rule)
    return Step(rule.text, "ask", f"It is not certain whether it applies. {_origin(rule)}", rule)


def _origin(rule: Rule) -> str:
    """Who granted it, when, and for what."""
    where = f"{rule.scope} {rule.subject}".strip()
    when = f" on {rule.at}" if rule.at else ""
    return f"Made by {rule.by or 'nobody known'}{when}, for: {where}."


def _problems(call: Call) -> Iterator[Step]:
    for problem in call.analysis.problems:
        yield Step(call.request.command, "ask", problem)


def _about_part(part: Part, call: Call) -> Step:
    def lifted(hazard: Hazard) -> bool:
        return matching.lifted(hazard, call)

    used = allow_matching.covering(part, matching.command_rules(call), lifted)
    if used is None:
        return Step(part.text, "ask", allow_matching.reason(part, lifted))
    if not used:
        return Step(part.text, "allow", "It runs nothing of its own.")
    return Step(part.text, "allow", _origin(used[0]), used[0])


def _about_path(path: str, call: Call) -> Step:
    if rule := matching.admitting(path, call):
        return Step(path, "allow", _origin(rule), rule)
    if not paths.inside(path, call.workspace, call.places):
        return Step(path, "ask", "It is outside the workspace.")
    reads = call.request.access in levels.READERS
    why = "It is inside the workspace."
    return Step(path, "allow" if reads else "ask", why if reads else f"{why} No rule allows it.")
