"""Owns our own commands: what each is for, what may follow it, and what it does."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, get_args

import msgspec
from msgspec.structs import replace

from claudetted.chat import configuration, stopping
from claudetted.chat.plans import lifecycle, turns
from claudetted.chat.state.message import Message
from claudetted.chat.step import Step
from claudetted.protocol import chats, errors
from claudetted.protocol.commands import Command
from claudetted.protocol.rights import LEVELS, Right
from claudetted.protocol.turns import SendResult
from claudetted.rpc.services import Services
from claudetted.rpc.slash import agents, signing, telling
from claudetted.rpc.slash.invocation import Act, Invocation
from claudetted.rpc.use_cases import images, models as shown, retries
from claudetted.rpc.use_cases.usage import added_up

P = TypeVar("P")


async def model(invocation: Invocation) -> SendResult:
    wanted, chat = invocation.typed.argument, invocation.actor.state.chat
    if not wanted:
        listed = await shown.known(invocation.services)
        return await invocation.tell(telling.models(chat, listed))
    changed = await _configured(invocation, model=wanted)
    known = "already" if changed.model == chat.model else "from now on"
    return await invocation.tell(f"The model is {changed.model} {known}.")


async def permissions(invocation: Invocation) -> SendResult:
    wanted, chat = invocation.typed.argument, invocation.actor.state.chat
    if not wanted:
        return await invocation.tell(telling.level(chat.level))
    changed = await _configured(invocation, level=wanted)
    known = "already" if changed.level == chat.level else "from now on"
    about = telling.LEVELS[changed.level]
    return await invocation.tell(f"The permission level is {changed.level} {known}: {about}.")


async def thinking(invocation: Invocation) -> SendResult:
    if not invocation.typed.argument:
        now = invocation.actor.state.chat.thinking or "what the model's own default is"
        return await invocation.tell(f"Thinking is {now}.")
    changed = await _configured(invocation, thinking=invocation.typed.argument)
    return await invocation.tell(f"Thinking is {changed.thinking} from now on.")


async def compact(invocation: Invocation) -> SendResult:
    _require_level(invocation)
    await configuration.prepare(invocation.services.manager, invocation.actor)

    def begin(step: Step) -> str:
        at_once = turns.ask_to_compact(step, invocation.typed.argument)
        return "Compacting." if at_once else "Compaction starts when the turn ends."

    return await invocation.tell(begin)


async def clear(invocation: Invocation) -> SendResult:
    return await invocation.tell(lambda step: _begin_afresh(step, hide=True), notice=False)


async def reset(invocation: Invocation) -> SendResult:
    return await invocation.tell(lambda step: _begin_afresh(step, hide=False), notice=False)


async def stop(invocation: Invocation) -> SendResult:
    """Acts first: on a full disk the answer is told and not kept."""
    running = await stopping.begin_stop(
        invocation.services.manager, invocation.actor.chat_id, invocation.caller.client.who
    )
    text = "Nothing is running." if running is None else "Stopping."
    try:
        return await invocation.tell(text, notice=running is None)
    except errors.StoreFull:
        return SendResult(None, "command", command="/stop", text=text)


async def steer(invocation: Invocation) -> SendResult:
    text = _needed(invocation)
    _require_level(invocation)
    await configuration.prepare(invocation.services.manager, invocation.actor)
    taken = await images.take(invocation.services, invocation.images)

    def plan(step: Step) -> SendResult:
        result = turns.send(step, Message(text, taken.keep(step)), "steer")
        invocation.keyed.remember(step, result)
        return result

    return await invocation.actor.ask(plan)


async def retry(invocation: Invocation) -> SendResult:
    _require_level(invocation)
    return await retries.retry(invocation.services, invocation.actor, invocation.keyed)


async def resume(invocation: Invocation) -> SendResult:
    _require_level(invocation)
    await configuration.prepare(invocation.services.manager, invocation.actor)

    def go_on(step: Step) -> str:
        waiting = len(step.state.queue)
        turns.resume_queue(step)
        return "The queue was resumed." if waiting else "No message waits."

    return await invocation.tell(go_on)


async def title(invocation: Invocation) -> SendResult:
    changed = _typed(chats.RenameParams, chatId=invocation.actor.chat_id, title=_needed(invocation))

    def rename(step: Step) -> str:
        lifecycle.rename(step, changed.title)
        return f"The title is “{changed.title}”."

    return await invocation.tell(rename)


async def usage(invocation: Invocation) -> SendResult:
    chat_id = invocation.actor.chat_id
    sums = await added_up(invocation.services, chat_id)
    return await invocation.tell(lambda step: telling.usage(step.state.chat, sums))


async def help_(invocation: Invocation) -> SendResult:
    theirs, trouble = await agents.offered(invocation.services, invocation.actor)
    rows = [*(own.told(name) for name, own in OWN.items()), *theirs]
    return await invocation.tell(telling.commands(rows, trouble))


def _begin_afresh(step: Step, *, hide: bool) -> str:
    lifecycle.reset(step, hide)
    return "The agent has a new session" + ("; earlier messages are hidden." if hide else ".")


async def _configured(invocation: Invocation, **changes: str) -> chats.Chat:
    """As the method does it, with all that it refuses."""
    params = _typed(chats.ConfigureParams, chatId=invocation.actor.chat_id, **changes)
    if params.level:
        invocation.caller.client.peer.require_level(params.level, "Setting this level")
    return (await configuration.configure(invocation.services.manager, params)).state.chat


def _require_level(invocation: Invocation) -> None:
    level = invocation.actor.state.chat.level
    invocation.caller.client.peer.require_sending(level)


def _typed(params: type[P], **given: str) -> P:
    try:
        return msgspec.convert(given, params)
    except msgspec.ValidationError as error:
        raise errors.InvalidParams(f"{error}.", path="$.text") from None


def _needed(invocation: Invocation) -> str:
    if invocation.typed.argument:
        return invocation.typed.argument
    raise errors.InvalidParams(f"/{invocation.typed.name} needs something after it.", path="$.text")


async def _models(services: Services) -> list[str]:
    known = await shown.known(services)
    return [model.id for model in known.models if model.usable]


async def _providers(services: Services) -> list[str]:
    try:
        return [provider.id for provider in (await signing.providers(services))]
    except (errors.HarnessMissing, errors.HarnessFailed):
        return []


class Own(msgspec.Struct, frozen=True):
    """A row of the table."""

    act: Act
    about: str
    arguments: str = ""
    choices: tuple[str, ...] = ()
    look_up: Callable[[Services], Awaitable[list[str]]] | None = None
    right: Right = "work"
    """What the command needs with an argument: as much as the method that does the same."""
    images: bool = False
    """Whether what follows it is a message, which may hold some."""

    def told(self, name: str) -> Command:
        return Command(f"/{name}", self.about, self.arguments, list(self.choices))

    async def completed(self, services: Services, name: str) -> Command:
        """With the choices that have to be looked up."""
        row = self.told(name)
        return replace(row, completions=await self.look_up(services)) if self.look_up else row


_THINKING = get_args(chats.Thinking)

OWN: dict[str, Own] = {
    "model": Own(
        model,
        "shows the models, or changes the chat's",
        "[model]",
        look_up=_models,
        right="configure",
    ),
    "login": Own(
        signing.login,
        "sets up a provider, or lists them",
        "[provider|cancel]",
        look_up=_providers,
        right="administer",
    ),
    "permissions": Own(
        permissions, "shows or changes what asks", "[level]", LEVELS, right="configure"
    ),
    "level": Own(permissions, "the same as /permissions", "[level]", LEVELS, right="configure"),
    "thinking": Own(
        thinking,
        "shows or changes how much the model thinks",
        "[level]",
        _THINKING,
        right="configure",
    ),
    "compact": Own(compact, "summarises the older part of the conversation", "[what to keep]"),
    "clear": Own(clear, "lets the agent start afresh and hides what was said"),
    "reset": Own(reset, "lets the agent start afresh; what was said stays"),
    "stop": Own(stop, "stops what runs"),
    "steer": Own(steer, "sends a message into the running turn", "<text>", images=True),
    "retry": Own(retry, "resends the last prompt that failed or was stopped"),
    "resume": Own(resume, "lets a paused queue go on"),
    "title": Own(title, "renames the chat", "<text>"),
    "usage": Own(usage, "tells tokens, money and how full the context is"),
    "help": Own(help_, "shows this"),
}
