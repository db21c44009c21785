"""The commands that only read, which need no rule of the user's where a box holds them."""

import msgspec
import pytest

from claudetted.permissions.reading_commands import COMMANDS
from claudetted.permissions.rules import built_in
from tests.unit.permissions.world import CHAT_DIR, HOME, PLACES, running, verdict

HELD = msgspec.structs.replace(PLACES, reads_unasked=True)


@pytest.mark.parametrize("words", [w for w in COMMANDS if w not in ("true", "false", "[", "[[")])
def test_each_of_them_is_a_command_that_only_reads(words: str) -> None:
    operand = {"basename": " a", "dirname": " a", "sleep": " 1", "jq": " . a", "sed": " -n 1p a"}
    told = verdict(running(words + operand.get(words, "")), places=HELD)
    assert told.effect == "allow", told.why
    assert told.rule and told.rule.by == "built-in"


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        ("git status && git diff | head -50", "allow"),
        ("find src -name '*.py' | xargs wc -l", "allow"),
        ("[ -f src/a.py ] && cat src/a.py", "allow"),
        ("cat /etc/passwd", "ask"),
        ("cat ../x", "ask"),
        (f"cat {HOME}/.bashrc", "ask"),
        ("cat ~/.ssh/id_rsa", "deny"),
        ("cat a > b", "ask"),
        ("sort -o b a", "ask"),
        ("find . -delete", "ask"),
        ("find . -exec rm {} +", "ask"),
        ("git branch new", "ask"),
        ("git diff --output=x", "ask"),
        ("sed -i s/a/b/ a", "ask"),
        ("git commit -m x", "ask"),
        ("rm a", "ask"),
        ("python x.py", "ask"),
        ("cat $(rm a)", "ask"),
    ],
)
def test_they_run_inside_the_workspace_and_change_nothing(command: str, effect: str) -> None:
    assert verdict(running(command), places=HELD).effect == effect


def test_without_a_box_all_of_them_ask() -> None:
    assert verdict(running("cat a"), places=PLACES).effect == "ask"


def test_readonly_refuses_them() -> None:
    assert verdict(running("cat a"), places=HELD, level="readonly").effect == "deny"


def test_they_are_listed_with_the_other_built_in_rules() -> None:
    texts = [rule.text for rule in built_in(HELD, CHAT_DIR)]
    assert "allow @run command git status" in texts and "allow @run command '['" in texts
    assert "allow @run command git status" not in [r.text for r in built_in(PLACES, CHAT_DIR)]
