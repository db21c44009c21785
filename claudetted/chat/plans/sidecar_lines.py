"""Owns what each line of a sidecar does to its chat. Pure planning on a step.

A line that names something unknown is a breach of the sidecar's protocol: it is told in the log
by the caller through `Breach`, changes nothing, and the lines after it go on.
"""

from functools import singledispatch
from typing import Any

import msgspec
from msgspec.structs import replace

from claudetted.chat.plans import (
    agent_ended,
    agent_process,
    compactions,
    permissions,
    questions,
    turns,
)
from claudetted.chat.state.agent import Pending
from claudetted.chat.step import Step
from claudetted.protocol import events as ev, sidecar as sc
from claudetted.protocol.base import SIDECAR_LEVEL, ItemId, TurnId
from claudetted.protocol.chats import Context
from claudetted.protocol.items import Item, ToolCall


class Breach(Exception):
    """A line that does not fit what came before it."""


@singledispatch
def hear(line: Any, step: Step) -> None:
    """Plans what one line does."""
    raise Breach(f"unexpected {type(line).__name__}")


@hear.register
def _(line: sc.Hello, step: Step) -> None:
    if line.level != SIDECAR_LEVEL:
        message = (
            f"The harness speaks line level {line.level} and this daemon {SIDECAR_LEVEL}: "
            "install matching versions."
        )
        agent_ended.unusable(step, sc.LineError("HarnessFailed", message))
    known = step.agent.commands if line.commands is None else line.commands
    step.agent = replace(step.agent, hello=line, commands=known)
    chat = step.state.chat
    if line.capabilities and line.capabilities != chat.capabilities:
        step.emit(ev.ChatConfigured(replace(chat, capabilities=line.capabilities)))


@hear.register
def _(line: sc.CredentialsWanted, step: Step) -> None:
    step.effects.credentials = True


@hear.register
def _(line: sc.Reply, step: Step) -> None:
    pending = step.agent.requests.get(line.id)
    if pending is None:
        raise Breach(f"reply to request {line.id}, which is not open")
    step.agent = step.agent.answered(line.id)
    if step.agent.sidecar_id:
        step.write.inputs_taken = (step.agent.sidecar_id, line.id)
    if line.error:
        _refused(step, line.id, pending, line.error)
    elif pending.kind == "start" and step.agent.stage == "starting":
        _started(step, line)
    elif pending.kind == "configure":
        agent_process.configured(step, _session(line))
    elif pending.kind == "abort" and step.agent.stopping:
        _stopped_by_abort(step)


def _started(step: Step, line: sc.Reply) -> None:
    try:
        agent_process.started(step, _session(line))
    except Breach as breach:
        message = f"The agent's process started but sent no session details: {breach}."
        agent_ended.unusable(step, sc.LineError("HarnessFailed", message))


def _session(line: sc.Reply) -> sc.Started:
    try:
        return msgspec.json.decode(line.result, type=sc.Started)
    except msgspec.ValidationError as error:
        raise Breach(str(error)) from None


def _refused(step: Step, n: int, pending: Pending, error: sc.LineError) -> None:
    if pending.kind == "start":
        agent_ended.unusable(step, error)
    elif pending.kind == "prompt" and _is_running(step, pending.turn_id):
        turns.end(step, "failed", error.message)
    elif pending.kind == "steer" and pending.turn_id:
        turns.steer_refused(step, pending.turn_id)
    elif pending.kind == "compact" and step.state.compacting:
        compactions.fail(step, error.message)
        turns.go_on(step)
    elif pending.kind == "configure":
        step.agent = replace(step.agent, refusals={**step.agent.refusals, n: error})


def _stopped_by_abort(step: Step) -> None:
    """The agent is idle. A turn or compaction that has not said so by now never will."""
    compactions.stopped(step)
    if step.state.running:
        turns.end(step, "stopped")
    step.agent = replace(step.agent, stopping=False)
    turns.go_on(step)


def _is_running(step: Step, turn_id: TurnId | None) -> bool:
    return step.state.running is not None and step.state.running.id == turn_id


@hear.register
def _(line: sc.ItemOpen, step: Step) -> None:
    if _item_id(step, line.item) in step.state.open:
        raise Breach(f"item {line.item} is open already")
    running = step.state.running
    item = Item(
        _item_id(step, line.item),
        line.kind,
        "open",
        turn_id=running.id if running else None,
        tool=_tool_call(line.tool, None) if line.tool else None,
        model=line.model,
        parent_id=_item_id(step, line.parent) if line.parent else None,
    )
    step.open_item(item)


