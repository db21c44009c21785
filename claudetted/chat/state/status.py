"""Owns what a chat is said to be doing: derived, never set."""

from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.protocol.chats import Status


def status_of(state: ChatState, agent: Agent) -> Status:
    """The one word for a chat and the reason for it, most pressing first."""
    if agent.stopping:
        return Status("stopping", "The agent is stopping.")
    if state.permissions:
        asked = next(iter(state.permissions.values())).request
        more = len(state.permissions) - 1
        others = f" and {more} more" if more else ""
        return Status("waiting", f"The agent asks for permission to use {asked.tool}{others}.")
    if asked_by_agent := [one for one in state.questions.values() if one.kind == "agent"]:
        return Status("waiting", f"The agent asks: {asked_by_agent[0].title}")
    if state.compacting:
        return Status("compacting", "Older messages are being summarised.")
    if state.running:
        starting = agent.stage == "starting"
        return Status("running", "The agent is starting." if starting else "")
    if agent.failure:
        return Status("failed", agent.failure)
    return Status("idle", "The queue is paused." if state.queue_paused and state.queue else "")
