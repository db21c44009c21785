"""A card shows what would run, exactly; nothing in it can hide."""

import io
from typing import Any

import pytest

from claudette_cli.rendering.cards import card, decided, outcome, subject
from claudette_cli.terminal import Terminal

PLAIN = Terminal(io.StringIO())


def asked(**request: Any) -> dict[str, Any]:
    return {
        "id": "p1",
        "chatId": "c1",
        "request": {"tool": "bash", "access": "run", "digest": "d", **request},
    }


def shown(permission: dict[str, Any]) -> str:
    return "\n".join(card(permission, PLAIN))


def test_a_command_is_shown_with_its_directory_and_why_it_asks() -> None:
    text = shown(asked(command="make\ntest", cwd="/w") | {"why": "It runs a command."})
    assert "run this command" in text
    assert "$ make\n┃   test" in text
    assert "in /w" in text
    assert "why It runs a command." in text


@pytest.mark.parametrize("hidden", ["\x1b[2K", "\r", "\u202e", "\x9b", "\u200b", "\x7f"])
def test_what_could_hide_is_visible(hidden: str) -> None:
    permission = asked(command=f"rm -rf / {hidden}ls", cwd=f"/w{hidden}", diff=f"+{hidden}x")
    for text in (shown(permission), subject(permission)):
        assert hidden not in text
        assert "\\x" in text or "\\u" in text


def test_a_long_diff_is_shown_whole() -> None:
    diff = "".join(f"+line {number}\n" for number in range(500))
    assert "+line 499" in shown(asked(diff=diff))


def test_arguments_of_an_unknown_tool_are_shown() -> None:
    assert '{"a": 1}' in shown(asked(tool="mystery", access="unknown", input='{"a": 1}'))


def test_a_card_that_replaces_another_says_so() -> None:
    assert "asks again" in shown(asked() | {"supersedes": "p0"})


def test_the_outcome_tells_who_decided() -> None:
    resolution = {"outcome": "deny", "by": "nvim/editor", "reason": "no"}
    assert outcome(resolution, ours=False) == "denied by nvim/editor (no)"
    assert outcome(resolution, ours=True) == "denied by you (no)"
    assert "did not run" in outcome({"outcome": "lost", "by": "daemon"}, ours=False)


def test_a_decision_that_is_not_on_disk_yet_says_so() -> None:
    result = {"resolution": {"outcome": "deny", "by": "cli/claudette"}}
    assert decided(result) == "denied by you"
    assert "the disk is full" in decided(result | {"recorded": False})


def test_the_subject_is_one_line() -> None:
    assert subject(asked(command="a\nb")) == "bash a ⏎ b"
