"""What the judging of one call may cost, and that it always ends in a verdict."""

import os
import typing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from claudetted.permissions import budget, explaining
from claudetted.permissions.budget import Budget, SpentError
from claudetted.permissions.disk import RealDisk
from claudetted.permissions.engine import judge
from claudetted.permissions.rules import parse
from claudetted.protocol.permissions import Level
from tests.unit.permissions.corpus import ALLOW, RULES
from tests.unit.permissions.world import CHAT_DIR, PLACES, WORKSPACE, asking, running, verdict

REAL = msgspec.structs.replace(PLACES, disk=RealDisk())
NESTED = "watch 'watch \"watch a b c\" d' e; "
LOOPS = "".join(f"for v{n} in 1 2 3 4 5 6 7 8 9; do " for n in range(8)) + "ls;" + "done;" * 8
TOO_MUCH = (NESTED * 200, "watch '" + NESTED.replace("'", "") * 60 + "'", LOOPS)


def test_a_budget_is_spent_step_by_step() -> None:
    few = Budget(3)
    few.take()
    few.take(2)
    with pytest.raises(SpentError):
        few.take()


@pytest.mark.parametrize("command", TOO_MUCH, ids=["many", "deep", "loops"])
@pytest.mark.parametrize("level", ["standard", "full"])
def test_when_it_is_spent_the_call_asks_even_where_all_is_allowed(
    command: str, level: Level
) -> None:
    told = verdict(running(command), "allow bash", level=level)
    assert told.effect == "ask" and "too long to judge" in told.why
    assert told.scopes == ("once",)


def test_what_is_too_long_to_be_read_costs_no_more_than_its_level_asks() -> None:
    written = f"cat > notes.txt <<'END'\n{'a line of text' * 15_000}\nEND"
    runs = {}
    for level in typing.get_args(Level):
        told = judge(
            running(written),
            level=level,
            workspace=WORKSPACE,
            chat_dir=CHAT_DIR,
            rules=[],
            places=PLACES,
            boxed=True,
        )
        runs[level] = told.effect
    assert runs == {"readonly": "deny", "standard": "ask", "confined": "allow", "full": "allow"}


def test_what_was_seen_before_it_was_spent_is_denied() -> None:
    told = verdict(running("frob; " + LOOPS), "deny bash command frob", level="full")
    assert told.effect == "deny"


def test_what_people_run_costs_a_small_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the limit is one for attacks."""
    monkeypatch.setattr(budget.Budget, "left", budget.STEPS // 10)
    monkeypatch.setattr(Budget.__init__, "__defaults__", (budget.STEPS // 10,))
    for command in ALLOW:
        assert verdict(running(command), *RULES).effect == "allow", command


@pytest.mark.parametrize("path", ["/a\0b", "a\0b", "/" + "x" * 5000, "/a/" * 3000, "/\ud800", ""])
def test_a_path_that_no_file_can_have_gets_an_ordinary_answer(path: str) -> None:
    for access in ("read", "write", "search"):
        told = verdict(asking("tool", access, path), places=REAL)
        assert told.effect in ("ask", "allow")
    for request in (asking("tool", "read", path), running("cat x", cwd=path)):
        explained = explaining.explain(
            request,
            level="standard",
            workspace=WORKSPACE,
            chat_dir=CHAT_DIR,
            rules=[parse("deny * path secrets/**")],
            places=REAL,
        )
        assert explained.steps


def test_a_chain_of_links_that_no_kernel_follows_is_judged(tmp_path: Path) -> None:
    base = str(tmp_path)
    for number in range(1500):
        os.symlink(f"{base}/{number + 1}", f"{base}/{number}")
    told = verdict(asking("read", "read", f"{base}/0"), workspace=base, places=REAL)
    assert told.effect in ("ask", "allow")


@settings(max_examples=300, deadline=None)
@given(command=st.text(alphabet=st.sampled_from("a$(){}[]<>|&;'\"`\\ \n\t#!~*?=-/.,:@0\0é\u202e")))
def test_no_text_is_too_strange_for_a_verdict(command: str) -> None:
    for level in ("standard", "full"):
        told = verdict(running(command), *RULES, level=level, places=REAL)
        assert told.effect in ("ask", "allow", "deny")
