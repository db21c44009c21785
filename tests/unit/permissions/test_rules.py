"""Rules as text, the built-in ones, and which of them are in force where."""

import msgspec
import pytest

from claudetted.permissions.rules import BUILT_IN, RuleError, built_in, in_force, parse, text_of
from claudetted.protocol.rules import Rule, RuleId
from tests.unit.permissions.world import CHAT_DIR, PLACES


@pytest.mark.parametrize(
    "text",
    [
        "allow *",
        "ask bash",
        "deny mcp__github__*",
        "allow @read",
        "allow bash command git status",
        "allow bash command git commit -m 'two words'",
        "allow bash command '['",
        "deny * path ~/.ssh/**",
        "allow @write path ** except **/.git/**",
        "deny * path 'a b/**' except 'a b/c' except ~/d",
        "ask @fetch host *.example.org",
        "allow bash command echo 'it'\"'\"'s'",
    ],
)
def test_text_reads_back(text: str) -> None:
    rule = parse(text)
    assert text_of(rule) == text == rule.text
    assert parse(rule.text) == rule


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "starts with"),
        ("permit bash", "starts with"),
        ("allow", "Expected a tool"),
        ("allow bash git status", "command, path or host"),
        ("allow bash command", "Expected a pattern"),
        ("allow bash path", "Expected a pattern"),
        ("allow * path a b", "except"),
        ("allow * path a except", "except"),
        ("allow * host a except b", "Only a path"),
        ("allow bash command 'git", "quote is not closed"),
        ("allow @everything", "not a class of tools"),
    ],
)
def test_what_is_no_rule_is_told(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        parse(text)


def test_built_in_rules_are_visible_data_like_any_other() -> None:
    rules = built_in(PLACES, CHAT_DIR)
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.by == BUILT_IN and parse(rule.text).pattern == rule.pattern
    texts = " ".join(rule.text for rule in rules)
    for word in ("auth.json", ".ssh/id_", ".aws", "gh/hosts", ".netrc", ".gnupg", "Keychains"):
        assert word in texts


def stored(scope: str, subject: str) -> Rule:
    return msgspec.convert(
        {"id": f"{scope}-{subject}", "effect": "allow", "scope": scope, "subject": subject}, Rule
    )


def test_a_rule_is_in_force_where_its_scope_says() -> None:
    rules = [
        stored("turn", "t1"),
        stored("turn", "t2"),
        stored("chat", "c1"),
        stored("chat", "c2"),
        stored("workspace", "/w"),
        stored("workspace", "/x"),
        stored("user", ""),
        stored("turn", ""),
        stored("chat", ""),
    ]
    told = in_force(rules, chat_id="c1", turn_id="t1", workspace="/w")
    assert [rule.id for rule in told] == ["turn-t1", "chat-c1", "workspace-/w", "user-"]
    idle = in_force(rules, chat_id="c1", turn_id=None, workspace="/w")
    assert RuleId("turn-t1") not in [rule.id for rule in idle]
