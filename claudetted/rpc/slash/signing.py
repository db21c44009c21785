"""Owns `/login`: a provider to choose, and a sign-in that is followed in the chat it began in."""

import logging
from collections.abc import Callable
from functools import partial

from claudetted.chat import questions
from claudetted.chat.step import Step
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId
from claudetted.protocol.logins import Login
from claudetted.protocol.providers import Provider
from claudetted.protocol.questions import Option, Question
from claudetted.protocol.turns import SendResult
from claudetted.providers.keys import Keys
from claudetted.rpc.desk import Desk
from claudetted.rpc.slash.errand import Errand

logger = logging.getLogger(__name__)

CANCEL = "cancel"
ENDED = "The sign-in ended with its daemon; begin again with /login."
_WAYS = {"oauth": "sign in", "api_key": "key", "environment": "variables"}


async def login(errand: Errand) -> SendResult:
    """With a provider, its sign-in; without one a question that lists them."""
    desk, chosen = errand.desk, errand.typed.argument
    if len(chosen.split()) > 1:
        message = "Name a provider alone: a key never belongs in a message."
        raise errors.InvalidParams(message, path="$.text")
    if chosen == CANCEL:
        return await _give_up(errand)
    if chosen:
        provider = await _keys(desk).look(chosen)
        result = await errand.tell(partial(_begun, provider=provider))
        _begin(desk, errand.actor.chat_id, provider)
        return result
    offered = [_option(provider) for provider in await providers(desk)]
    offered.append(Option(CANCEL, "None of them"))

    def ask(step: Step) -> str:
        question = questions.ask(
            step, "provider", "Which provider do you want to set up?", options=offered
        )
        return f"{question.title} (question {question.id})"

    return await errand.tell(ask, notice=False)


async def _give_up(errand: Errand) -> SendResult:
    """How the sign-in ended is told by whatever follows it."""
    desk, chat_id = errand.desk, errand.actor.chat_id
    if chat_id not in desk.signing_in:
        return await errand.tell("No sign-in runs that was begun in this chat.")
    await desk.logins.cancel(desk.signing_in[chat_id])
    return await errand.tell("The sign-in is given up.", notice=False)


async def providers(desk: Desk) -> list[Provider]:
    return (await _keys(desk).listed()).providers


async def choose(desk: Desk, chat_id: ChatId, chosen: str) -> None:
    """The question was answered."""
    if chosen == CANCEL:
        return
    actor = await desk.manager.find(chat_id)
    try:
        provider = await _keys(desk).look(chosen)
    except errors.Fault as fault:
        await actor.ask(_notice(fault.message))
    else:
        await actor.ask(_notice(_first_word(provider)))
        _begin(desk, chat_id, provider)


async def answer(desk: Desk, question: Question, value: str) -> None:
    """Hands an answer to the sign-in that wants it."""
    try:
        await desk.logins.answer(question.subject, value)
    except errors.Fault as fault:
        lost = isinstance(fault, errors.LoginNotFound)
        actor = await desk.manager.find(question.chat_id)
        await actor.ask(_notice(ENDED if lost else fault.message))


async def withdraw_lost(desk: Desk, asked: list[Question]) -> None:
    """At a daemon's start: no sign-in of the one before is there to be answered."""
    for question in asked:
        if question.kind == "login":
            try:
                actor = await desk.manager.find(question.chat_id)
                await actor.ask(partial(questions.withdraw, question=question, why=ENDED))
            except errors.Fault as fault:
                logger.warning("a question of a lost sign-in stays: %s", fault.message)


def _begin(desk: Desk, chat_id: ChatId, provider: Provider) -> None:
    if "oauth" in provider.ways:
        login = desk.logins.start(provider)
        desk.signing_in[chat_id] = login.id
        desk.manager.world.nursery.start_soon(_follow, desk, chat_id, login, provider.name)


async def _follow(desk: Desk, chat_id: ChatId, login: Login, name: str) -> None:
    """Shows each step in the chat until the sign-in is over, whoever began it."""
    shown = login
    try:
        while shown.state == "running":
            login = await desk.logins.wait(login.id, shown.step)
            actor = await desk.manager.find(chat_id)
            await actor.ask(partial(_show, now=login, last=shown, name=name))
            shown = login
    except errors.Fault as fault:
        logger.warning("chat %s does not follow its sign-in: %s", chat_id, fault.message)
    if desk.signing_in.get(chat_id) == login.id:
        del desk.signing_in[chat_id]


def _show(step: Step, now: Login, last: Login, name: str) -> None:
    """What is new. A question stays while the sign-in wants the same answer."""
    if _wanted(now) != _wanted(last):
        for question in list(step.state.questions.values()):
            if question.kind == "login" and question.subject == now.id:
                questions.withdraw(step, question, "The sign-in went on.")
    if now.url and now.url != last.url:
        step.add_notice("info", f"Open {now.url}" + (f" and enter {now.code}" if now.code else ""))
    if now.asks:
        questions.ask(
            step,
            "login",
            now.message or f"{name} asks:",
            about="/login cancel gives it up.",
            options=[Option(option.id, option.label) for option in now.options],
            placeholder=now.placeholder,
            subject=now.id,
            secret=now.asks == "text",
        )
    if now.state == "done":
        step.add_notice("info", f"Signed in to {name}. {now.message}".strip())
    elif now.state == "failed":
        step.add_notice("error", f"The sign-in to {name} failed: {now.message}")


def _wanted(login: Login) -> tuple[object, ...]:
    return (login.asks, login.message if login.asks else "", login.options)


def _begun(step: Step, provider: Provider) -> str:
    for question in list(step.state.questions.values()):
        if question.kind == "provider":
            questions.withdraw(step, question, f"{provider.name} was chosen.")
    return _first_word(provider)


def _first_word(provider: Provider) -> str:
    """What happens now, or what a person has to do elsewhere."""
    key = f"claudette provider set {provider.id}"
    if "oauth" in provider.ways:
        other = f" A key is stored with: {key}" if "api_key" in provider.ways else ""
        return f"Signing in to {provider.name}.{other}"
    if "api_key" in provider.ways:
        return f"{provider.name} takes a key, which never belongs in a message: {key}"
    names = ", ".join(provider.variables)
    return f"{provider.name} is set up by variables ({names}): {provider.docs}".rstrip(": ")


def _option(provider: Provider) -> Option:
    ways = ", ".join(_WAYS[way] for way in provider.ways)
    about = f"in use: {provider.source}" if provider.configured else ways
    return Option(provider.id, provider.name, about)


def _notice(text: str) -> Callable[[Step], None]:
    return lambda step: step.add_notice("info", text)


def _keys(desk: Desk) -> Keys:
    return Keys(desk.control, desk.credentials)
