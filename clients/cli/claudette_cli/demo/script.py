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

from __future__ import annotations

# Every scripted sidecar of the tests loads this. `typing`, `re` and what it compiles, `json` and
# `hashlib` each take longer than all else here, and most scripts need none of them.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

NAMES = (
    *("text", "think", "tool", "then", "many", "hold", "slow", "usage", "cost"),
    *("error", "error-once", "overflow", "midstream", "echo-history", "seen"),
)
_BLANKS = " \t\n"
_SUMMARISED = "</conversation>"
"""What is in front of it is a transcript to be summarised: its directives were played before."""


def seen(images: Iterable[tuple[str, bytes]]) -> str:
    """What `@seen` says of (type, bytes)."""
    import hashlib

    lines = [f"{kind} {hashlib.sha256(data).hexdigest()[:12]}" for kind, data in images]
    return "\n".join(lines) or "no image"


class BadScript(Exception):
    """A directive that cannot be followed. Says which."""


class Step:
    """One directive. `tool` has a call's arguments."""

    def __init__(self, name: str, argument: str = "", tool: Any = None) -> None:
        self.name = name
        self.argument = argument
        self.tool = tool

    def __repr__(self) -> str:
        return f"Step({self.name!r}, {self.argument!r}, {self.tool!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and vars(self) == vars(other)

    def numbers(self) -> list[int]:
        return [int(word) for word in self.argument.split()]


def rounds(prompt: str, names: tuple[str, ...] = NAMES) -> list[list[Step]]:
    """The steps of each round; none when the prompt holds no script. `names` are the directives
    that the player knows."""
    script = prompt.rpartition(_SUMMARISED)[2]
    start, name = _directive(script, 0, names)
    while name and script == prompt and not _begins_line(script, start):
        start, name = _directive(script, start + 1, names)
    if not name:
        return []
    played: list[list[Step]] = [[]]
    for step in _steps(script, start, names):
        if step.name == "then":
            played.append([])
        else:
            played[-1].append(step)
    return played


def _directive(script: str, start: int, names: tuple[str, ...]) -> tuple[int, str]:
    """Where the next directive is, and its name; no name where there is none."""
    while (at := script.find("@", start)) >= 0:
        start = at + 1
        if at == 0 or script[at - 1] in _BLANKS:
            end = min(_end_of(script, start, blank) for blank in _BLANKS)
            if script[start:end] in names:
                return at, script[start:end]
    return len(script), ""


def _end_of(script: str, start: int, mark: str) -> int:
    end = script.find(mark, start)
    return end if end >= 0 else len(script)


def _begins_line(script: str, at: int) -> bool:
    return not script[script.rfind("\n", 0, at) + 1 : at].strip(" \t")


def _steps(script: str, at: int, names: tuple[str, ...]) -> Iterator[Step]:
    at, name = _directive(script, at, names)
    while name:
        end = at + 1 + len(name)
        if name == "tool":
            step, end = _tool(script, end)
            at, following = _directive(script, end, names)
        else:
            at, following = _directive(script, end, names)
            step = Step(name, _argument(script[end:at]))
            _check(step)
        yield step
        name = following


def _check(step: Step) -> None:
    fits = _SHAPES.get(step.name)
    if fits and not fits(step.argument):
        raise BadScript(f"@{step.name} does not take {step.argument!r}.")


def _is_name(argument: str) -> bool:
    return bool(argument) and all(one.isalnum() or one in "_.-" for one in argument)


def _is_usage(argument: str) -> bool:
    read, _, written = argument.partition(" ")
    return read.isdecimal() and written.lstrip(" ").isdecimal()


def _is_cost(argument: str) -> bool:
    whole, point, part = argument.partition(".")
    return whole.isdecimal() and (part.isdecimal() or not point)


def _is_error(argument: str) -> bool:
    status = argument.partition(" ")[0]
    return len(status) == 3 and status[0] in "45" and status.isdecimal()


_SHAPES: dict[str, Callable[[str], bool]] = {
    "many": str.isdecimal,
    "slow": str.isdecimal,
    "usage": _is_usage,
    "cost": _is_cost,
    "hold": _is_name,
    "error": _is_error,
    "error-once": _is_error,
}


def _argument(text: str) -> str:
    # Only the ASCII blanks: U+2028 and its like belong to the text.
    argument = text.strip(_BLANKS)
    if argument.startswith('"') and argument.endswith('"'):
        import json

        try:
            return str(json.loads(argument))
        except json.JSONDecodeError:
            return argument
    return argument


def _tool(script: str, start: int) -> tuple[Step, int]:
    import json

    while script[start : start + 1] in (*_BLANKS,):
        start += 1
    end = start
    while end < len(script) and script[end] != "{" and not script[end].isspace():
        end += 1
    if end == start:
        raise BadScript("@tool needs a name and JSON arguments.")
    name = script[start:end]
    while script[end : end + 1] in (*_BLANKS,):
        end += 1
    try:
        arguments, end = json.JSONDecoder().raw_decode(script, end)
    except json.JSONDecodeError as error:
        raise BadScript(f"@tool {name}: {error}") from None
    return Step("tool", name, arguments), end
