"""How a question looks, and what an answer stands for."""

import io
import re

import pytest

from claudette_cli.rendering import questions
from claudette_cli.rendering.questions import card, outcome, value_of
from claudette_cli.terminal.output import Terminal

PLAIN = Terminal(io.StringIO())

QUESTION = {
    "id": "c.q1",
    "title": "Trust it?\x1b[2J",
    "about": "It holds things.",
    "options": [{"id": "no", "label": "No"}, {"id": "yes", "label": "Yes", "about": "from now on"}],
}


def test_a_card_numbers_its_answers_and_hides_no_control_codes() -> None:
    text = "\n".join(card(QUESTION, PLAIN))
    assert "  1  No" in text
    assert "  2  Yes  from now on" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("typed", "value"), [("2", "yes"), ("YES", "yes"), ("no", "no"), ("3", "3"), ("x", "x")]
)
def test_an_answer_may_be_a_number_or_a_name(typed: str, value: str) -> None:
    assert value_of(QUESTION, typed) == value


def test_a_text_is_a_text() -> None:
    assert value_of({"id": "q", "title": "Which domain?"}, "1") == "1"


def test_the_end_names_who_answered() -> None:
    assert outcome({"outcome": "answered", "by": "cli", "label": "Yes"}) == "Yes (answered by cli)"
    assert "elsewhere" in outcome({"outcome": "withdrawn", "by": "daemon", "why": "elsewhere"})


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("rows", [24, 40])
def test_a_long_list_fits_the_screen(
    columns: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "width", columns)
    monkeypatch.setattr(questions, "screen_rows", lambda: rows)
    terminal = Terminal(io.StringIO())
    terminal.interactive = True
    options = [{"id": f"p{number}", "label": f"Provider {number}"} for number in range(1, 46)]
    lines = card({"id": "c.q1", "title": "Which?", "options": options}, terminal)
    assert len(lines) <= rows - 7
    assert all(len(line) < columns for line in lines)
    shown = {int(number) for line in lines for number in re.findall(r"Provider (\d+)", line)}
    hidden = 45 - len(shown)
    assert shown == set(range(1, 46 - hidden))
    assert not hidden or f"… and {hidden} more" in lines[-1]
    assert not hidden or columns == 40
