"""Completion in the shells themselves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon.world import Home
from tests.support.commands import Commands

BASH = """eval "$(claudette completion bash)"
COMP_LINE="claudette $1" COMP_POINT=$((10 + ${#1})) COMP_WORDS=(claudette $1) COMP_CWORD=$2
compopt() { :; }
_claudette; printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = "claudette completion fish | source; complete --do-complete $argv[1]"


pytestmark = pytest.mark.usefixtures("scripted_stage")


@pytest.fixture
def commands(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Commands:
    place = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return commands


def need(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")


def said(*words: str, cwd: Path) -> list[str]:
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_bash_completes_commands_chats_and_files(commands: Commands, home: Home) -> None:
    need("bash")
    chat = commands.new("--title", "the chat")
    (home.work / "notes.md").touch()
    for typed, index, wanted in (
        ("bug", 1, ["bug-report"]),
        (f"show {chat[:-2]}", 2, [chat]),
        ("ask @no", 2, ["notes.md"]),
        ("new --agent cod", 3, ["codex"]),
        ("agent test cla", 3, ["claude"]),
    ):
        assert said("bash", "-c", BASH, "-", typed, str(index), cwd=home.work) == wanted


def test_fish_says_what_each_chat_is(commands: Commands, home: Home) -> None:
    need("fish")
    chat = commands.new("--title", "the chat")
    assert said("fish", "-c", FISH, "claudette show ", cwd=home.work) == [f"{chat}\tthe chat"]


def test_zsh_completes_on_a_terminal(commands: Commands, home: Home) -> None:
    need("zsh")
    chat = commands.new("--title", "the chat")
    with commands.terminal("-f", "-i", program=["zsh"], PS1="> ") as terminal:
        terminal.enter('autoload -U compinit; compinit -u -D; eval "$(claudette completion zsh)"')
        # Not what is typed is waited for, which is seen before it is read, but what it prints.
        terminal.enter("echo rea''dy")
        terminal.shows("ready")
        terminal.type(f"claudette show {chat[:5]}\t")
        terminal.shows(f"claudette show {chat}")
