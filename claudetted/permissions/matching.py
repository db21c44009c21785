"""Owns which rules speak about a call, and which of them decide it."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property

import msgspec

from claudetted.permissions import allow_matching, deny_matching, paths
from claudetted.permissions.analysis import Analysis, Touch
from claudetted.permissions.deny_matching import Reach
from claudetted.permissions.hazards import Hazard
from claudetted.permissions.hosts import host_covers, hosts_of
from claudetted.permissions.levels import CHANGERS, READERS
from claudetted.permissions.places import Places
from claudetted.protocol.permissions import Access, Request
from claudetted.protocol.rules import Effect, Rule

_CLASSES: dict[str, frozenset[Access]] = {
    "@read": READERS,
    "@write": CHANGERS,
    "@run": frozenset({"run"}),
    "@fetch": frozenset({"fetch"}),
}


class Call(msgspec.Struct, frozen=True, dict=True):
    """One call, and all that is known when it is judged."""

    request: Request
    workspace: str
    places: Places
    rules: tuple[Rule, ...]
    """Those in force, in the order in which they are looked at."""
    analysis: Analysis
    """What the call's command would do; empty for other calls."""
    chat_dir: str = ""
    boxed: bool = False
    """Whether the kernel holds commands to their verdicts here."""

    @property
    def runs(self) -> bool:
        return self.request.access == "run"

    @property
    def held(self) -> bool:
        """Whether it would be a command in a box, from where nothing denied can be reached."""
        return self.runs and self.boxed and not self.request.outside

    @cached_property
    def _speaking(self) -> dict[Effect, list[Rule]]:
        # Once for each tool and match: there are few, however many the rules are.
        concerned: dict[tuple[str, str], bool] = {}
        found: dict[Effect, list[Rule]] = {"deny": [], "ask": [], "allow": []}
        for rule in self.rules:
            kind = (rule.tool, rule.match)
            if kind not in concerned:
                concerned[kind] = self._concerns(rule)
            if concerned[kind]:
                found[rule.effect].append(rule)
        return found

    @cached_property
    def lifting(self) -> list[Rule]:
        """The rules that allow a path or a host, which may be a part of a command."""
        return [rule for rule in self.speaking("allow") if rule.match in ("path", "host")]

    def speaking(self, effect: Effect) -> list[Rule]:
        """The rules of one effect that may be about the call, always in the same order."""
        return self._speaking[effect]

    def _concerns(self, rule: Rule) -> bool:
        """A command reads, writes and fetches: rules about that speak of its parts."""
        parts = self.runs and rule.match in ("path", "host") and rule.tool in _CLASSES
        return parts or names(rule, self.request)


def names(rule: Rule, request: Request) -> bool:
    """Whether the rule is about the call's tool."""
    if rule.tool in _CLASSES:
        return request.access in _CLASSES[rule.tool]
    return fnmatchcase(request.tool.casefold(), rule.tool.casefold())


def reaching(call: Call, effect: Effect) -> Iterator[tuple[Rule, Reach]]:
    """The deny or ask rules that reach the call, or may."""
    for rule in call.speaking(effect):
        how = _strikes(rule, call)
        if how != "no":
            yield rule, how


def _strikes(rule: Rule, call: Call) -> Reach:
    """Whether a deny or ask rule reaches the call: one path, host or part of it is enough."""
    if rule.match == "path":
        return _any_path(rule, call)
    if rule.match == "host":
        hosts = call.analysis.hosts if call.runs else hosts_of(call.request)
        return "yes" if any(host_covers(rule.pattern, host) for host in hosts) else "no"
    if rule.match == "command":
        return deny_matching.reach(rule.pattern, call.analysis, call.places) if call.runs else "no"
    return "yes"


def _any_path(rule: Rule, call: Call) -> Reach:
    named = any(path_struck(rule, path, call) for path in call.request.paths)
    if named or not call.runs:
        return "yes" if named else "no"
    struck = [touch for touch in call.analysis.touches if path_struck(rule, touch.path, call)]
    reaches = {_access_reach(rule, touch, call) for touch in struck}
    return "yes" if "yes" in reaches else "maybe" if "maybe" in reaches else "no"


def _access_reach(rule: Rule, touch: Touch, call: Call) -> Reach:
    """A rule about reading or writing only, and a word that may be read or written."""
    if names(rule, call.request):
        return "yes"
    if touch.access == "either":
        return "maybe" if rule.tool in ("@read", "@write") else "no"
    return "yes" if rule.tool == f"@{touch.access}" else "no"


