"""Owns the rules that are offered to a person: those that would have allowed the call."""

import re
from collections.abc import Iterable

from claudetted.permissions import paths
from claudetted.permissions.hosts import hosts_of
from claudetted.permissions.levels import CHANGERS, READERS
from claudetted.permissions.matching import Call
from claudetted.permissions.rules import told
from claudetted.protocol.rules import Rule, RuleId

_NAME = re.compile(r"[\w.:/-]+")


def rules(call: Call) -> tuple[Rule, ...]:
    """What would allow the call the next time; empty where no rule could."""
    request = call.request
    if not _NAME.fullmatch(request.tool) or request.access == "run":
        return ()
    if request.access in READERS | CHANGERS:
        return _distinct(_for_path(path, call) for path in request.paths)
    if request.access == "fetch" and (hosts := hosts_of(request)):
        return _distinct(_for_host(request.tool, host) for host in hosts)
    return (told(Rule(RuleId(""), "allow", request.tool)),)


def _distinct(drafts: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple({rule.text: rule for rule in drafts}.values())


def _for_path(path: str, call: Call) -> Rule:
    """Inside the workspace all of it but the repository's own files; outside this path alone."""
    access = call.request.access
    tool = "@write" if access in CHANGERS else "@read"
    own = "/.git/" in path + "/"
    if paths.inside(path, call.workspace, call.places) and not own:
        return told(Rule(RuleId(""), "allow", tool, "path", "**", ["**/.git/**"]))
    below = "/**" if access in ("list", "search") else ""
    return told(Rule(RuleId(""), "allow", tool, "path", paths.literal(path) + below))


def _for_host(tool: str, pattern: str) -> Rule:
    return told(Rule(RuleId(""), "allow", tool, "host", pattern))
