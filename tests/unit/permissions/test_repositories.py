"""What a repository's own settings and hooks could start."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from claudetted.permissions import environment
from claudetted.permissions.disk import RealDisk
from claudetted.permissions.places import Places
from claudetted.protocol.permissions import Level
from tests.unit.permissions.world import CHAT_DIR, PLACES, WORKSPACE, Links, running, verdict

RULES = ("allow bash command git status", "allow bash command git commit")
PLAIN = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
[remote "origin"]
\turl = git@example.org:x/y
\tfetch = +refs/heads/*:refs/remotes/origin/*
# a comment
[branch "main"]
\tremote = origin
"""


def _effect(command: str, disk: Links, *rules: str) -> str:
    places = msgspec.structs.replace(PLACES, disk=disk)
    return verdict(running(command), *RULES, *rules, places=places).effect


def _disk(config: str, *hooks: str, at: str = WORKSPACE) -> Links:
    texts = {f"{at}/.git/config": config, f"{at}/.git/HEAD": "ref: refs/heads/main"}
    names: dict[str, Sequence[str] | None] = {
        f"{at}/.git/hooks/*": [f"{at}/.git/hooks/{hook}" for hook in hooks]
    }
    return Links(texts=texts, names=names)


def test_plain_settings_do_not_ask() -> None:
    assert _effect("git status", _disk(PLAIN)) == "allow"
    assert _effect("git commit -m x", _disk(PLAIN, "pre-commit.sample")) == "allow"


@pytest.mark.parametrize(
    "setting",
    [
        '[filter "x"]\n clean = evil',
        '[filter "x"] process = evil',
        '[diff "x"]\n textconv = evil',
        '[diff "x"]\n command = evil',
        "[diff]\n external = evil",
        "[core]\n sshCommand = evil",
        "[core]\n hooksPath = evil",
        "[CORE]\n EDITOR = evil",
        "[core]\n gitProxy = evil",
        "[core]\n attributesFile = evil",
        "[core]\n worktree = /",
        "[credential]\n helper = evil",
        "[include]\n path = evil",
        '[includeIf "gitdir:/"]\n path = evil',
        '[url "ext::evil"]\n insteadOf = x',
        '[remote "origin"]\n url = ext::evil',
        '[remote "origin"]\n uploadpack = evil',
        '[remote "origin"]\n receivepack = evil',
        '[remote "origin"]\n vcs = evil',
        '[merge "x"]\n driver = evil',
        '[trailer "x"]\n command = evil',
        '[gpg "ssh"]\n defaultKeyCommand = evil',
        "[extensions]\n worktreeConfig = true",
        "[alias]\n status = !evil",
        '[submodule "x"]\n update = !evil',
        "[core]\n bare = \\\nfalse",
        "no line of git's",
    ],
)
def test_a_setting_that_could_start_something_asks(setting: str) -> None:
    assert _effect("git status", _disk(PLAIN + setting)) == "ask"
    allowed = "allow bash path .git/config"
    assert _effect("git status", _disk(PLAIN + setting), allowed) == "allow"


def test_hooks_ask_where_they_would_run() -> None:
    disk = _disk(PLAIN, "pre-commit")
    assert _effect("git status", disk) == "allow"
    assert _effect("git commit -m x", disk) == "ask"
    assert _effect("git commit -m x", disk, "allow bash path .git/hooks/**") == "allow"


def test_the_repository_is_the_one_where_git_runs() -> None:
    evil = _disk(PLAIN + "[diff]\n external = evil", at=WORKSPACE + "/src")
    evil.texts.update(_disk(PLAIN).texts)
    assert _effect("git status", evil) == "allow"
    assert _effect("cd src && git status", evil) == "ask"
    assert _effect("cd src/deep && git status", evil) == "ask"


def test_the_settings_of_a_linked_worktree_are_those_of_its_repository() -> None:
    texts = {
        f"{WORKSPACE}/.git": "gitdir: /srv/r/.git/worktrees/w\n",
        "/srv/r/.git/worktrees/w/HEAD": "ref: x",
        "/srv/r/.git/worktrees/w/commondir": "../..\n",
        "/srv/r/.git/config": PLAIN,
    }
    assert _effect("git status", Links(texts=texts)) == "allow"
    texts["/srv/r/.git/config"] += "[diff]\n external = evil"
    assert _effect("git status", Links(texts=texts)) == "ask"


