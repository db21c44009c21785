"""Owns the agent's own commands: its prompt templates and skills, as they are for a chat now."""

from claudetted.chat.actor import Actor
from claudetted.protocol import errors, sidecar
from claudetted.protocol.commands import Command
from claudetted.protocol.settings import TRUST
from claudetted.rpc.services import Services


async def offered(services: Services, actor: Actor) -> tuple[list[Command], str]:
    """Them, and why they may be missing. Those of a project are there once it is trusted; an agent
    of its own sign-in tells its own when it starts."""
    if not actor.state.chat.capabilities.sign_in:
        return [_command(row) for row in actor.agent.commands], ""
    try:
        return await _listed(services, actor, trusted=_trusted(services, actor)), ""
    except (errors.HarnessMissing, errors.HarnessFailed) as fault:
        return [], fault.message


async def held_back(services: Services, actor: Actor) -> list[str]:
    """The names of the commands that trust in the project would add. Their files are read for
    their names alone."""
    if _trusted(services, actor) or not actor.state.chat.capabilities.sign_in:
        return []
    try:
        rows = await _listed(services, actor, trusted=True)
    except (errors.HarnessMissing, errors.HarnessFailed):
        return []  # which is told with the commands that are offered
    return [command.name[1:] for command in rows]


def _trusted(services: Services, actor: Actor) -> bool:
    workspace = actor.state.chat.workspace
    return bool(services.manager.world.rulebook.setting(TRUST, workspace) == "yes")


async def _listed(services: Services, actor: Actor, *, trusted: bool) -> list[Command]:
    workspace = actor.state.chat.workspace
    told = await services.control.ask(
        lambda n: sidecar.Commands(n, workspace, trusted), sidecar.CommandList
    )
    return [_command(row) for row in told.commands]


def _command(row: sidecar.CommandRow) -> Command:
    return Command(f"/{row.name}", row.about, row.arguments, source="agent")
