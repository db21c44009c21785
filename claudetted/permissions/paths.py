"""Owns the matching of real paths: what is inside a directory, what a glob covers.

A glob is absolute, starts with `~/`, or is relative to a base directory. `*` and `?` stay inside
one name, `**` is any number of directories, `x/**` covers `x` too. Hidden files are files.
"""

import re
import unicodedata
from functools import lru_cache

from claudetted.permissions.places import Places

_WILD = re.compile(r"[*?\[]")


def inside(path: str, root: str, places: Places) -> bool:
    """Whether a real path is a real directory or lies below it."""
    path, root = _same(path, places), _same(root, places)
    return path == root or path.startswith(root.rstrip("/") + "/")


@lru_cache(maxsize=8192)
def _anchored(pattern: str, base: str, home: str) -> str:
    """The absolute form of a glob."""
    if pattern == "~" or pattern.startswith("~/"):
        pattern = home + pattern[1:]
    elif not pattern.startswith("/"):
        pattern = f"{base}/{pattern}"
    return _tidy(pattern)


def anchored(pattern: str, base: str, places: Places) -> str:
    """The absolute form of a glob."""
    return _anchored(pattern, base, places.home)


def is_pattern(glob: str) -> bool:
    """Whether a glob is about more than one path."""
    return _WILD.search(glob) is not None


def covers(pattern: str, path: str, base: str, places: Places) -> bool:
    """Whether the glob as it is written covers a real path.

    Symlinks in the glob itself are deliberately not followed: a link swapped in below the base
    would widen an allow.
    """
    return _matches(_anchored(pattern, base, places.home), path, places)


def touches(pattern: str, path: str, base: str, places: Places) -> bool:
    """Whether the glob covers a real path when links on the glob's own way are followed too."""
    absolute = _anchored(pattern, base, places.home)
    if _matches(absolute, path, places):
        return True
    fixed, rest = fixed_part(absolute)
    followed = places.disk.real(fixed)
    return followed != fixed and _matches(followed + rest, path, places)


def start_of(pattern: str, base: str, places: Places) -> str:
    """The real directory, or the file, below which all lies that a glob could cover."""
    return places.disk.real(fixed_part(_anchored(pattern, base, places.home))[0])


@lru_cache(maxsize=8192)
def fixed_part(pattern: str) -> tuple[str, str]:
    """An absolute glob, cut into the directories before its first wildcard, and the rest."""
    wild = _WILD.search(pattern)
    if not wild:
        return pattern, ""
    cut = pattern.rfind("/", 0, wild.start())
    return pattern[:cut] or "/", pattern[cut:]


def literal(path: str) -> str:
    """A glob that covers this path alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _matches(pattern: str, path: str, places: Places) -> bool:
    pattern, path = _same(pattern, places), _same(path, places)
    root = pattern.removesuffix("/**")
    if not _WILD.search(root):
        return path == root or (root != pattern and path.startswith(root + "/"))
    return _compiled(pattern).fullmatch(path) is not None


def _same(path: str, places: Places) -> str:
    """One spelling for the names a case-insensitive volume holds to be the same."""
    if not places.case_insensitive:
        return path
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _tidy(pattern: str) -> str:
    """Without `.`, `..` and doubled slashes; a slash at the end means everything below."""
    parts: list[str] = []
    for part in pattern.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    if pattern.endswith("/"):
        parts.append("**")
    return "/" + "/".join(parts)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """From an absolute, tidy glob."""
    parts = pattern.split("/")[1:]
    expression = ""
    for index, part in enumerate(parts):
        if part != "**":
            expression += "/" + _one_name(part)
        elif index == len(parts) - 1:
            expression += r"(?:/.*)?"
        else:
            expression += r"(?:/[^/]+)*"
    return re.compile(expression or "/", re.DOTALL)


def _one_name(part: str) -> str:
    expression, index = "", 0
    while index < len(part):
        char = part[index]
        closing = part.find("]", index + 2) if char == "[" else -1
        if closing > 0:
            inner = part[index + 1 : closing]
            negated = inner[0] in "!^"
            expression += _one_of(inner[negated:], negated)
            index = closing
        elif char in "*?":
            expression += "[^/]*" if char == "*" else "[^/]"
        else:
            expression += re.escape(char)
        index += 1
    return expression


def _one_of(chars: str, negated: bool) -> str:
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", chars)
    try:
        re.compile(f"[{escaped}]")
    except re.error:
        return r"[^\s\S]"
    return f"(?!/)[{'^' if negated else ''}{escaped}]"
