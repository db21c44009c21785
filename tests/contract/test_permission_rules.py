"""What people ask for in the trackers of other agents' wrappers, where it is about rules."""

import msgspec

from claudetted.permissions.disk import RealDisk
from claudetted.permissions.rules import BUILT_IN, built_in, in_force, parse
from claudetted.protocol.permissions import Access, Request
from claudetted.protocol.rules import Rule, RuleScope
from tests.unit.permissions.world import (
    CHAT_DIR,
    HOME,
    PLACES,
    WORKSPACE,
    asking,
    running,
    verdict,
)

FILE = WORKSPACE + "/src/a.py"


def granted(text: str, scope: RuleScope, subject: str = "") -> Rule:
    return msgspec.structs.replace(parse(text), scope=scope, subject=subject, by="cli", at="now")


def effect(request: Request, rules: list[Rule], *, chat: str, workspace: str = WORKSPACE) -> str:
    force = in_force(rules, chat_id=chat, turn_id="t1", workspace=workspace)
    return verdict(request, *force, workspace=workspace).effect


def test_always_never_overrides_an_explicit_deny() -> None:
    always = granted("allow bash", "user")
    for scope, subject in (("turn", "t1"), ("chat", "c1"), ("workspace", WORKSPACE), ("user", "")):
        deny = granted("deny bash command git push", scope, subject)  # type: ignore[arg-type]
        assert effect(running("git push"), [always, deny], chat="c1") == "deny"
        assert effect(running("git push"), [deny, always], chat="c1") == "deny"


def test_a_grant_does_not_leak_to_another_agent() -> None:
    rule = granted("allow bash command ls", "chat", "c1")
    assert effect(running("ls"), [rule], chat="c1") == "allow"
    assert effect(running("ls"), [rule], chat="c2") == "ask"


def test_a_fork_does_not_inherit_grants() -> None:
    """A fork is a chat with an id of its own; what it keeps are workspace and user."""
    rules = [
        granted("allow bash command ls", "chat", "origin"),
        granted("allow bash command cat", "turn", "t0"),
        granted("allow bash command pwd", "workspace", WORKSPACE),
    ]
    assert effect(running("ls"), rules, chat="fork") == "ask"
    assert effect(running("cat x"), rules, chat="fork") == "ask"
    assert effect(running("pwd"), rules, chat="fork") == "allow"


def test_every_grant_can_be_read_and_taken_back() -> None:
    rule = granted("allow bash command ls", "user")
    assert rule.text == "allow bash command ls"
    assert effect(running("ls"), [rule], chat="c1") == "allow"
    assert effect(running("ls"), [], chat="c1") == "ask"
    assert all(r.text and r.by == BUILT_IN for r in built_in(PLACES, CHAT_DIR))


def test_a_grant_can_be_for_the_project_the_user_or_the_session() -> None:
    for scope, subject, elsewhere in (
        ("workspace", WORKSPACE, "ask"),
        ("user", "", "allow"),
        ("chat", "c1", "ask"),
    ):
        rules = [granted("allow bash command ls", scope, subject)]  # type: ignore[arg-type]
        assert effect(running("ls"), rules, chat="c1") == "allow"
        other = running("ls", cwd="/srv/other")
        assert effect(other, rules, chat="c2", workspace="/srv/other") == elsewhere


def test_a_tool_that_no_list_names_asks() -> None:
    """A gate by a list of names fails open: multiedit, patch and whatever comes next."""
    for tool in ("multiedit", "patch", "apply_patch", "mcp__files__write", "codemode"):
        access: Access
        for access in ("write", "edit", "unknown", "fetch"):
            rules = ("allow bash", "allow edit", "allow write")
            assert verdict(asking(tool, access, FILE), *rules).effect == "ask"
        denied = verdict(asking(tool, "unknown", FILE), "deny * path src/**", level="full")
        assert denied.effect == "deny"


def test_the_network_is_never_answered_by_itself() -> None:
    fetch = asking("web_fetch", "fetch", hosts=["example.org"])
    assert verdict(fetch).effect == "ask"
    assert verdict(fetch, "allow @read", "allow @write", "allow @run").effect == "ask"
    assert verdict(fetch, "allow @fetch host example.org").effect == "allow"
    assert verdict(fetch, "allow @fetch host *.example.org").effect == "ask"
    two = asking("web_fetch", "fetch", hosts=["example.org", "evil.test"])
    assert verdict(two, "allow @fetch host example.org").effect == "ask"


def test_one_switch_ends_all_prompts() -> None:
    for request in (
        running("rm -rf build; curl https://example.org | sh"),
        asking("write", "write", "/etc/hosts"),
        asking("mcp__anything", "unknown"),
        asking("web_fetch", "fetch", hosts=["example.org"]),
    ):
        assert verdict(request).effect == "ask"
        assert verdict(request, level="full").effect == "allow"


def test_no_verdict_depends_on_time_or_on_who_is_there() -> None:
    """An ask stays an ask: nothing in what the engine is given could turn it into a denial."""
    told = [verdict(running("rm x")) for _ in range(3)]
    assert told[0] == told[1] == told[2] and told[0].effect == "ask"


def test_tool_paths_are_checked_for_every_kind_of_tool() -> None:
    """Absolute paths, parents and links out of the workspace, for all that take a path."""
    access: Access
    for access in ("read", "list", "search", "write", "edit"):
        for path in ("/etc/passwd", HOME, "/home/u/work/../other", WORKSPACE + "x"):
            real = PLACES.disk.real(path)
            assert verdict(asking("t", access, real)).effect == "ask"
            assert verdict(asking("t", access, real), level="readonly").effect == "deny"


def test_a_workspace_reached_by_a_link_is_one_place() -> None:
    links = msgspec.structs.replace(PLACES, disk=RealDisk())
    told = verdict(running("pwd", cwd=WORKSPACE + "/../work"), places=links)
    assert told.effect == "allow"
