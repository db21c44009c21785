"""Owns which rules speak about a call."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from claudetted.permissions import paths
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


@dataclass(frozen=True)
class Call:
    """One call, and all that is known when it is judged."""

    request: Request
    workspace: str
    places: Places
    rules: tuple[Rule, ...]

    def speaking(self, effect: Effect) -> list[Rule]:
        """The rules of one effect about the call's tool, always in the same order."""
        mine = [r for r in self.rules if r.effect == effect and names(r, self.request)]
        return sorted(mine, key=lambda rule: (rule.id, rule.text))


def names(rule: Rule, request: Request) -> bool:
    """Whether the rule is about the call's tool."""
    if rule.tool in _CLASSES:
        return request.access in _CLASSES[rule.tool]
    return fnmatchcase(request.tool.casefold(), rule.tool.casefold())


def base_of(rule: Rule, workspace: str) -> str:
    """Where the rule's relative globs start."""
    return rule.subject if rule.scope == "workspace" else workspace


def denied(call: Call) -> Rule | None:
    return next((rule for rule in call.speaking("deny") if _strikes(rule, call)), None)


def asked(call: Call) -> Rule | None:
    return next((rule for rule in call.speaking("ask") if _strikes(rule, call)), None)


def _strikes(rule: Rule, call: Call) -> bool:
    """Whether a deny or ask rule reaches the call: one path or host of it is enough."""
    if rule.match == "path":
        return any(path_struck(rule, path, call) for path in call.request.paths)
    if rule.match == "host":
        return any(host_covers(rule.pattern, host) for host in hosts_of(call.request))
    return rule.match == "any"


def path_struck(rule: Rule, path: str, call: Call) -> bool:
    base = base_of(rule, call.workspace)
    return paths.touches(rule.pattern, path, base, call.places) and not _excepted(rule, path, call)


def path_admitted(rule: Rule, path: str, call: Call) -> bool:
    base = base_of(rule, call.workspace)
    if not paths.covers(rule.pattern, path, base, call.places):
        return False
    return not any(paths.touches(glob, path, base, call.places) for glob in rule.unless)


def _excepted(rule: Rule, path: str, call: Call) -> bool:
    base = base_of(rule, call.workspace)
    return any(paths.covers(glob, path, base, call.places) for glob in rule.unless)


def allowed(call: Call) -> Rule | None:
    """The rule that allows the call, or one of those that together allow all of its parts."""
    speaking = call.speaking("allow")
    whole = next((rule for rule in speaking if rule.match == "any"), None)
    if whole:
        return whole
    if call.request.access in READERS | CHANGERS:
        return _all_paths(call, speaking)
    if call.request.access == "fetch":
        return _all_hosts(call, speaking)
    return None


def _all_paths(call: Call, speaking: list[Rule]) -> Rule | None:
    """A path is all there is to such a call; of other tools it is only a part."""
    by_path = [rule for rule in speaking if rule.match == "path"]
    found = [
        next((rule for rule in by_path if path_admitted(rule, path, call)), None)
        for path in call.request.paths
    ]
    return found[0] if found and all(found) else None


def _all_hosts(call: Call, speaking: list[Rule]) -> Rule | None:
    by_host = [rule for rule in speaking if rule.match == "host"]
    found = [
        next((rule for rule in by_host if host_covers(rule.pattern, host)), None)
        for host in hosts_of(call.request)
    ]
    return found[0] if found and all(found) else None
