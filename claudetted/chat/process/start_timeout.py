"""Owns the patience with an agent that starts: one that never says that it has is given up."""

from collections.abc import Awaitable, Callable
from functools import partial

import trio

from claudetted.chat.plans import agent_ended
from claudetted.chat.plans.agent_process import Plan
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.chat.step import Step
from claudetted.chat.waiting import Check
from claudetted.protocol import errors
from claudetted.protocol.base import SidecarId
from claudetted.protocol.sidecar import LineError

START_SECONDS = 120.0
"""Some load much from a slow disk. Who does not want to wait stops the turn or deletes the chat."""


async def watch(
    ask: Callable[[Plan], Awaitable[object]],
    until: Callable[[Check[bool]], Awaitable[bool]],
    sidecar_id: SidecarId,
) -> None:
    """Returns when the start is over, for better or worse."""
    over = False
    while not over:
        try:
            with trio.move_on_after(START_SECONDS):
                over = await until(partial(_is_over, sidecar_id))
            if not over:
                await ask(partial(_give_up, sidecar_id))
        except errors.StoreFull:
            continue
        except errors.Fault:
            return  # The chat is gone.


def _is_over(
    sidecar_id: SidecarId, _state: ChatState, agent: Agent, _events: object
) -> bool | None:
    return agent.sidecar_id != sidecar_id or agent.stage != "starting" or None


def _give_up(sidecar_id: SidecarId, step: Step) -> None:
    """Not while it waits for a person, who may take any time."""
    asks = step.state.permissions or step.state.questions
    if _is_over(sidecar_id, step.state, step.agent, None) or asks:
        return
    message = (
        f"The agent's process did not start within {START_SECONDS:.0f} s and was ended. "
        "Try again; see `claudette logs` for the reason."
    )
    agent_ended.unusable(step, LineError("HarnessFailed", message))