def test_submodules_that_are_to_be_looked_into_ask() -> None:
    disk = _disk(PLAIN)
    disk.texts[f"{WORKSPACE}/.gitmodules"] = '[submodule "x"]\n\tpath = x\n'
    assert _effect("git status", disk) == "allow"
    disk.texts[f"{WORKSPACE}/.gitmodules"] += "\tignore = none\n"
    assert _effect("git status", disk) == "ask"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A repository all of whose settings that can start something do: they leave `ran`."""
    work = tmp_path / "work"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho x >> {tmp_path}/ran\ncat\n")
    evil.chmod(0o755)
    _git(tmp_path, "init", "-q", "work")
    (work / "a").write_text("x\n")
    _git(work, "add", "a")
    _git(work, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one")
    (work / "a").write_text("y\n")
    for key in ("core.fsmonitor", "core.pager", "gpg.program", "core.alternateRefsCommand"):
        _git(work, "config", key, str(evil))
    _git(work, "config", "log.showSignature", "true")
    for hook in ("post-index-change", "reference-transaction"):
        (work / ".git" / "hooks" / hook).write_bytes(evil.read_bytes())
        (work / ".git" / "hooks" / hook).chmod(0o755)
    return work


def _git(cwd: Path, *words: str, **env: str) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), **env}
    subprocess.run(["git", *words], cwd=cwd, env=environ, check=True, capture_output=True)


def _touched(work: Path) -> None:
    os.utime(work / "a", (1, 1))
    (work.parent / "ran").unlink(missing_ok=True)


READERS = (("status",), ("diff",), ("log", "-p"), ("show",), ("blame", "a"), ("grep", "y"))


def test_what_the_settings_start_is_switched_off(hostile: Path) -> None:
    added = environment.for_git(only_reads=True)
    for words in READERS:
        _touched(hostile)
        _git(hostile, *words, **added)
        assert not (hostile.parent / "ran").exists(), words
    _touched(hostile)
    _git(hostile, "status")
    assert (hostile.parent / "ran").exists()


def test_the_real_settings_of_a_new_repository_are_harmless(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    places = Places(str(tmp_path / "home"), "/d", "/r", RealDisk())
    told = verdict(
        running("git status", cwd=str(tmp_path.resolve())),
        "allow bash command git status",
        workspace=str(tmp_path.resolve()),
        places=places,
    )
    assert told.effect == "allow", told.why
    assert CHAT_DIR


def test_no_repository_inside_the_workspace_is_used_without_a_directory_of_its_own(
    hostile: Path,
) -> None:
    """A bare one can be part of what was cloned."""
    bare = hostile / "bare"
    _git(hostile.parent, "clone", "-q", "--bare", "work", str(bare))
    added = environment.for_git(only_reads=True)
    with pytest.raises(subprocess.CalledProcessError):
        _git(bare, "log", **added)
    _git(bare, "log")


def test_what_changes_something_may_sign_and_start_hooks_that_were_allowed() -> None:
    changes = environment.for_git(only_reads=False).values()
    assert "core.fsmonitor" in changes
    assert "core.hooksPath" not in changes and "gpg.program" not in changes


@pytest.mark.parametrize(
    ("command", "level", "rule", "added"),
    [
        ("git status", "standard", "allow bash command git status", True),
        ("cd src && git status", "standard", "allow bash command git status", True),
        ("timeout 5 git status", "standard", "allow bash command git status", True),
        ("ls", "standard", "allow bash command ls", False),
        ("git status", "standard", "allow bash", False),
        ("git status", "full", "allow bash command ls", False),
    ],
)
def test_git_that_runs_unasked_because_of_a_rule_is_told_so(
    command: str, level: Level, rule: str, added: bool
) -> None:
    told = verdict(running(command), rule, level=level)
    assert told.effect == "allow"
    environ = told.confinement.environment if told.confinement else {}
    assert ("GIT_CONFIG_COUNT" in environ) == added