@hear.register
def _(line: sc.ItemDelta, step: Step) -> None:
    item_id = _item_id(step, line.item)
    if item_id not in step.state.open:
        raise Breach(f"delta for item {line.item}, which is not open")
    step.grow(item_id, line.text)


@hear.register
def _(line: sc.ItemChange, step: Step) -> None:
    item = _open_item(step, line.item)
    step.change_item(replace(item, tool=_tool_call(line.tool, item.tool)))


@hear.register
def _(line: sc.ItemClose, step: Step) -> None:
    item = _open_item(step, line.item)
    tool = _tool_call(line.tool, item.tool) if line.tool else item.tool
    if tool is not None:
        tool = replace(tool, phase="ended")
    text = None if line.text is None else line.text.encode()
    permissions.call_ended(step, item.id)
    step.close_item(replace(item, status=line.status, tool=tool), text)


@hear.register
def _(line: sc.Ask, step: Step) -> None:
    if f"{step.agent.sidecar_id}.{line.ask}" in step.state.permissions:
        raise Breach(f"{line.ask} is asked already")
    permissions.ask(step, line)


@hear.register
def _(line: sc.AskDiff, step: Step) -> None:
    if f"{step.agent.sidecar_id}.{line.ask}" not in step.agent.diffs:
        raise Breach(f"diff of {line.ask}, of which none is to come")
    permissions.diff(step, line)


@hear.register
def _(line: sc.AskWithdrawn, step: Step) -> None:
    permissions.withdrawn(step, line.ask)


@hear.register
def _(line: sc.Inquiry, step: Step) -> None:
    questions.inquire(step, line)


@hear.register
def _(line: sc.InquiryWithdrawn, step: Step) -> None:
    questions.inquiry_withdrawn(step, line.inquiry)


@hear.register
def _(line: sc.SteerTaken, step: Step) -> None:
    turns.steer_taken(step, TurnId(line.turn))


@hear.register
def _(line: sc.TurnEnd, step: Step) -> None:
    if not _is_running(step, TurnId(line.turn)):
        raise Breach(f"end of turn {line.turn}, which does not run")
    reason = "stopped" if step.agent.stopping and line.reason == "failed" else line.reason
    if reason == "failed" and line.error:
        step.add_notice("error", line.error)
    incomplete = line.incomplete if reason == "done" else ""
    turns.end(step, reason, line.error if reason == "failed" else "", line.usage, incomplete)


@hear.register
def _(line: sc.UsedSoFar, step: Step) -> None:
    if not step.state.running:
        raise Breach("usage of a turn, and none runs")
    step.agent = replace(step.agent, used=line.usage)


@hear.register
def _(line: sc.ContextUsed, step: Step) -> None:
    known = step.state.chat.context
    context = Context(line.used, line.window or known.window)
    if context != known:
        step.emit(ev.ContextChanged(context))


@hear.register
def _(line: sc.Notice, step: Step) -> None:
    step.add_notice(line.kind, line.text)


@hear.register
def _(line: sc.CompactionStart, step: Step) -> None:
    if not step.state.compacting:
        step.emit(ev.CompactionStarted(line.trigger))


@hear.register
def _(line: sc.CompactionEnd, step: Step) -> None:
    compactions.ended(step, line)
    if not step.state.running:
        step.agent = replace(step.agent, stopping=False)
        turns.go_on(step)


@hear.register
def _(line: sc.Group, step: Step) -> None:
    groups = {**step.agent.groups, line.pgid: line.item}
    step.agent = replace(step.agent, groups=groups)


@hear.register
def _(line: sc.GroupEnd, step: Step) -> None:
    rest = {pgid: item for pgid, item in step.agent.groups.items() if pgid != line.pgid}
    step.agent = replace(step.agent, groups=rest)


def _item_id(step: Step, name: str) -> ItemId:
    return ItemId(f"{step.agent.sidecar_id}.{name}")


def _open_item(step: Step, name: str) -> Item:
    item = step.state.open.get(_item_id(step, name))
    if item is None:
        raise Breach(f"item {name} is not open")
    return item


def _tool_call(info: sc.ToolInfo, known: ToolCall | None) -> ToolCall:
    return ToolCall(
        info.name,
        phase=info.phase,
        input=info.input,
        title=info.title,
        permission_id=known.permission_id if known else "",
        exit_code=info.exit_code,
        diff=info.diff,
        error=info.error,
        truncated=info.truncated,
    )
