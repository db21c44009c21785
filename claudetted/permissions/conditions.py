"""Owns the reading of the words of `test`, `[` and `[[`: which of them is evaluated how."""

import re
from collections.abc import Iterator, Sequence

from claudetted.permissions.shell.model import Field

NAMES = frozenset(("test", "[", "[["))
_UNARY = frozenset(
    [
        "-b",
        "-c",
        "-d",
        "-e",
        "-f",
        "-g",
        "-h",
        "-k",
        "-L",
        "-n",
        "-N",
        "-O",
        "-p",
        "-r",
        "-s",
        "-S",
        "-u",
        "-w",
        "-x",
        "-z",
        "-G",
        "-t",
    ]
)
_NUMERIC = frozenset(["-eq", "-ne", "-lt", "-le", "-gt", "-ge"])
_BINARY = frozenset(["=", "==", "!=", "<", ">", "-nt", "-ot", "-ef", "=~"])
_JOINING = frozenset(["!", "(", ")", "&&", "||", "-a", "-o", "]"])
_KNOWN = _UNARY | _NUMERIC | _BINARY | _JOINING
_BEHIND_OPERAND = (_BINARY | _NUMERIC | _JOINING) - {"!", "("}
"""What stands behind an operand, so that the word before it is no operator."""
_NUMBER = re.compile(r"-?\d{1,18}")
_NUMBERS_OF_THE_SHELL = frozenset(("$?", "$#", "$$", '"$?"', '"$#"', '"$$"'))


def unread(name: str, words: Sequence[Field]) -> Iterator[str]:
    """Why the words behind the command's name could do more than compare."""
    for index, word in enumerate(words):
        if word.text is not None and _evaluated(word.text):
            yield f"{name} could run what stands in {word.source}."
        elif word.text is not None and _is_operator(word.text) and word.text not in _KNOWN:
            yield f"What {name} {word.text} does is not known."
        elif name == "[[":
            yield from _compares_numbers(words, index)
        elif word.text is None and (not word.single or not _behind_operand(words, index)):
            yield f"{word.source} could turn out to be an option."


def operands(words: Sequence[Field]) -> Iterator[int]:
    """Which of the words may name files."""
    for index, word in enumerate(words):
        if word.text is not None and not _is_operator(word.text) and word.text not in _KNOWN:
            yield index


def _compares_numbers(words: Sequence[Field], index: int) -> Iterator[str]:
    """`[[ a -eq b ]]` evaluates both sides as arithmetic, indexes in them included."""
    if words[index].text not in _NUMERIC:
        return
    for side in (*words[max(index - 1, 0) : index], *words[index + 1 : index + 2]):
        number = side.text is not None and _NUMBER.fullmatch(side.text)
        if not number and side.source not in _NUMBERS_OF_THE_SHELL:
            yield f"[[ {words[index].text} evaluates {side.source}."


def _is_operator(text: str) -> bool:
    return text.startswith("-") and len(text) > 1 and _NUMBER.fullmatch(text) is None


def _behind_operand(words: Sequence[Field], index: int) -> bool:
    behind = words[index + 1 :][:1]
    return not behind or behind[0].text in _BEHIND_OPERAND


def _evaluated(text: str) -> bool:
    return "$(" in text or "`" in text
