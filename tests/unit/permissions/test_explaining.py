"""The account of a verdict."""

import msgspec

from claudetted.permissions import explaining
from claudetted.permissions.rules import parse
from claudetted.protocol.permissions import ExplainResult, Level, Request
from claudetted.protocol.rules import Rule
from tests.unit.permissions.world import CHAT_DIR, PLACES, WORKSPACE, asking, running

FILE = WORKSPACE + "/src/a.py"


def explain(request: Request, *rules: Rule, level: Level = "standard") -> ExplainResult:
    return explaining.explain(
        request,
        level=level,
        workspace=WORKSPACE,
        chat_dir=CHAT_DIR,
        rules=rules,
        places=PLACES,
    )


def about(request: Request, *texts: str, level: Level = "standard") -> dict[str, str]:
    told = explain(request, *(parse(text) for text in texts), level=level)
    assert told.effect in {step.effect for step in told.steps}
    return {step.about: step.effect for step in told.steps}


def test_a_decision_says_by_which_rule_of_whom() -> None:
    rule = msgspec.structs.replace(
        parse("allow bash command git status"),
        scope="workspace",
        subject=WORKSPACE,
        by="cli",
        at="now",
    )
    told = explain(running("git status && frob"), rule)
    assert told.effect == "ask"
    steps = {step.about: (step.effect, step.why) for step in told.steps}
    assert steps["git status"] == ("allow", f"Made by cli on now, for: workspace {WORKSPACE}.")
    assert steps["frob"] == ("ask", "frob: no rule allows it.")
    assert [rule.text for rule in told.suggested] == ["allow bash command frob"]


def test_an_explanation_names_denials_levels_and_paths() -> None:
    write = asking("write", "write", FILE, "/etc/hosts")
    assert about(write, "deny * path src/**")["deny * path src/**"] == "deny"
    assert about(write, "ask @write")["ask @write"] == "ask"
    assert about(write, level="readonly")["level readonly"] == "deny"
    assert about(write, "allow @write path **") == {
        FILE: "allow",
        "/etc/hosts": "ask",
        "level standard": "ask",
    }
    assert about(write, "allow write")["allow write"] == "allow"
    assert about(asking("read", "read", FILE))[FILE] == "allow"
    assert about(running("git status ("))["git status ("] == "ask"
    assert about(running("$x"), "deny bash command rm")["deny bash command rm"] == "ask"
    assert about(running("name=value; pwd"))["name=value"] == "allow"
