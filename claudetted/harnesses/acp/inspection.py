"""Owns what is told of an agent that was started only to find out what it is."""

import msgspec

from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.offered import MODE, MODEL, NoSuchMode
from claudetted.harnesses.acp.refusals import NotSignedIn, Refused, unprepared
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line


def inspected(number: int, agent: Agent, refused: Refused | None) -> Line:
    info = agent.initialized.agent_info
    problem = str(refused) if refused else ""
    if not problem and agent.unprepared:
        problem = unprepared(agent)
    mode = ""
    try:
        mode = agent.offered.mode_for("standard", agent.known)
    except NoSuchMode as missing:
        problem = problem or f"{agent.name} has no mode {missing}, in which it would ask."
    told = sc.Inspected(
        info.name if info else "",
        agent.version if info else "",
        not isinstance(refused, NotSignedIn),
        [one.name or one.value for one in agent.offered.choices(MODE)],
        mode,
        [one.value for one in agent.offered.choices(MODEL)],
        agent.known.id,
        problem,
    )
    return sc.Reply(number, result=msgspec.Raw(msgspec.json.encode(told)))
