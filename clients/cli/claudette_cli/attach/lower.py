"""Owns the words of the screen's lower part: what works, what waits, what can be pressed. Pure."""

from __future__ import annotations

import time

from claudette_cli.attach.picture import asked_line
from claudette_cli.rendering import cards, questions
from claudette_cli.terminal.output import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from claudette_cli.attach.entry import Entry
    from claudette_cli.attach.picture import Picture


def activity(picture: Picture) -> StyleAndTextTuples:
    """What the agent does, unless it waits for a person."""
    at_work = None if picture.permission else picture.activity
    return [("class:queue", at_work.line(time.monotonic(), time.time()))] if at_work else []


def queue(picture: Picture) -> StyleAndTextTuples:
    return [("class:queue", "\n".join(picture.queue))] if picture.queue else []


def question(picture: Picture, width: int, entry: Entry | None) -> StyleAndTextTuples:
    """What is asked beside the cards, and how it is answered now."""
    asked = picture.asked
    if asked is None:
        return []
    how = ""
    if questions.takes_text(asked):
        answering = entry is not None and entry.about == asked["id"]
        how = "Enter answers" if answering else "/answer TEXT"
    return [("class:card", asked_line(asked, width, how))]


def card(picture: Picture, width: int) -> StyleAndTextTuples:
    return [("class:card", cut(picture.question, width - 1))] if picture.permission else []


def card_keys(picture: Picture, width: int, *, armed: bool, typing: bool) -> StyleAndTextTuples:
    """What a key would do to the first card."""
    if picture.permission is None:
        return []
    if not armed:
        return [("", "clear the line to answer" if typing else "…")]
    more = [f"{cards.ALL} all {picture.waiting}"] * (picture.waiting > 1)
    return [("", "\n".join(cards.keys(picture.permission, width, *more)))]


def status(picture: Picture | None, width: int) -> StyleAndTextTuples:
    """The meter stands out as the context fills, and so do the chats that wait."""
    if picture is None:
        return [("", " connecting… ")]
    text, meter = picture.status_at(width - 2)
    marks = {picture.others: "class:waiting"}
    if picture.filling:
        marks[meter] = f"class:{picture.filling.replace(' ', '-')}"
    rest, shown = f" {text} ", []
    for marked, style in sorted(marks.items(), key=lambda one: rest.find(one[0])):
        before, found, rest_after = rest.partition(marked) if marked else (rest, "", "")
        if found:
            shown += [("", before), (style, found)]
            rest = rest_after
    return [*shown, ("", rest)]
