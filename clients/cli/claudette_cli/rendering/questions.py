"""Owns how a question looks: what is asked, what can be answered, and how it ended."""

from __future__ import annotations

from claudette_cli.rendering.wrapping import framed
from claudette_cli.terminal.output import Terminal, columns, exact, line, padded, screen_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]


_HINTS = {
    (False, False): "",
    (False, True): "or any other text",
    (True, False): "several may be chosen, with commas between them",
    (True, True): "several may be chosen, with commas between them, or any other text",
}
"""Whether several answers may be chosen, and whether a text of one's own is one."""
BESIDE = 10
"""Rows that the title, the line to type in and the status want as well."""


def takes_text(question: Json) -> bool:
    """Whether it is answered in words, and not by the number of an option."""
    return not question.get("options") or bool(question.get("free"))


def card(question: Json, terminal: Terminal) -> list[str]:
    """The question with its answers, numbered: a number stands for one of them."""
    paint = terminal.paint
    edge = paint("┃", "cyan")
    lines = [f"{paint(line(question['title']), 'bold', 'cyan')}  {paint(question['id'], 'dim')}"]
    if question.get("about"):
        lines += exact(question["about"]).split("\n")
    lines += _options(question.get("options", []), terminal)
    if hint := _HINTS[bool(question.get("several")), bool(question.get("free"))]:
        lines.append(paint(hint, "dim"))
    if question.get("placeholder"):
        lines.append(paint(f"such as {line(question['placeholder'])}", "dim"))
    return framed(lines, edge, terminal)


def _options(options: list[Json], terminal: Terminal) -> list[str]:
    """One a row, or side by side where so many rows would push the question off the screen."""
    paint = terminal.paint
    rows = [f"{number:>3}  {line(option['label'])}" for number, option in enumerate(options, 1)]
    if not terminal.interactive or len(rows) <= screen_rows() - BESIDE:
        abouts = [paint(line(option.get("about", "")), "dim") for option in options]
        return [f"{row}  {about}".rstrip() for row, about in zip(rows, abouts, strict=True)]
    room = terminal.width - 4
    width = min(room, max(columns(row) for row in rows) + 2)
    height = min(screen_rows() - BESIDE, -(-len(rows) // (room // width)))
    shown = rows[: height * (room // width)]
    lines = [
        "".join(padded(row, width) for row in shown[at::height]).rstrip() for at in range(height)
    ]
    if hidden := len(rows) - len(shown):
        lines.append(paint(f"… and {hidden} more; a name answers, too", "dim"))
    return lines


def value_of(question: Json, typed: str) -> str:
    """What an answer stands for: the number, id or label of an option, or the text itself. Of
    several, with commas between them."""
    if question.get("several"):
        return "\n".join(_value(question, word.strip()) for word in typed.split(","))
    return _value(question, typed)


def _value(question: Json, typed: str) -> str:
    options = question.get("options", [])
    if typed.isdigit() and 0 < int(typed) <= len(options):
        return str(options[int(typed) - 1]["id"])
    for option in options:
        if typed.lower() in (option["id"].lower(), option["label"].lower()):
            return str(option["id"])
    return typed


def subject(question: Json) -> str:
    """The question in one line."""
    return exact(question["title"]).replace("\n", " ⏎ ")


def outcome(answer: Json) -> str:
    """How it ended and who ended it."""
    if answer["outcome"] != "answered":
        return f"withdrawn: {exact(answer.get('why', ''))}"
    return f"{exact(answer.get('label', ''))} (answered by {exact(answer['by'])})"


def how_to_answer(question: Json) -> str:
    """For whoever is not asked by this very screen."""
    return f"claudette answer {question['id']} …"
