"""Owns which model a name means. Pure."""

import difflib
from collections.abc import Callable, Sequence

AGENT = "pi/"
"""May stand before an id, as in the app; it is no provider."""
NEAREST = 5


def bare(name: str) -> str:
    """The id without the agent's name before it."""
    name = name.strip()
    return name[len(AGENT) :] if name.lower().startswith(AGENT) else name


def meant(name: str, ids: Sequence[str]) -> str | None:
    """The one id that is meant: whole, in any case, or without its provider when that is clear."""
    wanted = bare(name)
    if wanted in ids:
        return wanted
    folded = wanted.lower()
    for found in (
        [known for known in ids if known.lower() == folded],
        [known for known in ids if known.partition("/")[2].lower() == folded],
    ):
        if len(found) == 1:
            return found[0]
    return None


def nearest(name: str, ids: Sequence[str]) -> list[str]:
    """What may have been meant: ids of other providers that it fits, those that are like it, those
    that hold it, and those whose last part is like it."""
    wanted = bare(name).lower()
    same = [known for known in ids if known.partition("/")[2].lower() == wanted]
    close = _close(wanted, ids, str.lower, 0.3)
    holding = sorted((known for known in ids if wanted and wanted in known.lower()), key=len)
    ends = _close(_last_part(wanted), ids, _last_part, 0.6)
    # A name without its provider is too short to be like a whole id.
    whole, short = (close, holding) if "/" in wanted else (holding, close)
    return list(dict.fromkeys([*same, *whole, *ends, *short]))[:NEAREST]


def _close(wanted: str, ids: Sequence[str], part: Callable[[str], str], cutoff: float) -> list[str]:
    """The ids a part of which is like what is wanted, the most alike first."""
    by_part: dict[str, list[str]] = {}
    for known in ids:
        by_part.setdefault(part(known), []).append(known)
    alike = difflib.get_close_matches(wanted, by_part, n=NEAREST, cutoff=cutoff)
    return [known for found in alike for known in by_part[found]]


def _last_part(name: str) -> str:
    return name.rpartition("/")[2].lower()
