"""Owns how an agent that the user has added is found and started: behind its adapter."""

import os
import shutil
import sys
from collections.abc import Mapping

from claudetted.harnesses.acp import known, sessions
from claudetted.harnesses.acp.agent import capabilities_of
from claudetted.harnesses.acp.known import Known
from claudetted.harnesses.harness import Harness
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.protocol.harnesses import Added
from claudetted.providers.claude import without_tokens
from claudetted.sidecar.environment import Launch, sidecar_environment

ADAPTER = "claudetted.harnesses.acp"


def harness(name: str, added: Added) -> Harness:
    agent = known.by_id(added.like) or known.by_command(added.command)

    def prepare(chat: ChatId, environment: Mapping[str, str], daemon: Mapping[str, str]) -> Launch:
        """The program is looked for on the chat's PATH. Raises HarnessMissing."""
        program = _program(name, added.command[0], agent, environment)
        command = [program, *added.command[1:]]
        kept = environment if agent.keeps_tokens else without_tokens(environment)
        argv = [sys.executable, "-I", "-m", ADAPTER, name, agent.id or "-", *command]
        return Launch(argv, sidecar_environment(kept, chat))

    return Harness(
        name,
        name if agent.id in ("", name) else f"{name} ({agent.id})",
        prepare,
        capabilities_of(agent),
        tested=agent.tested,
        vendor_sessions=sessions.names,
        sign_in=agent.sign_in,
        command=tuple(added.command),
        like=agent.id,
    )


def _program(name: str, word: str, agent: Known, environment: Mapping[str, str]) -> str:
    """Raises HarnessMissing with what to do about it."""
    path = environment.get("PATH", os.defpath)
    if found := shutil.which(os.path.expanduser(word), path=path):
        return found
    install = f" To install it: {agent.install}." if agent.install else ""
    raise HarnessMissing(
        f"{name} is started by {word}, which is not on the PATH.{install} To change its command: "
        f"claudette agent add {name} -- COMMAND",
        harness=name,
        looked=path.split(os.pathsep),
    )
