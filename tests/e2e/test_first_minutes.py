"""The first minutes without any key: what is there, and the ways to a model in the chat."""

import os
from collections.abc import Iterator

import pytest

from tests.daemon.world import Home
from tests.e2e.conftest import PI_HARNESS
from tests.fakes.claude import Claude
from tests.support.commands import Commands

KEY = "sk-or-v1-never-shown"
SIGNED_IN = """
case "$*" in
--version) echo "2.1.332 (Claude Code)" ;;
"auth login") touch "$0.signed-in" ;;
*) test -e "$0.signed-in" ;;
esac
"""


@pytest.fixture
def commands(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    """Pi without a model, and a Claude Code that nobody has signed in to."""
    claude = Claude(home.root / "vendor/claude")
    claude.runs(SIGNED_IN)
    monkeypatch.setenv("PATH", f"{claude.path.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(PI_HARNESS))
    with Commands(home.work) as made:
        yield made


def test_a_fresh_machine_is_told_what_is_there_and_led_to_a_model(
    commands: Commands, home: Home
) -> None:
    with commands.terminal(columns=80) as seat:
        seat.shows("Claude Code 2.1.332, not signed in")
        seat.shows("none that can be used yet")
        seat.shows("/login claude ")
        seat.enter("/key openrouter")
        seat.shows("key of OpenRouter ▸")
        seat.type(KEY)
        seat.shows("*" * len(KEY))
        seat.lacks(KEY)
        seat.type("\r")
        seat.expect("Stored the key of OpenRouter")
        seat.shows("openrouter (auth.json)")
        seat.shows("Write a message.")
        seat.enter("/login claude")
        seat.shows("Claude Code 2.1.332, signed in")
        seat.shows("Write a message.")
        seat.type("\x04")
        assert seat.ended()[0] == 0
    assert commands.run("ls", "--json").json == []
    # Nothing comes or goes any more.
    commands.run("shutdown", "--agents")
    kept = [path for path in home.root.rglob("*") if path.is_file() and _holds(path)]
    assert [path.name for path in kept] == ["auth.json"]


def _holds(path: os.PathLike[str]) -> bool:
    with open(path, "rb") as file:
        return KEY.encode() in file.read()


def test_a_message_that_cannot_be_sent_names_what_helps_in_the_chat(commands: Commands) -> None:
    with commands.terminal(columns=80) as seat:
        seat.enter("hello")
        seat.expect("No model can be used yet")
        seat.expect("/login github-copilot")
        seat.enter("/login openrouter")
        seat.shows("answer ▸")
        seat.type("\x1b")
        seat.shows("▸ ")
        seat.lacks("answer ▸")
        seat.enter("/login cancel")
        seat.expect("cancelled")
