"""Owns answering questions and what an answer means, whichever way it came."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec

from claudetted.chat.manager import decode_state
from claudetted.chat.plans import questions as planning, trust
from claudetted.chat.step import Step
from claudetted.protocol import errors, questions
from claudetted.protocol.base import QuestionId
from claudetted.protocol.items import Item
from claudetted.protocol.questions import Question, QuestionKind
from claudetted.protocol.rights import Right
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.store import transcripts

_NEEDED: dict[QuestionKind, Right] = {
    "trust": "configure",
    "provider": "administer",
    "login": "administer",
    "agent": "decide",
}
"""The right of the method that does the same as an answer to such a question."""

_decode_item = msgspec.json.Decoder(Item).decode


async def open_everywhere(services: Services) -> list[Question]:
    """Every open question, the oldest first. A chat with one needs attention."""
    rows = await services.database.read(transcripts.chats_needing_attention)
    found = [asked for row in rows for asked in decode_state(row).questions.values()]
    return sorted(found, key=lambda asked: asked.opened_at)


async def resolve(
    services: Services,
    caller: Caller,
    params: questions.AnswerParams,
    remember: Callable[[Step, questions.AnswerResult], None],
) -> questions.AnswerResult:
    """Answers and carries out what that means. `remember` is in the step of the answer."""
    answered: list[Question] = []

    def plan(step: Step) -> questions.AnswerResult | None:
        question = step.state.questions.get(params.question_id)
        if question is None:
            return None
        caller.client.peer.require(_NEEDED[question.kind], f"Answering “{question.title}”")
        if question.kind == "trust":
            caller.client.peer.require_allowing(f"Answering “{question.title}”")
        told = planning.answer(step, question, params.value, caller.client.who)
        if question.kind == "trust":
            trust.decide(step, question.subject, params.value)
        result = questions.AnswerResult(params.question_id, told)
        remember(step, result)
        answered.append(question)
        return result

    try:
        actor = await services.manager.find(planning.chat_of(params.question_id))
        result = await actor.ask(plan)
    except errors.ChatNotFound:
        raise _not_found(params.question_id) from None
    if result is None:
        raise await _gone(services, params.question_id)
    for question in answered:
        # The answer stands, whatever becomes of what it asked for.
        with suppress(errors.ChatNotFound, errors.StoreFull):
            await _carry_out(services, question, params.value)
    return result


async def _carry_out(services: Services, question: Question, value: str) -> None:
    """What an answer that is on disk means beyond its chat."""
    if question.kind == "trust":
        await trust_changed(services, question.subject)
    elif question.kind != "agent":
        await services.slash.answered(services, question, value)


async def trust_changed(services: Services, workspace: str) -> None:
    """What asks about the project, or works in it, is told in every chat."""
    asking = {asked.chat_id for asked in await open_everywhere(services) if asked.kind == "trust"}
    for actor in services.manager.loaded:
        if actor.agent.sidecar_id:
            asking.add(actor.chat_id)
    for chat_id in asking:
        # What cannot be told now is read when the agent is next started.
        with suppress(errors.ChatNotFound, errors.StoreFull):
            actor = await services.manager.find(chat_id)
            if not workspace or actor.state.chat.workspace == workspace:
                await actor.ask(trust.follow)


async def begin(services: Services) -> None:
    """At the daemon's start: what nothing waits for any more is not asked any longer."""
    await services.slash.begin(services, await open_everywhere(services))


async def _gone(services: Services, question_id: QuestionId) -> errors.Fault:
    """How it ended is in the transcript."""
    chat_id = planning.chat_of(question_id)
    query = partial(transcripts.item, chat_id=chat_id, item_id=question_id)
    body = await services.database.read(query)
    told = _decode_item(body).answer if body else None
    if told is None:
        return _not_found(question_id)
    how = f"answered with “{told.label}”" if told.outcome == "answered" else "withdrawn"
    return errors.QuestionGone(
        f"The question was already {how} by {told.by}.",
        question_id=question_id,
        outcome=told.outcome,
        by=told.by,
        answer=told.label,
    )


def _not_found(question_id: QuestionId) -> errors.QuestionNotFound:
    message = f"There is no question {question_id}."
    return errors.QuestionNotFound(message, question_id=question_id)
