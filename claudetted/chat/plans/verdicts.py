"""Owns putting a call of a chat before the engine, with the rules that hold for it then.

The engine is a tenth of all that the daemon loads, and nothing needs it before an agent asks: it
is loaded once the daemon serves.
"""

from typing import TypedDict

from msgspec.structs import replace

from claudetted.chat.rulebook import Rulebook
from claudetted.chat.step import Step
from claudetted.permissions.places import Places
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import places as ours
from claudetted.protocol.permissions import ExplainResult, Level, Request
from claudetted.protocol.rules import Rule


class _Circumstances(TypedDict):
    level: Level
    workspace: str
    chat_dir: str
    rules: list[Rule]
    places: Places
    boxed: bool


def judge(rulebook: Rulebook, places: Places, step: Step, request: Request) -> Verdict:
    """With the rules that this very step adds."""
    from claudetted.permissions import engine

    return engine.judge(request, **_circumstances(rulebook, places, step))


def explain(rulebook: Rulebook, places: Places, step: Step, request: Request) -> ExplainResult:
    """What the engine would say of a call, and everything that leads to it."""
    from claudetted.permissions import explaining

    return explaining.explain(request, **_circumstances(rulebook, places, step))


def _circumstances(rulebook: Rulebook, places: Places, step: Step) -> _Circumstances:
    chat = step.state.chat
    turn_id = step.state.running.id if step.state.running else None
    stored = rulebook.in_force(chat.id, turn_id, chat.workspace)
    reads_unasked = step.boxed and bool(step.setting("reading_commands"))
    return {
        "level": chat.level,
        "workspace": chat.workspace,
        "chat_dir": str(ours.chat_dir(chat.id)),
        "rules": [*stored, *step.effects.rules],
        "places": replace(places, reads_unasked=reads_unasked),
        "boxed": step.boxed,
    }
