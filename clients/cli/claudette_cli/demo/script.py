"""Owns the little language in which a prompt tells a scripted model what to answer.

A script begins at the first line of a prompt that starts with a directive; from there on
directives may follow one another on a line. An argument that is a JSON string is decoded, for
texts that begin or end with blanks.

    @text TEXT            says TEXT
    @think TEXT           thinks TEXT
    @tool NAME {json}     calls a tool; several in one round are called in parallel
    @then                 the next round: what is said once the tools of this one have answered
    @many N               says N times one character, each in a delta of its own
    @hold NAME            stops until gate NAME is released
    @slow MS              waits that long before every later delta
    @usage IN OUT         the tokens this round claims to have used
    @cost USD             what this round claims to have cost, as OpenRouter tells it
    @error STATUS TEXT    fails the request, every time
    @error-once STATUS TEXT   fails the first attempt
    @overflow             fails the first attempt because the context is too long
    @midstream            closes the connection there, in the first attempt
    @echo-history         says what was sent, one line a message
    @seen                 says which images the message holds, one line an image
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

NAMES = (
    *("text", "think", "tool", "then", "many", "hold", "slow", "usage", "cost"),
    *("error", "error-once", "overflow", "midstream", "echo-history", "seen"),
)
_TOOL = re.compile(r"[ \t\n]*([^\s{]+)[ \t\n]*")
_SHAPES = {
    "many": r"\d+",
    "slow": r"\d+",
    "usage": r"\d+ +\d+",
    "cost": r"\d+(\.\d+)?",
    "hold": r"[\w.-]+",
    "error": r"[45]\d\d( .*)?",
    "error-once": r"[45]\d\d( .*)?",
}
_SUMMARISED = "</conversation>"
"""What is in front of it is a transcript to be summarised: its directives were played before."""


def seen(images: Iterable[tuple[str, bytes]]) -> str:
    """What `@seen` says of (type, bytes)."""
    # Takes longer to load than all else here, and every scripted sidecar of the tests loads this.
    import hashlib

    lines = [f"{kind} {hashlib.sha256(data).hexdigest()[:12]}" for kind, data in images]
    return "\n".join(lines) or "no image"


class BadScript(Exception):
    """A directive that cannot be followed. Says which."""


class Step(NamedTuple):
    """One directive. `tool` has a call's arguments."""

    name: str
    argument: str = ""
    tool: Any = None

    def numbers(self) -> list[int]:
        return [int(word) for word in self.argument.split()]


class _Marks(NamedTuple):
    """Where a script begins, and where its next directive is."""

    first: re.Pattern[str]
    following: re.Pattern[str]


@lru_cache
def _marks(names: tuple[str, ...]) -> _Marks:
    name = "|".join(names)
    first = re.compile(rf"^[ \t]*@(?=(?:{name})(?:[ \t\n]|$))", re.MULTILINE)
    return _Marks(first, re.compile(rf"(?:^|(?<=[ \t\n]))@({name})(?=[ \t\n]|$)"))


def rounds(prompt: str, names: tuple[str, ...] = NAMES) -> list[list[Step]]:
    """The steps of each round; none when the prompt holds no script. `names` are the directives
    that the player knows."""
    script = prompt.rpartition(_SUMMARISED)[2]
    marks = _marks(names)
    begin = marks.following if script != prompt else marks.first
    start = begin.search(script)
    if start is None:
        return []
    played: list[list[Step]] = [[]]
    for step in _steps(script, start.start(), marks.following):
        if step.name == "then":
            played.append([])
        else:
            played[-1].append(step)
    return played


def _steps(script: str, start: int, directive: re.Pattern[str]) -> list[Step]:
    steps: list[Step] = []
    found = directive.search(script, start)
    while found:
        name = found.group(1)
        if name == "tool":
            step, end = _tool(script, found.end())
            found = directive.search(script, end)
        else:
            following = directive.search(script, found.end())
            end = following.start() if following else len(script)
            step = Step(name, _argument(script[found.end() : end]))
            _check(step)
            found = following
        steps.append(step)
    return steps


def _check(step: Step) -> None:
    shape = _SHAPES.get(step.name)
    if shape and not re.fullmatch(shape, step.argument, re.DOTALL):
        raise BadScript(f"@{step.name} does not take {step.argument!r}.")


def _argument(text: str) -> str:
    # Only the ASCII blanks: U+2028 and its like belong to the text.
    argument = text.strip(" \t\n")
    if argument.startswith('"') and argument.endswith('"'):
        try:
            return str(json.loads(argument))
        except json.JSONDecodeError:
            return argument
    return argument


def _tool(script: str, start: int) -> tuple[Step, int]:
    name = _TOOL.match(script, start)
    if name is None:
        raise BadScript("@tool needs a name and JSON arguments.")
    try:
        arguments, end = json.JSONDecoder().raw_decode(script, name.end())
    except json.JSONDecodeError as error:
        raise BadScript(f"@tool {name.group(1)}: {error}") from None
    return Step("tool", name.group(1), arguments), end
