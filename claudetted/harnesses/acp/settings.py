"""Owns setting a session as it is wanted: model, thinking and mode, each confirmed by the agent."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from claudetted.harnesses.acp import messages as acp
from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.messages import Incoming
from claudetted.harnesses.acp.offered import MODE, MODEL, THINKING, NoSuchMode
from claudetted.harnesses.acp.refusals import Refused
from claudetted.harnesses.acp.vendor import Vendor
from claudetted.harnesses.adapter import Action
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

_NAMES = {
    "off": ("off", "none", "disabled"),
    "minimal": ("minimal",),
    "xhigh": ("xhigh", "extra high"),
}

Done = Callable[[], Iterable[Action | Line]]


def started(agent: Agent, path: str) -> sc.Started:
    model, thinking = agent.offered.current(MODEL), agent.offered.current(THINKING)
    return sc.Started(path, model, thinking, commands=agent.commands)


def wanted(agent: Agent, model: str, thinking: str) -> list[tuple[str, str]]:
    """What has to be set to be as it is wanted, the mode last: a model may bring its own."""
    found = []
    if model and (value := _model(agent, model)) != agent.offered.current(MODEL):
        found.append((MODEL, value))
    if thinking and (value := _thinking(agent, thinking)) != agent.offered.current(THINKING):
        found.append((THINKING, value))
    if mode := wanted_mode(agent):
        found.append((MODE, mode))
    return found


def wanted_mode(agent: Agent) -> str:
    """The mode for the agent's level; empty when it has none or is in it."""
    try:
        mode = agent.offered.mode_for(agent.level, agent.known)
    except NoSuchMode as missing:
        if agent.level == "full":
            return ""
        raise Refused(
            f"{agent.name} has no mode {missing} any more, in which it asked. It runs at the level "
            "full only until claudetted knows its new modes.",
            "NotSupported",
            capability="asks",
        ) from None
    return mode if mode != agent.offered.current(MODE) else ""


def _model(agent: Agent, model: str) -> str:
    choices = agent.offered.choices(MODEL)
    if not choices or (found := agent.offered.find(MODEL, model)):
        return found if choices else model
    import difflib  # Nobody needs it but whoever mistypes a model.

    known = [one.value for one in choices]
    nearest = difflib.get_close_matches(model, known, n=3, cutoff=0.4) or known[:3]
    text = f"{agent.name} has no model {model}. Nearest: {', '.join(nearest)}."
    raise Refused(text, "ModelUnknown", model=model, nearest=nearest)


def _thinking(agent: Agent, level: str) -> str:
    for name in _NAMES.get(level, (level,)):
        if found := agent.offered.find(THINKING, name):
            return found
    known = ", ".join(one.value for one in agent.offered.choices(THINKING))
    text = f"{agent.name} cannot think {level}" + (f"; it can: {known}." if known else ".")
    raise Refused(text, "NotSupported", capability="thinking")


def applied(
    agent: Agent,
    vendor: Vendor,
    wanted: list[tuple[str, str]],
    done: Done,
    then: Callable[[Callable[[Incoming], Iterable[Action | Line]]], Any],
) -> Iterator[Action | Line]:
    """Sets one after the other and goes on with `done`; each has to be confirmed."""
    if not wanted:
        yield from done()
        return
    (what, value), *rest = wanted

    def confirmed(message: Incoming) -> Iterator[Action | Line]:
        told = msgspec.json.decode(message.result, type=acp.Configured | None)
        if told and told.config_options is not None:
            agent.offered.take_options(told.config_options)
        else:
            agent.offered.now(what, value)
        if agent.offered.current(what) != value:
            raise Refused(f"{agent.name} did not take the {what} {value}; it stays as it was.")
        yield from applied(agent, vendor, rest, done, then)

    method, params = agent.offered.setting(what, value)
    yield vendor.ask(method, {"sessionId": agent.session, **params}, then(confirmed))
