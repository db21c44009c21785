"""Owns the handlers of the queue."""

from functools import partial

from msgspec.structs import replace

from claudetted.chat import turns as planning
from claudetted.chat.sidecars import Plan
from claudetted.chat.step import Step
from claudetted.protocol import queue
from claudetted.protocol.base import ChatId
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk


async def list_(desk: Desk, caller: Caller, params: queue.ListParams) -> queue.ListResult:
    return await _after(desk, params.chat_id, lambda step: None)


async def edit(desk: Desk, caller: Caller, params: queue.EditParams) -> queue.ListResult:
    plan = partial(planning.edit_entry, turn_id=params.turn_id, text=params.text)
    return await _after(desk, params.chat_id, plan)


async def remove(desk: Desk, caller: Caller, params: queue.RemoveParams) -> queue.ListResult:
    plan = partial(planning.remove_entry, turn_id=params.turn_id)
    return await _after(desk, params.chat_id, plan)


async def resume(desk: Desk, caller: Caller, params: queue.ResumeParams) -> queue.ListResult:
    actor = await desk.manager.find(params.chat_id)
    await desk.block.check_chat(actor.state.chat, actor.env)
    return await _after(desk, params.chat_id, planning.resume_queue)


async def _after(desk: Desk, chat_id: ChatId, change: Plan) -> queue.ListResult:
    """The queue, with whole texts, as a change leaves it."""
    actor = await desk.manager.find(chat_id)

    def plan(step: Step) -> queue.ListResult:
        change(step)
        entries = [replace(entry, text=step.prompts[entry.turn_id]) for entry in step.state.queue]
        return queue.ListResult(entries, step.state.queue_paused)

    return await actor.ask(plan)
