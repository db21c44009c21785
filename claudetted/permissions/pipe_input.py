"""Owns whether what a command reads from a pipe are names of files that a listing has found."""

import re
from collections.abc import Sequence

from claudetted.permissions.shell.model import Group, Node, Redirect, Simple

_LISTERS: dict[tuple[str, ...], str] = {
    ("find",): "",
    (
        "fd",
    ): "-H -I -t -e -E -d -0 -p -i -s -g -F --hidden --no-ignore --type --extension --exclude",
    ("ls",): "-1 -t -r -S -tr -1t -1tr",
    ("git", "ls-files"): "-m -o -c -d -z --others --cached --modified --deleted --exclude-standard",
    ("git", "diff", "--name-only"): "-z --cached --staged --diff-filter",
    ("rg", "--files"): "-g --glob -t --type -0 --null --hidden -uu -u",
    ("rg", "-l"): "-g --glob -t --type -0 --null --hidden -i -F -w -e -uu -u",
    ("grep", "-l"): "-i -F -E -w -e -r -Z --include",
    ("grep", "-rl"): "-i -F -E -w -e -Z --include --exclude-dir",
}
"""What lists names, and the options with which it still says nothing but names. Of `find` all that
are harmless do but those in `_FIND_SAYS`."""
_FIND_SAYS = ("-printf", "-ls", "-exec", "-execdir", "-ok", "-okdir", "-L", "-H", "-fprint")
_FILTERS = {
    "grep": re.compile(r"-[viEFPwx]+|-e"),
    "sort": re.compile(r"-[urnVz]+"),
    "head": re.compile(r"-n|-\d+|-n\d+"),
    "tail": re.compile(r"-n|-\d+|-n\d+"),
    "uniq": re.compile(r"-[ud]"),
}
"""They pass whole lines on or not, with these options."""
_PATTERNS = {"grep": 1}
"""So many of their operands are no files."""


def lists_files(pipeline: Group, index: int) -> bool:
    """Whether one stage of a pipeline reads names of files that are there, and nothing else."""
    if _reads_elsewhere(pipeline.redirects) or _reads_elsewhere(pipeline.items[index].redirects):
        return False
    texts = [_texts(stage) for stage in pipeline.items[:index]]
    return bool(texts) and _is_listing(texts[0]) and all(map(_is_filter, texts[1:]))


def _reads_elsewhere(redirects: Sequence[Redirect]) -> bool:
    return any(redirect.operator.startswith("<") for redirect in redirects)


def _texts(stage: Node) -> list[str]:
    """The words of a command that can be told; nothing where that is not all there is to it."""
    if not isinstance(stage, Simple) or _reads_elsewhere(stage.redirects) or stage.assignments:
        return []
    fields = [field for word in stage.words for field in word.fields({})]
    return [field.source if field.text is None else field.text for field in fields]


def _is_listing(words: list[str]) -> bool:
    if any("$" in word for word in words):
        return False
    for start, options in _LISTERS.items():
        if tuple(words[: len(start)]) == start:
            return _only_lists(start[0], words[len(start) :], options.split())
    return False


def _only_lists(name: str, words: list[str], options: list[str]) -> bool:
    if name == "find":
        return not any(word.startswith(_FIND_SAYS) for word in words)
    given = [word.partition("=")[0] for word in words if word.startswith("-")]
    # What `ls` lists of a directory it is given are no names from where it runs.
    bare = name == "ls" and any("/" in word or word[:1] != "*" for word in words if word[:1] != "-")
    return not bare and all(option in options for option in given)


def _is_filter(words: list[str]) -> bool:
    if not words or words[0] not in _FILTERS:
        return False
    options = [word for word in words[1:] if word.startswith("-")]
    operands = [word for word in words[1:] if not word.startswith("-") and not word.isdigit()]
    known = all(_FILTERS[words[0]].fullmatch(option) for option in options)
    return known and len(operands) <= _PATTERNS.get(words[0], 0)
