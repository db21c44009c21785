"""Owns how Claude Code's adapter is found and started, and what Claude Code can do."""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from claudetted.harnesses.claude import invocation, session, trouble
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.harness import Harness, Program
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.protocol.harnesses import Capabilities
from claudetted.providers import claude, installed
from claudetted.sidecar.environment import Launch, sidecar_environment

ID = "claude"
ADAPTER = "claudetted.harnesses.claude"
CAPABILITIES = Capabilities(images=True, sign_in=False, sealed="call")


def launch(chat: ChatId, environment: Mapping[str, str], daemon: Mapping[str, str]) -> Launch:
    """`environment` is the chat's, with the sign-in that its Claude Code uses; it is nowhere read.

    The program is the user's own. Raises HarnessMissing.
    """
    program = find(environment, daemon)
    env = sidecar_environment(environment, chat) | {invocation.PROGRAM: program}
    return Launch([sys.executable, "-I", "-m", ADAPTER], env)


def find(environment: Mapping[str, str], daemon: Mapping[str, str]) -> str:
    """Raises HarnessMissing with what to do about it."""
    if chosen := daemon.get(invocation.PROGRAM):
        path = Path(chosen).absolute()
        if path.is_file() and os.access(path, os.X_OK):
            return os.fspath(path)
        raise HarnessMissing(
            f"{invocation.PROGRAM} names {path}, which is not an executable file: correct it or "
            "unset it.",
            harness=ID,
        )
    paths = [environment.get("PATH", os.defpath), daemon.get("PATH", "")]
    found = installed.find("claude", environment.get("HOME", "/"), paths)
    if found:
        return found[0]
    raise HarnessMissing(
        "Claude Code is not installed: npm install -g @anthropic-ai/claude-code, then sign in: "
        f"{trouble.SIGN_IN}",
        harness=ID,
    )


def vendor_history(sessions: Path) -> list[str]:
    """What Claude Code keeps of a chat's sessions in its own history."""
    disk, found = Disk(), []
    for note in sessions.glob(f"*/*{session.SUFFIX}"):
        with contextlib.suppress(session.Broken):
            found += session.transcripts(disk, session.stored(disk, os.fspath(note)).note)
    return found


HARNESS = Harness(
    ID,
    "Claude Code",
    launch,
    CAPABILITIES,
    tested=trouble.TESTED,
    sign_in=trouble.SIGN_IN,
    vendor_history=vendor_history,
    program=Program(find, ("auth", "status"), claude.QUIET),
)
