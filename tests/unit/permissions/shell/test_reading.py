"""What a rule lets pass is run by a real shell: nothing but what the rule names may be run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.unit.permissions.world import running, verdict

FRAGMENTS = (
    *("git", "status", "git status", "echo", "frob", "frob x", "x", "E", "EOF", "in", "a=1", "-c"),
    *(" ", "  ", "\t", "\n", "\\\n", "\\", ";", "&", "&&", "||", "|", "|&", "(", ")", "{ ", "; }"),
    *(
        "'",
        '"',
        "`",
        "$(",
        "]]",
        "${",
        "}",
        "$((",
        "))",
        "$'",
        '$"',
        "$",
        "#",
        " #",
        "!",
        "<(",
        "[[ ",
    ),
    *("<<E\n", "<<'E'\n", "<<-E\n", "\nE\n", "\n\tE\n", "<<<", "2>&1", " < /dev/null", "~", "*"),
    *("if ", "; then ", "; fi", "for f in ", "; do ", "; done", "case x in ", "x) ", ";;", " esac"),
    *(
        "time ",
        "bash -c '",
        "eval ",
        "command ",
        "exec ",
        "{a,b}",
        "\\'",
        '\\"',
        "\\`",
        "${x:-",
        "]]",
    ),
)
RULES = ("allow bash command git status", "allow bash command echo", "allow bash command bash -c")


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PATH with a git that does nothing and a frob that leaves a mark."""
    place = tmp_path_factory.mktemp("stubs")
    (place / "git").symlink_to(shutil.which("true") or "/bin/true")
    frob = place / "frob"
    frob.write_text('#!/bin/sh\n: > "$MARK"\n')
    frob.chmod(0o700)
    return place


def run(command: str, stubs: Path) -> bool:
    """Runs a command and tells whether frob was."""
    mark = stubs / "mark"
    mark.unlink(missing_ok=True)
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run(
        [bash, "--norc", "--noprofile", "-c", command],
        cwd=stubs,
        env={"PATH": str(stubs), "MARK": str(mark), "HOME": str(stubs)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return mark.exists()


def test_the_mark_works(stubs: Path) -> None:
    assert run("git status; frob", stubs)
    assert not run("git status; echo frob", stubs)
    assert os.listdir(stubs)


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(pieces=st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=14))
def test_only_what_a_rule_names_is_run(stubs: Path, pieces: list[str]) -> None:
    command = "".join(pieces)
    told = verdict(running(command, cwd="/home/u/work"), *RULES)
    if told.effect == "allow":
        assert not run(command, stubs), command
