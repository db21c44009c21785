"""The corpora of commands: hostile ones, which never run unasked, and what agents really run."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudetted.permissions.rules import parse
from claudetted.protocol.rules import Rule
from tests.unit.permissions.world import running, verdict

_GOLDEN = Path(__file__).parents[1] / "golden" / "permissions"
_EVERYDAY = tomllib.loads((_GOLDEN / "everyday.toml").read_text())
_TEXTS = (*(f"allow bash command {words}" for words in _EVERYDAY["commands"]), *_EVERYDAY["others"])
RULES = tuple(map(parse, _TEXTS))
DENIED = tuple(map(parse, _EVERYDAY["denied"]))


def _families(kind: str) -> list[Path]:
    return sorted((_GOLDEN / kind).glob("*.toml"))


def _lines(family: Path) -> Iterator[tuple[str, str]]:
    """Each command, and why it is in the corpus. `\\N` in one stands for the end of a line."""
    for group in tomllib.loads(family.read_text())["group"]:
        for line in group["lines"].strip("\n").split("\n"):
            yield line.replace(r"\N", "\n"), group["why"]


def _asked(family: Path, *denied: Rule) -> tuple[dict[str, str], dict[str, str]]:
    """The commands that ask or are denied, and those that run unasked, with the reasons."""
    asked: dict[str, str] = {}
    ran: dict[str, str] = {}
    for line, why in _lines(family):
        told = verdict(running(line), *RULES, *denied)
        if told.effect == "allow":
            ran[line] = why
        else:
            asked[line] = told.why
    return asked, ran


def _report(
    capsys: pytest.CaptureFixture[str], family: Path, asked: dict[str, str], ran: dict[str, str]
) -> None:
    with capsys.disabled():
        kind = family.parent.name
        counts = f"{len(asked)} asked, {len(ran)} ran"
        sys.stdout.write(f"\n{kind} commands, {family.stem}: {counts} ")


@pytest.mark.parametrize("family", _families("hostile"), ids=lambda path: path.stem)
def test_nothing_hostile_runs_unasked(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked, ran = _asked(family, *DENIED)
    _report(capsys, family, asked, ran)
    assert not ran


@pytest.mark.parametrize("family", _families("harmless"), ids=lambda path: path.stem)
def test_what_agents_run_all_day_runs(family: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked, ran = _asked(family)
    _report(capsys, family, asked, ran)
    assert not asked


@pytest.mark.parametrize(("kind", "least"), [("hostile", 2000), ("harmless", 500)])
def test_the_corpora_are_large_and_say_nothing_twice(kind: str, least: int) -> None:
    lines = [line for family in _families(kind) for line, _ in _lines(family)]
    assert len(set(lines)) == len(lines) >= least
