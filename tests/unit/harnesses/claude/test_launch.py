"""The user's own Claude Code is found, started with its own sign-in, and its history is known."""

import os
import sys
from pathlib import Path

import pytest

from claudetted.harnesses.claude import launch, session
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.invocation import version_of
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.providers import installed

CHAT = ChatId("chat")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "SYSTEM_PLACES", ())


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return os.fspath(path)


def test_the_one_on_the_chats_path_is_started_with_the_users_tokens(tmp_path: Path) -> None:
    found = program(tmp_path / "bin/claude")
    env = {"HOME": "/nowhere", "PATH": f"{tmp_path}/bin", "CLAUDE_CODE_OAUTH_TOKEN": "its own"}
    started = launch.launch(CHAT, env, {})
    assert started.argv == [sys.executable, "-I", "-m", launch.ADAPTER]
    assert started.env["CLAUDETTE_CLAUDE"] == found
    assert started.env["CLAUDE_CODE_OAUTH_TOKEN"] == "its own"


def test_one_that_is_chosen_is_the_one(tmp_path: Path) -> None:
    chosen = {"CLAUDETTE_CLAUDE": program(tmp_path / "other/claude")}
    assert launch.find({}, chosen) == chosen["CLAUDETTE_CLAUDE"]
    with pytest.raises(HarnessMissing, match="not an executable file"):
        launch.find({}, {"CLAUDETTE_CLAUDE": f"{tmp_path}/gone"})


def test_without_one_it_is_said_what_to_do() -> None:
    with pytest.raises(HarnessMissing, match="then sign in: claude auth login"):
        launch.find({"HOME": "/nowhere", "PATH": "/nowhere"}, {})


@pytest.mark.parametrize("name", ["versions/2.1.332", "package/claude", "odd/claude"])
def test_its_version_is_where_it_is_installed(tmp_path: Path, name: str) -> None:
    real = program(tmp_path / name)
    if name.startswith("package"):
        (tmp_path / "package/package.json").write_text('{"version": "2.1.332"}')
    link = tmp_path / "claude"
    link.symlink_to(real)
    expected = "" if name.startswith("odd") else "2.1.332"
    assert version_of(os.fspath(link), Disk()) == expected


def test_what_it_keeps_of_a_chat_is_found(tmp_path: Path) -> None:
    env = {"HOME": os.fspath(tmp_path)}
    made = session.new(Disk(), os.fspath(tmp_path / "sessions/s1"), env)
    assert launch.vendor_history(tmp_path / "sessions") == []
    kept = tmp_path / ".claude/projects/-work"
    (kept / made.note.session).mkdir(parents=True)
    transcript = kept / f"{made.note.session}.jsonl"
    transcript.touch()
    found = launch.vendor_history(tmp_path / "sessions")
    assert found == [os.fspath(transcript), os.fspath(kept / made.note.session)]