def base_of(rule: Rule, workspace: str) -> str:
    """Where the rule's relative globs start."""
    return rule.subject if rule.scope == "workspace" and rule.subject else workspace


def searched(call: Call) -> Rule | None:
    """A rule that denies files in a directory that the call would search through."""
    through = call.request.paths if call.request.access == "search" else call.analysis.searched
    denying = [rule for rule in call.speaking("deny") if through and rule.match == "path"]
    return next((r for r in denying if any(_lies_in(r, path, call) for path in through)), None)


def _lies_in(rule: Rule, path: str, call: Call) -> bool:
    """Whether files that the rule is about may lie below the path."""
    base = base_of(rule, call.workspace)
    start = paths.start_of(rule.pattern, base, call.places)
    if paths.inside(start, path, call.places):
        return True
    if "**" not in rule.pattern or not paths.inside(path, start, call.places):
        return False
    excepted = any(paths.covers(glob, path, base, call.places) for glob in rule.unless)
    # A file is no directory to search through: it was looked at by itself.
    return not excepted and call.places.disk.matches(paths.literal(path) + "/*") != []


def path_struck(rule: Rule, path: str, call: Call) -> bool:
    base = base_of(rule, call.workspace)
    if not paths.touches(rule.pattern, path, base, call.places):
        return False
    return not any(paths.covers(glob, path, base, call.places) for glob in rule.unless)


def path_admitted(rule: Rule, path: str, call: Call) -> bool:
    base = base_of(rule, call.workspace)
    if not paths.covers(rule.pattern, path, base, call.places):
        return False
    return not any(paths.touches(glob, path, base, call.places) for glob in rule.unless)


def whole(call: Call) -> Rule | None:
    """A rule that allows the tool whatever it is called with."""
    speaking = call.speaking("allow")
    return next((r for r in speaking if r.match == "any" and names(r, call.request)), None)


def allowed(call: Call) -> Rule | None:
    """The rule that allows the call, or one of those that together allow all of its parts."""
    if rule := whole(call):
        return rule
    if call.request.access in READERS | CHANGERS:
        found = [admitting(path, call) for path in call.request.paths]
        return found[0] if found and all(found) else None
    if call.request.access == "fetch":
        return _all_hosts(call, call.speaking("allow"))
    return _all_parts(call) if call.runs else None


def admitting(path: str, call: Call) -> Rule | None:
    """A path is all there is to a call that reads or changes files; of others it is a part."""
    by_path = (rule for rule in call.lifting if rule.match == "path")
    return next((rule for rule in by_path if path_admitted(rule, path, call)), None)


def command_rules(call: Call) -> list[Rule]:
    return [rule for rule in call.speaking("allow") if rule.match == "command"]


def _all_hosts(call: Call, speaking: list[Rule]) -> Rule | None:
    by_host = [rule for rule in speaking if rule.match == "host"]
    found = [
        next((rule for rule in by_host if host_covers(rule.pattern, host)), None)
        for host in hosts_of(call.request)
    ]
    return found[0] if found and all(found) else None


def _all_parts(call: Call) -> Rule | None:
    by_command = command_rules(call)
    if call.analysis.problems or not call.analysis.parts:
        return None
    used: list[Rule] = []
    for part in call.analysis.parts:
        one = allow_matching.covering(part, by_command, lambda hazard: lifted(hazard, call))
        if one is None:
            return None
        used += one
    return next((rule for rule in used), None)


def lifted(hazard: Hazard, call: Call) -> bool:
    """Whether a rule allows the path or the host that a part of a command reaches."""
    for rule in call.lifting:
        if rule.match == "path" and hazard.path and _may_lift(rule, hazard, call):
            if path_admitted(rule, hazard.path, call):
                return True
        elif rule.match == "host" and hazard.host and host_covers(rule.pattern, hazard.host):
            return True
    return False


def _may_lift(rule: Rule, hazard: Hazard, call: Call) -> bool:
    """A rule about writing lifts what certainly only writes; others must be about the tool."""
    return names(rule, call.request) or (hazard.writes and rule.tool == "@write")


def unmatched(call: Call) -> list[str]:
    """Why no rules together allow the command."""
    return allow_matching.uncovered(
        call.analysis, command_rules(call), lambda hazard: lifted(hazard, call)
    )
