"""Owns putting a call of a chat before the engine, with the rules that hold for it then."""

from claudetted.chat.rulebook import Rulebook
from claudetted.chat.step import Step
from claudetted.permissions import engine
from claudetted.permissions.engine import Verdict
from claudetted.permissions.places import Places
from claudetted.protocol import places as ours
from claudetted.protocol.permissions import Request


def judge(rulebook: Rulebook, places: Places, step: Step, request: Request) -> Verdict:
    """With the rules that this very step adds."""
    chat = step.state.chat
    turn_id = step.state.running.id if step.state.running else None
    stored = rulebook.in_force(chat.id, turn_id, chat.workspace)
    return engine.judge(
        request,
        level=chat.level,
        workspace=chat.workspace,
        chat_dir=str(ours.chat_dir(chat.id)),
        rules=[*stored, *step.rules_added],
        places=places,
    )
