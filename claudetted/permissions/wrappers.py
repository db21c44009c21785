"""Owns commands that only pass another command on: what they run is judged in their place."""

import re
from collections.abc import Sequence

import msgspec

from claudetted.permissions.shell.model import Field


class _Wrapper(msgspec.Struct, frozen=True):
    """Its options without and with a value, and how many operands of its own it has."""

    flags: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    operands: int = 0


def _wrapper(flags: str = "", valued: str = "", operands: int = 0) -> _Wrapper:
    return _Wrapper(frozenset(flags.split()), frozenset(valued.split()), operands)


_TRANSPARENT: dict[str, _Wrapper] = {
    "time": _wrapper("-p"),
    "nohup": _wrapper(),
    "nice": _wrapper("", "-n --adjustment"),
    "timeout": _wrapper("--foreground --preserve-status -v --verbose", "-s -k --signal", 1),
    "command": _wrapper("-p"),
    "stdbuf": _wrapper("", "-i -o -e --input --output --error"),
    "setsid": _wrapper("-w --wait -c -f --fork"),
    "ionice": _wrapper("-t", "-c -n --class --classdata"),
    "caffeinate": _wrapper("-d -i -m -s -u"),
    "env": _wrapper(),
    "xargs": _wrapper(
        "-0 -r -t --null --no-run-if-empty --verbose",
        "-n -P -I -L -d --max-args --max-procs",
    ),
}
OF_THE_SHELL = frozenset(("time", "command"))
"""Behind these a `cd` moves the shell itself; others run one that moves nobody."""
_SHELLS = frozenset(("sh", "bash", "dash"))
_SHELL_LETTERS = frozenset("celuxo")
_SHELL_MODES = frozenset(("pipefail", "errexit", "nounset", "xtrace"))
_ATTACHED = re.compile(r"-\d+|-[ioe][0L]|-[nPL]\d+|-I\{\}|-d\\[n0]")
_SAFE_VALUES = {"-I": ("{}",), "-d": ("\\n", "\\0", "\n")}
"""What these options of `xargs` may be given."""
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")


def passed_on(fields: Sequence[Field], start: int) -> int | None:
    """Where the command begins that a wrapper passes on unchanged; None when it does not."""
    name = fields[start].text
    wrapper = _TRANSPARENT.get(name or "")
    if wrapper is None:
        return None
    at, operands = start + 1, wrapper.operands
    while at < len(fields):
        text = fields[at].text
        if text is None:
            return None
        if text == "--":
            at += 1
            break
        if not text.startswith("-"):
            if name != "env" or not ASSIGNMENT.match(text):
                break
        elif text in wrapper.valued:
            at += 1
            if not _is_safe_value(text, fields[at : at + 1]):
                return None
        elif not _is_flag(text, wrapper):
            return None
        at += 1
    at += operands
    return at if at < len(fields) and all(f.text for f in fields[start:at]) else None


def _is_safe_value(option: str, value: Sequence[Field]) -> bool:
    """Lines are told apart by nothing but their ends, and put in the place of nothing but `{}`."""
    safe = _SAFE_VALUES.get(option)
    return safe is None or not value or value[0].text in safe


def _is_flag(text: str, wrapper: _Wrapper) -> bool:
    name, equals, _ = text.partition("=")
    attached = bool(wrapper.valued) and _ATTACHED.fullmatch(text) is not None
    letters = text[1:] if text[:2] != "--" else ""
    together = bool(letters) and all(f"-{letter}" in wrapper.flags for letter in letters)
    return (
        together or text in wrapper.flags or attached or (bool(equals) and name in wrapper.valued)
    )


def shell_script(fields: Sequence[Field], start: int) -> str | None:
    """The script of `bash -c SCRIPT`, where nothing else is asked of the shell."""
    if fields[start].text not in _SHELLS:
        return None
    at, given = start + 1, False
    while at < len(fields):
        text = fields[at].text
        if text is None:
            return None
        if text[:1] != "-" or not _SHELL_LETTERS.issuperset(text[1:]):
            rest = [field.text for field in fields[at:]]
            plain = given and not any(t is None or t.startswith(("-", "+")) for t in rest)
            return text if plain else None
        given |= "c" in text
        if "o" in text:
            at += 1
            if at >= len(fields) or fields[at].text not in _SHELL_MODES:
                return None
        at += 1
    return None


def found_commands(
    fields: Sequence[Field], start: int
) -> tuple[list[Field], list[tuple[Field, ...]]] | None:
    """A `find` without what it runs, and the commands it runs; None when the end is unclear.

    `-execdir` is left to the table: it runs in directories that are not known here.
    """
    rest: list[Field] = list(fields[:start])
    commands: list[tuple[Field, ...]] = []
    at = start
    while at < len(fields):
        if fields[at].text != "-exec":
            rest.append(fields[at])
            at += 1
            continue
        end = _end_of_command(fields, at)
        if end is None or end == at + 1:
            return None
        commands.append(tuple(fields[at + 1 : end]))
        at = end + 1
    return rest, commands


def _end_of_command(fields: Sequence[Field], at: int) -> int | None:
    """The `;`, or the `+` behind `{}`, that ends a command of `find`."""
    for index in range(at + 1, len(fields)):
        text = fields[index].text
        if text is None:
            return None
        if text == ";" or (text == "+" and fields[index - 1].text == "{}"):
            return index
    return None
