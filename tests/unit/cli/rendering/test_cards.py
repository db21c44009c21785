"""A card shows what would run, exactly; nothing in it can hide."""

import io
from typing import Any

import pytest

from claudette_cli.rendering.cards import card, decided, keys, outcome, subject, together
from claudette_cli.terminal.output import Terminal

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


def test_a_card_names_what_could_not_be_seen() -> None:
    text = shown(asked(command="ls \u200b\u3164", paths=["/w/a\U000e0041\nb"]))
    assert "$ ls \\u200b\\u3164" in text
    assert "path /w/a\\U000e0041\\nb" in text
    assert (
        "! characters that cannot be seen: U+200B ZERO WIDTH SPACE, U+3164 HANGUL FILLER, U+E0041"
    ) in text
    assert "cannot be seen" not in shown(asked(command="ls ä\t日本\n"))


def test_a_rule_is_shown_beside_the_keys_that_would_add_it() -> None:
    rules = [{"text": "allow command git log"}, {"text": "allow command wc"}]
    offered = asked(command="git log | wc") | {
        "suggested": rules,
        "scopes": ["once", "chat", "user"],
    }
    assert "c, y would add allow command git log\n┃                allow command wc" in shown(
        offered
    )


@pytest.mark.parametrize("columns", [20, 40, 80, 120, 200])
def test_a_key_stands_beside_what_it_does(columns: int) -> None:
    permission = asked() | {"scopes": ["once", "turn", "chat", "workspace", "user"]}
    rows = keys(permission, columns, "q leave")
    assert all(len(row) <= columns for row in rows)
    told = [key for row in rows for key in row.split(" · ")]
    assert told == [
        *("a allow once", "d deny", "r deny with a reason", "q leave"),
        *("t for this turn", "c in this chat", "w in this workspace", "y always"),
    ]


@pytest.mark.parametrize(
    ("columns", "last"),
    [
        (80, ["c in this chat · y always → allow command git log, allow command wc"]),
        (54, ["c in this chat · y always → allow command git log, al…"]),
        (40, ["c in this chat · y always", "→ allow command git log, allow command …"]),
    ],
)
def test_a_rule_stands_behind_the_keys_that_would_add_it(columns: int, last: list[str]) -> None:
    rules = [{"text": "allow command git log"}, {"text": "allow command wc"}]
    offered = asked() | {"suggested": rules, "scopes": ["once", "chat", "user"]}
    assert keys(offered, columns)[-len(last) :] == last


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_every_row_of_a_card_has_its_edge_and_whole_words(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "width", columns)
    terminal = Terminal(io.StringIO())
    terminal.interactive = True
    words = [f"word{number}" for number in range(60)]
    rows = card(asked(command=" ".join(words)) | {"why": " ".join(words)}, terminal)
    assert all(row.startswith("┃ ") and len(row) < columns for row in rows)
    assert {word for row in rows for word in row.split() if word.startswith("word")} == set(words)


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


def test_what_was_not_seen_whole_is_not_allowed_with_the_others() -> None:
    hidden = asked(tool="edit", paths=["/w/a"], diff="+x", diffBytes=5000)
    rows = together([asked(command="make " * 40), hidden], 40)
    assert rows[1].startswith("  bash make") and len(rows[1]) <= 40
    assert rows[2] == "  edit /w/a (not shown whole: stays)"
