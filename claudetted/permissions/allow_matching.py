"""Owns whether rules that allow cover a command: every part of it, and whatever it touches."""

from collections.abc import Callable, Sequence

from claudetted.permissions.analysis import Analysis, Part
from claudetted.permissions.hazards import NAMING, Hazard
from claudetted.permissions.rules import words_of
from claudetted.protocol.rules import Rule

NO_RULE = "No rule allows it."
SHORT = 40
"""Characters by which a person finds a part of the command that stands above."""

Lifted = Callable[[Hazard], bool]
"""Whether another rule allows the path or the host that makes a hazard one."""


def uncovered(analysis: Analysis, rules: Sequence[Rule], lifted: Lifted) -> list[str]:
    """Why the command does not run unasked; empty when it does. Each reason is there once, with
    the parts that it is about, unless there is but one."""
    about: dict[str, list[str]] = {}
    for part in analysis.parts:
        if covering(part, rules, lifted) is None:
            about.setdefault(_why(part, lifted), []).append(_short(part.text))
    alone = len(analysis.parts) == 1
    reasons = [why if alone else _said_of(texts, why) for why, texts in about.items()]
    return list(dict.fromkeys([*analysis.problems, *reasons]))


def _said_of(texts: list[str], why: str) -> str:
    parts = "; ".join(dict.fromkeys(texts))
    return f"{parts}: {why[0].lower()}{why[1:]}" if why == NO_RULE else f"{parts}: {why}"


def covering(part: Part, rules: Sequence[Rule], lifted: Lifted) -> tuple[Rule, ...] | None:
    """The rule that covers a part; nothing where it needs none; None where none does."""
    open_hazards = [hazard for hazard in part.hazards if not lifted(hazard)]
    if part.free and not open_hazards:
        return ()
    firsts = {field.text for start in part.starts for field in part.fields[start : start + 1]}
    for rule in rules:
        words = words_of(rule.pattern)
        if not words or words[0] not in firsts:
            continue
        if any(_covers(words, start, part, open_hazards) for start in part.starts):
            return (rule,)
    return None


def _covers(words: Sequence[str], start: int, part: Part, hazards: list[Hazard]) -> bool:
    """Whether the part is the rule's words and harmless operands, from one start on."""
    end = _spelled(words, start, part)
    if end is None or end <= part.starts[-1]:
        return False
    if any(h.index is None or h.index >= end or h.index < start for h in hazards):
        return False
    operands = part.found.operands
    named = any(index < end for index in operands)
    return not (part.found.exact and named and any(index >= end for index in operands))


def _spelled(words: Sequence[str], start: int, part: Part) -> int | None:
    """Where the rule's words end in the part's; None where they are others."""
    at = start
    for word in words:
        while at in part.found.idle and part.fields[at].text != word:
            at += 1
        if at >= len(part.fields) or part.fields[at].text != word:
            return None
        at += 1
    return at


def reason(part: Part, lifted: Lifted) -> str:
    """The first thing about a part that a person has to know."""
    return _said_of([_short(part.text)], _why(part, lifted))


def _why(part: Part, lifted: Lifted) -> str:
    telling = [h for h in part.hazards if not lifted(h) and not h.why.startswith(NAMING)]
    return telling[0].why if telling else NO_RULE


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"


def words_to_spell(part: Part, lifted: Lifted) -> list[str] | None:
    """The words that a rule needs at least to cover the part; None when no words would do."""
    hazards = [hazard for hazard in part.hazards if not lifted(hazard) and not hazard.writes]
    indexes = [hazard.index for hazard in hazards if hazard.index is not None]
    if len(indexes) < len(hazards):
        return None
    start = part.starts[-1]
    if any(index < start for index in indexes):
        start = 0
    end = max([part.found.named, start + 1, *(index + 1 for index in indexes)])
    if part.found.exact:
        end = len(part.fields)
    texts = [field.text for at, field in enumerate(part.fields[:end]) if at >= start]
    idle = {at - start for at in part.found.idle}
    kept = [text for at, text in enumerate(texts) if at not in idle]
    return None if None in kept else [text for text in kept if text is not None]
