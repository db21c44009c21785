"""What Tab offers: commands, and what they take."""

from typing import Any

from claudette_cli.attach.completion import Offered

COMMANDS: list[dict[str, Any]] = [
    {"name": "/model", "about": "shows", "completions": ["openai/gpt-5.4", "fake/small"]},
    {"name": "/mode", "about": "", "source": "agent"},
    {"name": "/skill:rig", "about": "How to rig."},
]


def offered(text: str) -> list[str]:
    known = Offered()
    known.learn(COMMANDS)
    known.asked({"options": [{"id": "no"}, {"id": "yes"}]})
    return [choice for choice, _ in known.complete(text)]


def test_names_are_completed_ours_and_the_screens() -> None:
    assert offered("/mo") == ["/model", "/mode"]
    assert offered("/de") == ["/deny", "/detach"]
    assert offered("/skill") == ["/skill:rig"]
    assert "/model" in offered("/")


def test_arguments_are_completed_by_their_beginning_and_then_by_any_part() -> None:
    assert offered("/model ") == ["openai/gpt-5.4", "fake/small"]
    assert offered("/model FAKE") == ["fake/small"]
    assert offered("/model gpt") == ["openai/gpt-5.4"]
    assert offered("/answer y") == ["yes"]


def test_a_message_is_left_alone() -> None:
    assert offered("hello /mo") == offered("") == offered("/model a b") == offered("/x\n/m") == []
