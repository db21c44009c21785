"""Owns the agent's own commands: its prompt templates and skills, as they are for a chat now."""

from claudetted.chat.actor import Actor
from claudetted.protocol import errors, sidecar
from claudetted.protocol.commands import Command
from claudetted.protocol.settings import TRUST
from claudetted.rpc.desk import Desk


async def offered(desk: Desk, actor: Actor) -> tuple[list[Command], str]:
    """Them, and why they may be missing. Those of a project are there once it is trusted."""
    chat = actor.state.chat
    trusted = desk.manager.world.rulebook.setting(TRUST, chat.workspace) == "yes"
    try:
        told = await desk.control.ask(
            lambda n: sidecar.Commands(n, chat.workspace, trusted), sidecar.CommandList
        )
    except (errors.HarnessMissing, errors.HarnessFailed) as fault:
        return [], fault.message
    return [_command(row) for row in told.commands], ""


def _command(row: sidecar.CommandRow) -> Command:
    return Command(f"/{row.name}", row.about, row.arguments, source="agent")
