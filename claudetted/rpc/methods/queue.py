"""Owns the handlers of the queue."""

from functools import partial

from msgspec.structs import replace

from claudetted.chat import configuration
from claudetted.chat.plans import turns as planning
from claudetted.chat.plans.agent_process import Plan
from claudetted.chat.step import Step
from claudetted.protocol import queue
from claudetted.protocol.base import ChatId
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import images


async def list_(services: Services, caller: Caller, params: queue.ListParams) -> queue.ListResult:
    return await _after(services, params.chat_id, lambda step: None)


async def edit(services: Services, caller: Caller, params: queue.EditParams) -> queue.ListResult:
    level = (await services.manager.find(params.chat_id)).state.chat.level
    caller.client.peer.require_sending(level)
    taken = await images.take(services, params.images or [])

    def plan(step: Step) -> None:
        instead = None if params.images is None else taken.keep(step)
        planning.edit_entry(step, params.turn_id, params.text, instead)

    return await _after(services, params.chat_id, plan)


async def remove(
    services: Services, caller: Caller, params: queue.RemoveParams
) -> queue.ListResult:
    plan = partial(planning.remove_entry, turn_id=params.turn_id)
    return await _after(services, params.chat_id, plan)


async def resume(
    services: Services, caller: Caller, params: queue.ResumeParams
) -> queue.ListResult:
    actor = await services.manager.find(params.chat_id)
    caller.client.peer.require_sending(actor.state.chat.level)
    await configuration.make_ready(services.manager, actor)
    return await _after(services, params.chat_id, planning.resume_queue)


async def _after(services: Services, chat_id: ChatId, change: Plan) -> queue.ListResult:
    """The queue, with whole texts, as a change leaves it."""
    actor = await services.manager.find(chat_id)

    def plan(step: Step) -> queue.ListResult:
        change(step)
        prompts = step.prompts
        entries = [replace(one, text=prompts[one.turn_id].text) for one in step.state.queue]
        return queue.ListResult(entries, step.state.queue_paused)

    return await actor.ask(plan)
