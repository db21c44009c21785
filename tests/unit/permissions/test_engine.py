"""The order: deny rule, readonly, ask rule, allow rule, the level's default."""

import pytest

from claudetted.protocol.permissions import Access, Level
from tests.unit.permissions.world import DATA, DOCS, HOME, WORKSPACE, asking, running, verdict

FILE = WORKSPACE + "/src/a.py"


@pytest.mark.parametrize(
    ("level", "access", "path", "effect"),
    [
        ("standard", "read", FILE, "allow"),
        ("standard", "search", WORKSPACE, "allow"),
        ("standard", "list", WORKSPACE, "allow"),
        ("standard", "read", "/etc/passwd", "ask"),
        ("standard", "read", WORKSPACE + "-other/a", "ask"),
        ("standard", "write", FILE, "ask"),
        ("standard", "edit", FILE, "ask"),
        ("standard", "fetch", FILE, "ask"),
        ("standard", "unknown", FILE, "ask"),
        ("readonly", "read", FILE, "allow"),
        ("readonly", "read", "/etc/passwd", "deny"),
        ("readonly", "write", FILE, "deny"),
        ("readonly", "run", FILE, "deny"),
        ("readonly", "fetch", FILE, "deny"),
        ("readonly", "unknown", FILE, "deny"),
        ("full", "read", "/etc/passwd", "allow"),
        ("full", "write", "/etc/passwd", "allow"),
        ("full", "unknown", FILE, "allow"),
        ("full", "fetch", FILE, "allow"),
    ],
)
def test_the_level_decides_where_no_rule_speaks(
    level: Level, access: Access, path: str, effect: str
) -> None:
    assert verdict(asking("tool", access, path), level=level).effect == effect


def test_deny_wins_over_allow_in_every_level() -> None:
    for level in ("readonly", "standard", "full"):
        told = verdict(asking("write", "write", FILE), "allow *", "deny * path src/**", level=level)
        assert told.effect == "deny"
        assert told.rule is not None and told.rule.text == "deny * path src/**"


def test_an_ask_rule_asks_in_full_and_offers_no_wider_scope() -> None:
    told = verdict(asking("write", "write", FILE), "allow *", "ask @write", level="full")
    assert (told.effect, told.scopes, told.suggested) == ("ask", ("once",), ())
    assert told.rule is not None and told.rule.effect == "ask"


def test_readonly_refuses_writers_even_where_a_rule_allows_them() -> None:
    assert verdict(asking("w", "write", FILE), "allow *", level="readonly").effect == "deny"


def test_every_path_of_a_call_must_be_admitted() -> None:
    both = asking("patch", "edit", FILE, "/etc/hosts")
    assert verdict(both, "allow @write path **").effect == "ask"
    assert verdict(both, "allow @write path **", "allow patch path /etc/hosts").effect == "allow"


def test_a_path_rule_is_not_enough_for_a_tool_that_does_more_than_touch_paths() -> None:
    assert verdict(asking("mcp__x", "unknown", FILE), "allow * path **").effect == "ask"
    assert verdict(running("cat src/a.py"), "allow * path **").effect == "ask"


def test_no_path_is_no_reason_to_read_unasked() -> None:
    assert verdict(asking("read", "read")).effect == "ask"


def test_built_in_rules_keep_secrets_and_lend_docs() -> None:
    assert verdict(asking("read", "read", HOME + "/.ssh/id_rsa"), "allow *").effect == "deny"
    assert verdict(asking("read", "read", HOME + "/.ssh/id_rsa.pub"), "allow *").effect == "allow"
    assert verdict(asking("read", "read", DATA + "/claudetted.db"), level="full").effect == "deny"
    assert verdict(asking("read", "read", DOCS + "/sdk.md"), level="readonly").effect == "allow"
    assert verdict(asking("write", "write", DOCS + "/sdk.md")).effect == "ask"
    temp = asking("write", "write", DATA + "/chats/c1/tmp/x")
    assert verdict(temp).effect == "allow"
    assert verdict(asking("read", "read", DATA + "/chats/c2/tmp/x"), level="full").effect == "deny"


def test_what_is_suggested_would_have_allowed_the_call() -> None:
    for request in (
        asking("write", "write", FILE, "/etc/a*b"),
        asking("edit", "edit", WORKSPACE + "/.git/config"),
        asking("search", "search", "/srv/data"),
        asking("fetch", "fetch", hosts=["docs.python.org"]),
        asking("web_fetch", "fetch", text='{"url": "https://u:p@Example.org:8080/x"}'),
        asking("mcp__github__create_issue", "unknown"),
    ):
        told = verdict(request)
        assert told.effect == "ask" and told.suggested and "user" in told.scopes
        assert verdict(request, *told.suggested).effect == "allow"


def test_a_search_through_secrets_asks() -> None:
    """Whoever works in the home directory has secrets in it."""
    home = asking("grep", "search", HOME)
    for level in ("standard", "readonly"):
        told = verdict(home, "allow @read path **", level=level, workspace=HOME)
        assert told.effect == "ask" and told.scopes == ("once",)
    assert verdict(asking("grep", "search", HOME + "/work"), workspace=HOME).effect == "allow"
    assert verdict(asking("ls", "list", HOME), workspace=HOME).effect == "allow"
    assert verdict(home, level="full", workspace=HOME).effect == "allow"
