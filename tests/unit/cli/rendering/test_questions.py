"""How a question looks, and what an answer stands for."""

import io

import pytest

from claudette_cli.rendering.questions import card, outcome, value_of
from claudette_cli.terminal import Terminal

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
