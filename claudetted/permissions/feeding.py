"""Owns whether what a command reads from a pipe are names of files that a listing has found."""

from collections.abc import Sequence

from claudetted.permissions.shell.model import Group, Node, Redirect, Simple

_LISTERS = (("find",), ("fd",), ("ls",), ("git", "ls-files"), ("rg", "--files"), ("rg", "-l"))
_SAYS_MORE = ("-printf", "-exec", "-execdir", "-ok", "-okdir", "-x", "--exec", "--format", "-L")
"""Options with which a lister says something else, or what lies behind links."""
_FILTERS = {"grep": 1, "sort": 0, "head": 0, "tail": 0, "uniq": 0}
"""They pass lines on or not; so many of their words are no option and no number."""


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
    return [word.field({}).text or word.source for word in stage.words]


def _is_listing(words: list[str]) -> bool:
    said = any(words[: len(lister)] == list(lister) for lister in _LISTERS)
    return said and not any(word.startswith(_SAYS_MORE) or "$" in word for word in words)


def _is_filter(words: list[str]) -> bool:
    if not words or words[0] not in _FILTERS:
        return False
    operands = [word for word in words[1:] if not word.startswith("-") and not word.isdigit()]
    return len(operands) <= _FILTERS[words[0]]
