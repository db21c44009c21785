"""Owns compactions: one that is asked for begins, waits or is withdrawn; each ends in one event."""

from msgspec.structs import replace

from claudetted.chat.plans import agent_process
from claudetted.chat.step import Step
from claudetted.protocol import events as ev, sidecar
from claudetted.protocol.base import ItemId
from claudetted.protocol.chats import Context
from claudetted.protocol.items import CompactionInfo, Item

STOPPED = "The compaction was stopped."


def begin(step: Step) -> bool:
    """Asks the idle agent for the one that waits. False when that may not be, which is told."""
    instructions = step.agent.compact_next or ""
    step.agent = replace(step.agent, compact_next=None)
    if why := step.refusal() or agent_process.ensure(step):
        _end(step, CompactionInfo("manual"), why)
        _tell_failure(step, why)
        return False
    step.agent = replace(step.agent, failure="", start_error=None)
    step.request("compact", lambda n: sidecar.Compact(n, instructions))
    step.emit(ev.CompactionStarted("manual"))
    return True


def want(step: Step, instructions: str) -> None:
    """As soon as the chat is free, before the next message."""
    step.agent = replace(step.agent, compact_next=instructions)


def withdraw(step: Step, why: str) -> None:
    """The one that waits will not begin."""
    if step.agent.compact_next is not None:
        step.agent = replace(step.agent, compact_next=None)
        _end(step, CompactionInfo("manual"), why)


def fail(step: Step, why: str) -> None:
    """The one under way came to nothing. The chat is told if a person has wanted it."""
    trigger = step.state.compaction
    if not trigger:
        return
    _end(step, CompactionInfo(trigger), why)
    if trigger == "manual":
        _tell_failure(step, why)


def lose(step: Step, why: str) -> None:
    """The one under way went with the process, of which the chat is told."""
    if step.state.compaction:
        _end(step, CompactionInfo(step.state.compaction), why)


def stopped(step: Step) -> None:
    """The one under way was stopped and says no more."""
    trigger = step.state.compaction
    lose(step, STOPPED)
    if trigger == "manual":
        step.add_notice("stopped", STOPPED)


def ended(step: Step, line: sidecar.CompactionEnd) -> None:
    """The agent says how it went."""
    running = step.state.running
    usage = None if running else line.usage
    info = CompactionInfo(line.trigger, line.before, line.after, line.duration_ms, usage)
    item_id = ItemId(f"{step.chat_id}.{step.state.seq + 2}")
    step.put_usage(item_id, info.usage, info.duration_ms, turn=False)
    if line.ok:
        step.emit(ev.CompactionEnded(info))
        turn_id = running.id if running else None
        step.add_item(Item(item_id, "compaction", "done", turn_id=turn_id, compaction=info))
        step.emit(ev.ContextChanged(Context(line.after, step.state.chat.context.window)))
        return
    stopped_here = step.agent.stopping
    _end(step, info, STOPPED if stopped_here else line.error)
    if line.trigger == "manual" and stopped_here:
        step.add_notice("stopped", STOPPED)
    elif line.trigger == "manual":
        _tell_failure(step, line.error)


def _end(step: Step, info: CompactionInfo, why: str) -> None:
    step.emit(ev.CompactionEnded(info, ok=False, error=why))


def _tell_failure(step: Step, why: str) -> None:
    step.add_notice("error", f"Compaction did not complete: {why}")
