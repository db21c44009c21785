"""Owns what becomes of a chat whose sidecar could not start, was ended, or died."""

from msgspec.structs import replace

from claudetted.chat.plans import compactions, lifecycle, permissions, questions, turns
from claudetted.chat.step import Step
from claudetted.protocol import events as ev, sidecar
from claudetted.protocol.turns import EndReason

FORSAKEN = "the process that kept it running is gone"


def unusable(step: Step, error: sidecar.LineError) -> None:
    """The process runs and is of no use: its work fails, it is ended."""
    _fail_work(step, error)
    step.agent = replace(step.agent, stage="ending")
    step.effects.end_sidecar = True


def launch_failed(step: Step, error: sidecar.LineError) -> None:
    """No process came to be."""
    _fail_work(step, error)
    _drop(step)
    step.emit(ev.SidecarStopped(error.message))
    lifecycle.settle(step)


def ended(step: Step, why: str, stderr: list[str]) -> None:
    """The process is gone: as we asked, or by itself with what it was doing."""
    agent = step.agent
    asked = agent.stage == "ending"
    _lose_items(step)
    permissions.withdraw_all(step, "daemon", "The agent ended; the call did not run.", "lost")
    questions.withdraw_inquiries(step, "The agent ended.")
    compactions.lose(step, agent.end_why or why)
    if agent.stopping:
        compactions.withdraw(step, "The chat was stopped before the compaction began.")
    if agent.stopping or asked:
        step.emit(ev.SidecarStopped(agent.end_why or why))
    else:
        step.emit(ev.SidecarLost(why, stderr))
        failure = _failure(why, stderr)
        step.agent = replace(agent, crashes=agent.crashes + 1, crashed_at=step.at, failure=failure)
        if agent.stage == "starting":
            error = sidecar.LineError("HarnessFailed", failure)
            step.agent = replace(step.agent, start_error=error)
        step.add_notice("error", failure)
    _drop(step)
    _end_work(step, "stopped" if agent.stopping else "lost", why)
    lifecycle.settle(step)
    if not step.effects.remove:
        turns.go_on(step)


def forsaken(step: Step) -> None:
    """The keeper is gone and every process with it, as after a power cut. A chat that did nothing
    has lost nothing: its next message finds a new process, as after parking."""
    if not _does_nothing(step):
        ended(step, FORSAKEN, [])
        return
    questions.withdraw_inquiries(step, "The agent ended.")
    step.emit(ev.SidecarLost(FORSAKEN))
    _drop(step)
    lifecycle.settle(step)
    if not step.effects.remove:
        turns.go_on(step)


def _does_nothing(step: Step) -> bool:
    state, agent = step.state, step.agent
    works = state.running or state.compacting or state.open or state.permissions
    return agent.stage == "ready" and not (works or agent.requests or agent.groups)


def _failure(why: str, stderr: list[str]) -> str:
    last = f" Its last words: {stderr[-1]}" if stderr else ""
    return f"The agent's process ended unexpectedly ({why}).{last}"


def _lose_items(step: Step) -> None:
    status = "stopped" if step.agent.stopping else "lost"
    for item in list(step.state.open.values()):
        step.close_item(replace(item, status=status))


def _drop(step: Step) -> None:
    """Forgets the process. What the model may not know is kept for its next prompt."""
    agent = step.agent
    assert agent.sidecar_id is not None
    step.write.sidecar_ended = agent.sidecar_id
    steers, stopping = agent.steers, agent.stopping
    step.agent = replace(agent.without_sidecar(), steers=steers, stopping=stopping)


def _end_work(step: Step, reason: EndReason, why: str) -> None:
    if step.state.running:
        step.agent = replace(step.agent, note=_resume_note(step, reason))
        turns.end(step, reason, "" if reason == "stopped" else why)
    step.agent = replace(step.agent, stopping=False)


def _fail_work(step: Step, error: sidecar.LineError) -> None:
    """Without work nothing has failed but the request that wanted the process."""
    failure = error.message if step.state.running or step.state.compacting else ""
    permissions.withdraw_all(step, "daemon", error.message, "lost")
    questions.withdraw_inquiries(step, error.message)
    compactions.withdraw(step, error.message)
    if step.state.running:
        step.add_notice("error", error.message)
        turns.end(step, "failed", error.message)
    elif step.state.compacting:
        compactions.fail(step, error.message)
        turns.pause_queue(step)
    step.agent = replace(step.agent, start_error=error, failure=failure, stopping=False)


def _resume_note(step: Step, reason: EndReason) -> str:
    how = "was stopped" if reason == "stopped" else "was cut off because its process ended"
    return (
        f"Your previous turn {how}. Its prompt and what you did last may be missing from this "
        "transcript; calls that were waiting for permission did not run."
    )
