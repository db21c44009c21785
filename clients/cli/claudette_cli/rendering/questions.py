"""Owns how a question looks: what is asked, what can be answered, and how it ended."""

from __future__ import annotations

from claudette_cli.terminal import Terminal, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]


def card(question: Json, terminal: Terminal) -> list[str]:
    """The question with its answers, numbered: a number stands for one of them."""
    paint = terminal.paint
    edge = paint("┃", "cyan")
    lines = [f"{paint(exact(question['title']), 'bold', 'cyan')}  {paint(question['id'], 'dim')}"]
    if question.get("about"):
        lines += exact(question["about"]).split("\n")
    for number, option in enumerate(question.get("options", []), 1):
        about = f"  {paint(exact(option['about']), 'dim')}" if option.get("about") else ""
        lines.append(f"{paint(f'{number:>3}', 'bold')}  {exact(option['label'])}{about}")
    if question.get("placeholder"):
        lines.append(paint(f"such as {exact(question['placeholder'])}", "dim"))
    return [f"{edge} {line}" for line in lines]


def value_of(question: Json, typed: str) -> str:
    """What an answer stands for: the number, id or label of an option, or the text itself."""
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
