"""Owns a chat's sidecar from the chat's side: when one is started, ready, or told to end."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from claudetted.chat import ids
from claudetted.chat.plans import hosted, trust
from claudetted.chat.step import Step
from claudetted.protocol import errors, events as ev, places, sidecar
from claudetted.protocol.base import SidecarId
from claudetted.protocol.chats import Context, SidecarInfo
from claudetted.sidecar.reports import LaunchFailed

Plan = Callable[[Step], object]
"""Something to do to a chat in its own task."""


CRASHES = 3
"""So many unexpected ends in a row are answered by a new process at once."""
WAIT_SECONDS = 10.0
MOST_WAIT_SECONDS = 300.0


def _must_wait(step: Step) -> str:
    """Why no process is started now: one that always dies is tried less and less often."""
    agent = step.agent
    if agent.crashes < CRASHES:
        return ""
    wait = min(MOST_WAIT_SECONDS, WAIT_SECONDS * 2 ** (agent.crashes - CRASHES))
    left = wait - ids.milliseconds_between(agent.crashed_at, step.at) / 1000
    if left <= 0:
        return ""
    return (
        f"The agent's process ended unexpectedly {agent.crashes} times in a row and is not started "
        f"again for another {left:.0f} s. Retry then, or configure or reset the chat."
    )


def ensure(step: Step) -> str:
    """Plans a new sidecar when the chat has none. Why it has none now; empty when it has one.
    Raises the Fault of the chat's route."""
    if step.agent.stage != "none":
        return ""
    why = _must_wait(step)
    if not why:
        _start(step)
    return why


def _start(step: Step) -> None:
    """Plans a sidecar, whose first line is `start`."""
    chat = step.state.chat
    sidecar_id = SidecarId(ids.new_id())
    trusted = trust.is_trusted(step)
    instruction_files = trust.uses_instruction_files(step)
    endpoint = step.may_run(chat)
    unasked = hosted.unasked(step)
    step.agent = replace(
        step.agent,
        sidecar_id=sidecar_id,
        stage="starting",
        input_n=0,
        trusted=trusted,
        instruction_files=instruction_files,
        endpoint=endpoint,
        unasked=unasked,
    )
    step.write.sidecar_started = (sidecar_id, chat.harness)
    step.effects.launch = sidecar_id
    session_path = step.agent.session_path
    step.request(
        "start",
        lambda n: sidecar.Start(
            n,
            chat.id,
            chat.workspace,
            str(session_dir(chat.id, sidecar_id)),
            str(temp_dir(chat.id)),
            session_path=session_path,
            model=chat.model or "",
            thinking=chat.thinking or "",
            level=chat.level,
            trusted=trusted,
            instruction_files=instruction_files,
            endpoint=endpoint,
            output_bytes=int(step.setting("output_megabytes")) * 1_000_000,
            unasked=unasked,
        ),
    )


def reroute(step: Step) -> None:
    """The process learns that its model is served elsewhere, or with another key or window."""
    chat = step.state.chat
    if step.agent.stage not in ("starting", "ready") or step.refusal():
        return
    endpoint = step.may_run(chat)
    if endpoint and endpoint != step.agent.endpoint:
        step.agent = replace(step.agent, endpoint=endpoint)
        model = chat.model or ""
        step.request("configure", lambda n: sidecar.Configure(n, model, endpoint=endpoint))


def launch_again(sidecar_id: SidecarId, step: Step) -> None:
    """What was planned and stored before, and not carried out."""
    step.touch()
    step.effects.launch = sidecar_id


def launch_error(failure: errors.Fault | LaunchFailed) -> sidecar.LineError:
    """Why no process came to be."""
    if isinstance(failure, errors.Fault):
        return sidecar.LineError(failure.name, failure.message, failure.to_wire()["data"])
    return sidecar.LineError("HarnessFailed", str(failure))


def session_dir(chat_id: str, sidecar_id: SidecarId) -> Path:
    return places.chat_dir(chat_id) / "sessions" / sidecar_id


def temp_dir(chat_id: str) -> Path:
    return places.chat_dir(chat_id) / "tmp"


def started(step: Step, result: sidecar.Started) -> None:
    """The sidecar has its session."""
    agent, hello = step.agent, step.agent.hello
    assert agent.sidecar_id is not None
    resumed = bool(agent.session_path)
    step.agent = replace(
        agent,
        stage="ready",
        session_path=result.session_path,
        start_error=None,
        failure="",
        commands=result.commands,
    )
    chat = step.state.chat
    info = SidecarInfo(
        agent.sidecar_id,
        chat.harness,
        harness_version=hello.version if hello else "",
        agent_version=hello.agent_version if hello else "",
        session_path=result.session_path,
        pid=(hello.pid or None) if hello else None,
    )
    step.emit(ev.SidecarStarted(info, resumed))
    if resumed and agent.crashes:
        step.add_notice("restored", "A new agent process continues the session.")
    configured(step, result)
    trust.review(step, result.resources, result.instruction_files)


def configured(step: Step, result: sidecar.Started) -> None:
    """The model and its context as the sidecar has them now."""
    chat = step.state.chat
    if chat.model_used != result.model:
        step.emit(ev.ChatConfigured(replace(chat, model_used=result.model)))
    if result.context_window and chat.context.window != result.context_window:
        known = chat.context.used if result.context_used is None else result.context_used
        context = Context(known, result.context_window)
        step.emit(ev.ContextChanged(context))


def end_politely(step: Step, why: str = "The agent was stopped.") -> None:
    """The chat needs its sidecar no longer: what runs counts as stopped."""
    if step.agent.stage != "none":
        stopping = step.agent.stopping or step.state.running is not None
        step.agent = replace(step.agent, stage="ending", stopping=stopping, end_why=why)
        step.effects.end_sidecar = True


def unsupported(step: Step, capability: str, what: str) -> errors.NotSupported:
    """What the chat's agent cannot do, in words that follow its name."""
    harness = step.state.chat.harness
    message = f"The agent of this chat ({harness}) {what}."
    return errors.NotSupported(message, harness=harness, capability=capability)
