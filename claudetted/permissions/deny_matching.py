"""Owns whether a rule that denies or asks reaches a command: liberal, where an allow is strict."""

import contextlib
import ipaddress
import re
from collections.abc import Sequence
from typing import Literal

from claudetted.permissions import programs
from claudetted.permissions.analysis import Analysis
from claudetted.permissions.places import Places
from claudetted.permissions.rules import words_of
from claudetted.permissions.shell.model import Field

Reach = Literal["no", "maybe", "yes"]

_LETTERS = re.compile(r"-[A-Za-z]{2,4}")
_LOGINS = frozenset(("ssh", "scp", "sftp", "mosh", "rsync"))
_LOGIN = re.compile(r"(?:[a-z]+://)?(?:[^@/]*@)?(?:\[([^\]/]+)\]|([^:/\[\]]+|::1))(?:[:/].*)?")
_THIS_MACHINE = frozenset(("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"))
_FORCING = frozenset(("-f", "--force"))
_SAME = {
    "-f": ("--force",),
    "--force": ("-f",),
    "-r": ("-R", "--recursive"),
    "-R": ("--recursive",),
    "--recursive": ("-r", "-R"),
}
"""What programs agree on. A rule about one name of an option is about all of them."""


def reach(pattern: str, analysis: Analysis, places: Places) -> Reach:
    """Whether the words of a rule stand for any part, behind wrappers and in scripts too."""
    words = words_of(pattern)
    found: Reach = "maybe" if analysis.unseen else "no"
    for part in analysis.parts:
        for view in part.views:
            one = _reach(words, view, places)
            if one == "yes":
                return "yes"
            if one == "maybe":
                found = "maybe"
    return found


def _reach(words: Sequence[str], view: Sequence[Field], places: Places) -> Reach:
    if not view or not words:
        return "no"
    first = view[0].text
    if first is None:
        return "maybe"
    if not _same_program(words[0], first, places):
        return "no"
    if words[0] in _LOGINS:
        view = [field if field.text is None else _at_host(field) for field in view]
    subcommands = _subcommands(words)
    sure = True
    at = 1
    for place, word in enumerate(words[1:], 1):
        if word.startswith("-"):
            one = _options(word, view)
        else:
            one, at = _operand(word, view, at, place <= subcommands)
        if one == "no":
            return "no"
        sure &= one == "yes"
    return "yes" if sure else "maybe"


def _same_program(word: str, program: str, places: Places) -> bool:
    if places.case_insensitive:
        word, program = word.casefold(), program.casefold()
    return word == program or ("/" not in word and word == program.rsplit("/", 1)[-1])


def _subcommands(words: Sequence[str]) -> int:
    """How many of a rule's words after the program are subcommands."""
    key, program = programs.program(words[0])
    count = 0
    for word in words[1:]:
        if not program.sub or word.startswith("-"):
            break
        key, program = programs.subcommand(key, word)
        count += 1
    return count


def _at_host(field: Field) -> Field:
    return Field(field.source, _host_word(field.text or ""))


def _options(word: str, view: Sequence[Field]) -> Reach:
    """Options may stand anywhere, and letters that a rule has in one word in many."""
    found = _option(word, view)
    if found == "yes" or not _LETTERS.fullmatch(word):
        return found
    each = {_option(f"-{letter}", view) for letter in word[1:]}
    return "no" if "no" in each else "maybe" if "maybe" in each else "yes"


def _option(word: str, view: Sequence[Field]) -> Reach:
    """By any of its names."""
    each = {_spelled(name, view) for name in (word, *_SAME.get(word, ()))}
    if word in _FORCING and _forces(view):
        return "yes"
    return "yes" if "yes" in each else "maybe" if "maybe" in each else "no"


def _forces(view: Sequence[Field]) -> bool:
    """`git push origin +main`"""
    texts = [field.text or "" for field in view]
    return {"git", "push"} <= set(texts) and any(text.startswith("+") for text in texts)


def _host_word(text: str) -> str:
    """The host in what `ssh` and its like are given: `me@host`, `ssh://me@host:22`, `host:path`."""
    found = _LOGIN.fullmatch(text)
    host = (found[1] or found[2]).lower() if found else text
    if host in _THIS_MACHINE:
        return "localhost"
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_loopback or address.is_unspecified:
            return "localhost"
    return text


def _spelled(word: str, view: Sequence[Field]) -> Reach:
    """Abbreviated, with a value, or among others."""
    texts = [field.text for field in view[1:]]
    for text in texts:
        if text is None:
            continue
        if text == word or text.startswith(word + "="):
            return "yes"
        name = text.partition("=")[0]
        if word.startswith("--") and len(name) > 3 and word.startswith(name):
            return "yes"
        if len(word) == 2 and text[0:1] == "-" != text[1:2] and word[1] in text:
            return "yes"
    return "maybe" if None in texts else "no"


def _operand(word: str, view: Sequence[Field], at: int, subcommand: bool) -> tuple[Reach, int]:
    """The next operand; before a subcommand only options and their values are passed over."""
    unknown = False
    for index in range(at, len(view)):
        text = view[index].text
        if text == word:
            return ("maybe" if unknown else "yes"), index + 1
        if text is None:
            unknown = True
        elif subcommand and not text.startswith("-") and not _is_value(view, index, at):
            return ("maybe" if unknown else "no"), index
    return ("maybe" if unknown else "no"), len(view)


def _is_value(view: Sequence[Field], index: int, at: int) -> bool:
    before = view[index - 1].text if index > at else ""
    return bool(before) and str(before).startswith("-") and "=" not in str(before)
