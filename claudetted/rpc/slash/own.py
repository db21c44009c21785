"""Owns our own commands: what each is for, what may follow it, and what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar, get_args

import msgspec
from msgspec.structs import replace

from claudetted.chat import life, turns
from claudetted.chat.step import Step
from claudetted.protocol import chats, errors
from claudetted.protocol.base import NoParams
from claudetted.protocol.commands import Command
from claudetted.protocol.permissions import Level
from claudetted.protocol.turns import SendResult
from claudetted.protocol.usage import GetParams
from claudetted.rpc import retrying
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.methods import chats as handlers
from claudetted.rpc.methods import models as shown
from claudetted.rpc.methods import usage as used
from claudetted.rpc.slash import agents, signing, telling
from claudetted.rpc.slash.errand import Act, Errand

P = TypeVar("P")


async def model(errand: Errand) -> SendResult:
    wanted, chat = errand.typed.argument, errand.actor.state.chat
    if not wanted:
        listed = await shown.list_(errand.desk, errand.caller, NoParams())
        return await errand.tell(telling.models(chat, listed))
    changed = await _configured(errand, model=wanted)
    known = "already" if changed.model == chat.model else "from now on"
    return await errand.tell(f"The model is {changed.model} {known}.")


async def permissions(errand: Errand) -> SendResult:
    wanted, chat = errand.typed.argument, errand.actor.state.chat
    if not wanted:
        return await errand.tell(telling.level(chat.level))
    changed = await _configured(errand, level=wanted)
    known = "already" if changed.level == chat.level else "from now on"
    about = telling.LEVELS[changed.level]
    return await errand.tell(f"The permission level is {changed.level} {known}: {about}.")


async def thinking(errand: Errand) -> SendResult:
    if not errand.typed.argument:
        now = errand.actor.state.chat.thinking or "what the model's own default is"
        return await errand.tell(f"Thinking is {now}.")
    changed = await _configured(errand, thinking=errand.typed.argument)
    return await errand.tell(f"Thinking is {changed.thinking} from now on.")


async def compact(errand: Errand) -> SendResult:
    await _check(errand)

    def begin(step: Step) -> str:
        at_once = turns.ask_to_compact(step, errand.typed.argument)
        return "Compacting." if at_once else "Compacts as soon as the turn has ended."

    return await errand.tell(begin)


async def clear(errand: Errand) -> SendResult:
    return await errand.tell(lambda step: _begin_afresh(step, hide=True), notice=False)


async def reset(errand: Errand) -> SendResult:
    return await errand.tell(lambda step: _begin_afresh(step, hide=False), notice=False)


async def stop(errand: Errand) -> SendResult:
    """Acts first: on a full disk the answer is told and not kept."""
    running = await errand.desk.manager.begin_stop(errand.actor.chat_id, errand.caller.who)
    text = "Nothing is running." if running is None else "Stopping."
    try:
        return await errand.tell(text, notice=running is None)
    except errors.StoreFull:
        return SendResult(None, "command", command="/stop", text=text)


async def steer(errand: Errand) -> SendResult:
    text = _needed(errand)
    await _check(errand)

    def plan(step: Step) -> SendResult:
        result = turns.send(step, text, "steer")
        errand.keyed.remember(step, result)
        return result

    return await errand.actor.ask(plan)


async def retry(errand: Errand) -> SendResult:
    return await retrying.retry(errand.desk, errand.actor, errand.keyed)


async def resume(errand: Errand) -> SendResult:
    await _check(errand)

    def go_on(step: Step) -> str:
        waiting = len(step.state.queue)
        turns.resume_queue(step)
        return "The queue goes on." if waiting else "No message waits."

    return await errand.tell(go_on)


async def title(errand: Errand) -> SendResult:
    changed = _typed(chats.RenameParams, chatId=errand.actor.chat_id, title=_needed(errand))

    def rename(step: Step) -> str:
        life.rename(step, changed.title)
        return f"The title is “{changed.title}”."

    return await errand.tell(rename)


async def usage(errand: Errand) -> SendResult:
    chat_id = errand.actor.chat_id
    added_up = await used.get(errand.desk, errand.caller, GetParams(chat_id))
    return await errand.tell(lambda step: telling.usage(step.state.chat, added_up))


async def help_(errand: Errand) -> SendResult:
    theirs, trouble = await agents.offered(errand.desk, errand.actor)
    rows = [*(own.told(name) for name, own in OWN.items()), *theirs]
    return await errand.tell(telling.commands(rows, trouble))


async def _check(errand: Errand) -> None:
    """What makes the model work is refused with a model that is blocked."""
    actor = errand.actor
    await errand.desk.block.check_chat(actor.state.chat, actor.env)


def _begin_afresh(step: Step, *, hide: bool) -> str:
    life.reset(step, hide)
    return "The agent starts afresh" + (", and what was said is hidden." if hide else ".")


async def _configured(errand: Errand, **changes: str) -> chats.Chat:
    """As the method does it, with all that it refuses."""
    params = _typed(chats.ConfigureParams, chatId=errand.actor.chat_id, **changes)
    return (await handlers.configure(errand.desk, errand.caller, params)).chat


def _typed(params: type[P], **given: str) -> P:
    try:
        return msgspec.convert(given, params)
    except msgspec.ValidationError as error:
        raise errors.InvalidParams(f"{error}.", path="$.text") from None


def _needed(errand: Errand) -> str:
    if errand.typed.argument:
        return errand.typed.argument
    raise errors.InvalidParams(f"/{errand.typed.name} needs something after it.", path="$.text")


async def _models(desk: Desk, caller: Caller) -> list[str]:
    known = await shown.list_(desk, caller, NoParams())
    return [model.id for model in known.models if model.usable]


async def _providers(desk: Desk, caller: Caller) -> list[str]:
    try:
        return [provider.id for provider in (await signing.providers(desk))]
    except (errors.HarnessMissing, errors.HarnessFailed):
        return []


@dataclass(frozen=True)
class Own:
    """A row of the table."""

    act: Act
    about: str
    arguments: str = ""
    choices: tuple[str, ...] = ()
    look_up: Callable[[Desk, Caller], Awaitable[list[str]]] | None = None

    def told(self, name: str) -> Command:
        return Command(f"/{name}", self.about, self.arguments, list(self.choices))

    async def completed(self, desk: Desk, caller: Caller, name: str) -> Command:
        """With the choices that have to be looked up."""
        row = self.told(name)
        return replace(row, completions=await self.look_up(desk, caller)) if self.look_up else row


_LEVELS = get_args(Level)
_THINKING = get_args(chats.Thinking)

OWN: dict[str, Own] = {
    "model": Own(model, "shows the models, or changes the chat's", "[model]", look_up=_models),
    "login": Own(
        signing.login,
        "sets up a provider, or lists them",
        "[provider|cancel]",
        look_up=_providers,
    ),
    "permissions": Own(permissions, "shows or changes what asks", "[level]", _LEVELS),
    "level": Own(permissions, "the same as /permissions", "[level]", _LEVELS),
    "thinking": Own(thinking, "shows or changes how much the model thinks", "[level]", _THINKING),
    "compact": Own(compact, "summarises the older part of the conversation", "[what to keep]"),
    "clear": Own(clear, "lets the agent start afresh and hides what was said"),
    "reset": Own(reset, "lets the agent start afresh; what was said stays"),
    "stop": Own(stop, "stops what runs"),
    "steer": Own(steer, "sends a message into the running turn", "<text>"),
    "retry": Own(retry, "sends the last prompt that did not end well again"),
    "resume": Own(resume, "lets a paused queue go on"),
    "title": Own(title, "renames the chat", "<text>"),
    "usage": Own(usage, "tells tokens, money and how full the context is"),
    "help": Own(help_, "shows this"),
}
