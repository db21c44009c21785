"""Owns how Codex is found and its adapter started."""

import os
import sys
from collections.abc import Mapping

from claudetted.harnesses.codex import ID, SEARCH, TESTED, notes
from claudetted.harnesses.codex.capabilities import CAPABILITIES
from claudetted.harnesses.harness import Harness, Program
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.providers import installed
from claudetted.sidecar.environment import Launch, sidecar_environment

CHOICE = "CLAUDETTE_CODEX"
"""Names the executable, ahead of PATH."""
PROGRAM = "codex"


def launch(chat: ChatId, environment: Mapping[str, str], daemon: Mapping[str, str]) -> Launch:
    """The user's own Codex with the user's own configuration. Raises HarnessMissing."""
    program = find_program(environment, daemon)
    argv = [sys.executable, "-I", "-m", "claudetted.harnesses.codex", program]
    return Launch(argv, sidecar_environment(environment, chat))


def find_program(environment: Mapping[str, str], daemon: Mapping[str, str]) -> str:
    if chosen := daemon.get(CHOICE):
        if os.access(chosen, os.X_OK):
            return os.path.abspath(chosen)
        message = (
            f"{CHOICE} names {chosen}, which is not an executable file: correct it or unset it."
        )
        raise HarnessMissing(message, harness=ID, looked=[chosen])
    paths = [environment.get("PATH", ""), daemon.get("PATH", "")]
    if found := installed.find(PROGRAM, environment.get("HOME", "/"), paths):
        return found[0]
    raise HarnessMissing(
        "Codex is not installed: run `npm install -g @openai/codex`, then "
        "`claudette provider login codex`.",
        harness=ID,
    )


HARNESS = Harness(
    ID,
    "Codex",
    launch,
    CAPABILITIES,
    tested=TESTED,
    hosted=(SEARCH,),
    sign_in="codex login",
    vendor_history=notes.history,
    program=Program(find_program, ("login", "status")),
)
