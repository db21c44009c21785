"""Every command ends with a code and at most a few lines, wherever it is run and whatever runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from claudette_cli.main import COMMANDS
from tests.daemon.world import Home
from tests.support import each_command
from tests.support.commands import Commands
from tests.support.daemon import RunningDaemon
from tests.support.surroundings import ALL, Surroundings, vanish

NOT_HERE = {"demo", "shutdown", "restart", "uninstall"}
"""Have places of their own, or would take the daemon away from the others."""
ARGUMENTS = {
    "new": ["."],
    "send": ["CHAT", "@text one", "--wait"],
    "batch": ["/nowhere"],
    "ask": ["--chat", "none", "one"],
    "attach": ["none"],
    "show": ["CHAT"],
    "history": ["CHAT"],
    "approve": ["CHAT"],
    "deny": ["CHAT"],
    "answer": ["q", "yes"],
    "rules": ["list"],
    "level": ["CHAT"],
    "stop": ["CHAT"],
    "events": ["CHAT"],
    "wait": ["CHAT"],
    "retry": ["CHAT"],
    "queue": ["list", "CHAT"],
    "rename": ["CHAT", "caf\u00e9"],
    "archive": ["CHAT"],
    "restore": ["CHAT"],
    "reset": ["CHAT"],
    "delete": ["none", "--yes"],
    "compact": ["CHAT", "--no-wait"],
    "configure": ["CHAT", "--level", "standard"],
    "move": ["CHAT", "/nowhere"],
    "provider": ["list"],
    "backend": ["list"],
    "env": ["show", "CHAT"],
    "rpc": ["daemon/status"],
}
PARTS = 4
"""Of the surroundings: hundreds of commands take minutes on a busy machine."""
PRINTING = {"ls", "show", "history", "rpc", "status"}


@pytest.fixture
def chat(home: Home) -> Iterator[str]:
    """Of a daemon that runs; its last message is a name that no other encoding has."""
    with RunningDaemon(home.root / "daemon.txt"), Commands(home.work) as commands:
        made = commands.new("--title", "日本 café")
        commands.run("send", made, "-", "--wait", typed="@text ∴ 日本")
        yield made


def each(chat: str, around: Surroundings, place: Path) -> dict[str, tuple[int, str]]:
    """How every command ended there: its code, and what it printed to stderr."""
    names = [name for name in COMMANDS if name not in NOT_HERE]
    words = [
        [name, *(chat if word == "CHAT" else word for word in ARGUMENTS.get(name, []))]
        for name in names
    ]
    results = place / "results.json"
    with around.streams() as streams:
        done = subprocess.run(
            [sys.executable, each_command.__file__, str(results), json.dumps(words)],
            cwd=place,
            env=around.environment(os.environ),
            preexec_fn=around.enter,
            **streams,
        )
    assert done.returncode == 0, around
    told = json.loads(results.read_text())
    return {name: (code, said) for name, (code, said) in zip(names, told, strict=True)}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_command_ends_with_a_code_and_without_a_traceback(
    chat: str, home: Home, part: int
) -> None:
    for around in ALL[part::PARTS]:
        for name, (code, said) in each(chat, around, home.work).items():
            assert code in {*exits.MEANINGS, exits.PIPE_CLOSED}, (around, name, code, said)
            assert "Traceback" not in said and said.count("\n") <= 4, (around, name, said)
            if name in PRINTING:
                assert code in around.expected, (around, name, code, said)


@pytest.mark.parametrize("words", [[], ["attach"], ["new", "."], ["level", "--here", "full"]])
def test_a_directory_that_is_gone_is_told_in_a_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", "/dev/null/none")
    done: Any = subprocess.run(
        [sys.executable, "-m", "claudette_cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=vanish,
        text=True,
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "current directory" in done.stderr or "/dev/null/none" in done.stderr
