"""Owns which tools of an agent's own service its model is given: those that would run unasked.

The service runs them where nobody could be asked, so the engine is asked beforehand.
"""

from msgspec.structs import replace

from claudetted.chat.step import Step
from claudetted.protocol import sidecar
from claudetted.protocol.permissions import Request


def unasked(step: Step) -> list[str]:
    """As the chat's level and the rules for it stand."""
    policy = step.policy
    asked = (Request(tool, "fetch", "") for tool in policy.hosted(step.state.chat))
    return [request.tool for request in asked if policy.judge(step, request).effect == "allow"]


def follow(step: Step) -> None:
    """Before a turn: tells the agent what has changed since it was told last."""
    agent = step.agent
    if agent.stage not in ("starting", "ready"):
        return
    known = unasked(step)
    if known != agent.unasked:
        step.agent = replace(agent, unasked=known)
        step.request("configure", lambda n: sidecar.Configure(n, unasked=known))
