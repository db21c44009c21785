"""Owns what the daemon is told when something cannot be done: one sentence, with what helps."""

from typing import Any

from claudetted.harnesses.acp import messages as acp
from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.vendor import sentence
from claudetted.harnesses.adapter import VendorEnd
from claudetted.protocol import sidecar as sc


class Refused(Exception):
    """A request of the daemon cannot be carried out."""

    def __init__(self, message: str, name: str = "HarnessFailed", **data: Any) -> None:
        super().__init__(message)
        self.error = sc.LineError(name, message, data)


class NotSignedIn(Refused):
    """The agent wants its user to sign in first."""


def check_level(agent: Agent, level: str) -> None:
    """Raises Refused for an agent that would act unasked where it must not."""
    if level == "full" or agent.capabilities.asks:
        return
    if agent.unprepared:
        raise Refused(unprepared(agent), "NotSupported", capability="asks")
    raise Refused(
        f"{agent.name} does not ask before it acts, so it runs at the level full only.",
        "NotSupported",
        capability="asks",
    )


def unprepared(agent: Agent) -> str:
    """Of one that is known by its own name only."""
    return (
        f"{agent.name} is {agent.known.id}, which asks only when it is started as that. Add it "
        f"again: claudette agent add {agent.name} --like {agent.known.id} -- COMMAND"
    )


def not_signed_in(agent: Agent, fault: acp.Fault) -> str:
    """With the command that helps: the agent's own program signs in."""
    command = agent.known.sign_in
    if command:
        return f"{agent.name} is not signed in. Sign in with its own program: {command}"
    methods = agent.initialized.auth_methods or []
    how = [one.description or one.name for one in methods]
    told = f" It offers: {'; '.join(filter(None, how))}." if any(how) else ""
    return f"{agent.name} is not signed in ({sentence(fault).rstrip('.')}).{told}"


def start_failure(agent: Agent, end: VendorEnd) -> Refused:
    """In one sentence, with what to do."""
    if end.error:
        return Refused(f"{agent.name} could not be started: {end.error}.{_install(agent)}")
    words = next((line for line in reversed(end.stderr.splitlines()) if line.strip()), "")
    told = f": {' '.join(words.split())[:300]}" if words else ""
    how = f"signal {-end.code}" if end.code < 0 else f"exit code {end.code}"
    return Refused(
        f"{agent.name} ended while it started ({how}){told.rstrip('.')}. Run its command by hand "
        f"to see why: {by_hand(agent)}"
    )


def by_hand(agent: Agent) -> str:
    return " ".join(agent.program.command)


def _install(agent: Agent) -> str:
    return f" To install it: {agent.known.install}" if agent.known.install else ""
