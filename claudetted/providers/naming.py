"""Owns which model a name means. Pure."""

import difflib
from collections.abc import Sequence

AGENT = "pi/"
"""May stand before an id, as in the app; it is no provider."""
_NEAREST = 5


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
    """What may have been meant: ids that are like it, and those of other providers it fits."""
    wanted = bare(name).lower()
    same = [known for known in ids if known.partition("/")[2].lower() == wanted]
    whole = {known.lower(): known for known in ids}
    close = difflib.get_close_matches(wanted, whole, n=_NEAREST, cutoff=0.3)
    return list(dict.fromkeys([*same, *(whole[key] for key in close)]))[:_NEAREST]
