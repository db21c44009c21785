"""Owns when a chat needs a person, the same for all clients."""

from claudetted.chat.step import Step
from claudetted.protocol import events as ev
from claudetted.protocol.chats import AttentionWhy


def review(step: Step, watched: bool) -> None:
    """At the end of a step: raises what has come up and clears what is over.

    A turn's end needs nobody when somebody watches the chat.
    """
    _set(step, "permission", bool(step.state.permissions))
    _set(step, "question", bool(step.state.questions))
    for event in step.events:
        if isinstance(event, ev.TurnStarted):
            seen(step)
        elif isinstance(event, ev.TurnEnded) and event.reason != "stopped" and not watched:
            _set(step, "ended" if event.reason == "done" else "failed", True)


def seen(step: Step) -> None:
    """A person has looked. Open permissions and questions keep asking."""
    _set(step, "ended", False)
    _set(step, "failed", False)


def _set(step: Step, why: AttentionWhy, needed: bool) -> None:
    raised = why in step.state.chat.attention
    if needed and not raised:
        step.emit(ev.AttentionRaised(why))
    elif raised and not needed:
        step.emit(ev.AttentionCleared(why))
