"""Owns `/login`: a provider to choose, and a sign-in that is followed in the chat it began in."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from claudetted.chat.plans import questions
from claudetted.chat.step import Step
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId
from claudetted.protocol.harnesses import Harness
from claudetted.protocol.logins import Login
from claudetted.protocol.providers import Provider
from claudetted.protocol.questions import Option, Question, QuestionKind
from claudetted.protocol.turns import SendResult
from claudetted.providers.keys import Keys
from claudetted.rpc.services import Services
from claudetted.rpc.slash.invocation import Invocation

logger = logging.getLogger(__name__)

CANCEL = "cancel"
ENDED = "The sign-in ended with its daemon; start it again with /login."
_WAYS = {"oauth": "sign in", "api_key": "key", "environment": "variables"}


async def login(invocation: Invocation) -> SendResult:
    """With a provider, its sign-in; without one a question that lists them."""
    services, chosen = invocation.services, invocation.typed.argument
    if len(chosen.split()) > 1:
        message = "Name a provider alone: a key never belongs in a message."
        raise errors.InvalidParams(message, path="$.text")
    if chosen == CANCEL:
        return await _give_up(invocation)
    if itself := next((one for one in services.harnesses.listed() if one.id == chosen), None):
        return await invocation.tell(_where_it_signs_in(itself))
    if chosen:
        provider = await _keys(services).look(chosen)
        result = await invocation.tell(partial(_begun, provider=provider))
        _begin(services, invocation.actor.chat_id, provider)
        return result
    offered = [_option(provider) for provider in await providers(services)]
    offered.append(Option(CANCEL, "None of them"))

    def ask(step: Step) -> str:
        question = questions.ask(
            step, "provider", "Which provider do you want to set up?", options=offered
        )
        return f"{question.title} (question {question.id})"

    return await invocation.tell(ask, notice=False)


async def _give_up(invocation: Invocation) -> SendResult:
    """How the sign-in ended is told by whatever follows it."""
    services, chat_id = invocation.services, invocation.actor.chat_id
    if chat_id in services.signing_in:
        await services.logins.cancel(services.signing_in[chat_id])
        return await invocation.tell("The sign-in was cancelled.", notice=False)
    asked = any(one.kind == "provider" for one in invocation.actor.state.questions.values())
    if not asked:
        return await invocation.tell("No sign-in runs that was begun in this chat.")

    def close(step: Step) -> str:
        _withdraw(step, "provider", "", "No provider is set up.")
        return "No provider is set up."

    return await invocation.tell(close, notice=False)


async def providers(services: Services) -> list[Provider]:
    return (await _keys(services).listed()).providers


async def choose(services: Services, chat_id: ChatId, chosen: str) -> None:
    """The question was answered."""
    if chosen == CANCEL:
        return
    actor = await services.manager.find(chat_id)
    try:
        provider = await _keys(services).look(chosen)
    except errors.Fault as fault:
        await actor.ask(_notice(fault.message))
    else:
        await actor.ask(_notice(_first_word(provider)))
        _begin(services, chat_id, provider)


async def answer(services: Services, question: Question, value: str) -> None:
    """Hands an answer to the sign-in that wants it."""
    try:
        await services.logins.answer(question.subject, value)
    except errors.Fault as fault:
        lost = isinstance(fault, errors.LoginNotFound)
        actor = await services.manager.find(question.chat_id)
        await actor.ask(_notice(ENDED if lost else fault.message))


async def withdraw_lost(services: Services, asked: list[Question]) -> None:
    """At a daemon's start: no sign-in of the one before is there to be answered."""
    for question in asked:
        if question.kind == "login":
            try:
                actor = await services.manager.find(question.chat_id)
                await actor.ask(partial(questions.withdraw, question=question, why=ENDED))
            except errors.Fault as fault:
                logger.warning("a question of a lost sign-in stays: %s", fault.message)


def _begin(services: Services, chat_id: ChatId, provider: Provider) -> None:
    if "oauth" in provider.ways:
        login = services.logins.start(provider)
        services.signing_in[chat_id] = login.id
        services.manager.world.nursery.start_soon(_follow, services, chat_id, login, provider.name)


async def _follow(services: Services, chat_id: ChatId, login: Login, name: str) -> None:
    """Shows each step in the chat until the sign-in is over, whoever began it."""
    shown = login
    try:
        while shown.state == "running":
            login = await services.logins.wait(login.id, shown.step)
            actor = await services.manager.find(chat_id)
            await actor.ask(partial(_show, now=login, last=shown, name=name))
            shown = login
    except errors.Fault as fault:
        logger.warning("chat %s does not follow its sign-in: %s", chat_id, fault.message)
        with suppress(errors.Fault):  # the chat may be gone, and its questions with it
            actor = await services.manager.find(chat_id)
            await actor.ask(partial(_withdraw, kind="login", subject=login.id, why=ENDED))
    if services.signing_in.get(chat_id) == login.id:
        del services.signing_in[chat_id]


def _show(step: Step, now: Login, last: Login, name: str) -> None:
    """What is new. A question stays while the sign-in wants the same answer."""
    if now.state != "running":
        _withdraw(step, "login", now.id, "The sign-in is over.")
    elif _wanted(now) != _wanted(last):
        _withdraw(step, "login", now.id, "The sign-in went on.")
    if now.url and now.url != last.url:
        step.add_notice("info", f"Open {now.url}" + (f" and enter {now.code}" if now.code else ""))
    if now.asks and now.state == "running":
        questions.ask(
            step,
            "login",
            now.message or f"{name} asks:",
            about="/login cancel cancels it.",
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
    _withdraw(step, "provider", "", f"{provider.name} was chosen.")
    return _first_word(provider)


def _withdraw(step: Step, kind: QuestionKind, subject: str, why: str) -> None:
    for question in list(step.state.questions.values()):
        if (question.kind, question.subject) == (kind, subject):
            questions.withdraw(step, question, why)


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


def _where_it_signs_in(agent: Harness) -> str:
    if not agent.sign_in:
        return f"{agent.name} uses the providers that are set up: /login lists them."
    return f"{agent.name} signs in with its own program, where it runs: {agent.sign_in}"


def _option(provider: Provider) -> Option:
    ways = ", ".join(_WAYS[way] for way in provider.ways)
    about = f"in use: {provider.source}" if provider.configured else ways
    return Option(provider.id, provider.name, about)


def _notice(text: str) -> Callable[[Step], None]:
    return lambda step: step.add_notice("info", text)


def _keys(services: Services) -> Keys:
    return Keys(services.control, services.credentials)
