"""Owns the rules that are offered to a person: those that would have allowed the call."""

import re
import shlex
from collections.abc import Iterator

from claudetted.permissions import allow_matching, matching, paths
from claudetted.permissions.analysis import Part
from claudetted.permissions.hazards import Hazard
from claudetted.permissions.hosts import hosts_of
from claudetted.permissions.levels import CHANGERS, READERS
from claudetted.permissions.matching import Call
from claudetted.permissions.rules import told
from claudetted.protocol.rules import Match, Rule, RuleId

_NAME = re.compile(r"[\w.:/-]+")
MOST = 8
"""So many rules a person can still read; more are not offered."""


def rules(call: Call) -> tuple[Rule, ...]:
    """What would allow the call the next time; empty where no rules could."""
    request = call.request
    if not _NAME.fullmatch(request.tool):
        return ()
    if call.runs:
        drafts = _for_command(call)
    elif request.access in READERS | CHANGERS:
        drafts = [_for_path(path, call) for path in request.paths]
    elif request.access == "fetch" and (hosts := hosts_of(request)):
        drafts = [_draft(request.tool, "host", host) for host in hosts]
    else:
        drafts = [_draft(request.tool, "any", "")]
    distinct = tuple({rule.text: rule for rule in drafts}.values())
    return distinct if len(distinct) <= MOST else ()


def _for_path(path: str, call: Call) -> Rule:
    """Inside the workspace all of it but repositories' own files; outside this path alone."""
    access = call.request.access
    tool = "@write" if access in CHANGERS else "@read"
    own = "/.git/" in path + "/"
    if paths.inside(path, call.workspace, call.places) and not own:
        return told(Rule(RuleId(""), "allow", tool, "path", "**", ["**/.git/**"]))
    below = "/**" if access in ("list", "search") else ""
    return _draft(tool, "path", paths.literal(path) + below)


def _for_command(call: Call) -> list[Rule]:
    """A rule for every part that has none, and one for every file that is written."""
    if call.analysis.problems:
        return []
    by_command = matching.command_rules(call)
    drafts: list[Rule] = []
    for part in call.analysis.parts:
        if allow_matching.covering(part, by_command, lambda hazard: matching.lifted(hazard, call)):
            continue
        drafts += _for_part(part, call)
    return drafts


def _for_part(part: Part, call: Call) -> Iterator[Rule]:
    def lifted(hazard: Hazard) -> bool:
        return matching.lifted(hazard, call)

    for hazard in part.hazards:
        if hazard.writes and not lifted(hazard):
            yield _draft(call.request.tool, "path", paths.literal(hazard.path))
    words = allow_matching.words_to_spell(part, lifted)
    spelled = any(not lifted(h) and not h.writes for h in part.hazards)
    if words and (spelled or not part.free):
        yield _draft(call.request.tool, "command", shlex.join(words))


def _draft(tool: str, match: Match, pattern: str) -> Rule:
    return told(Rule(RuleId(""), "allow", tool, match, pattern))
