"""Owns the handlers of questions."""

from contextlib import suppress
from functools import partial

import msgspec

from claudetted.chat import questions as planning
from claudetted.chat import trust
from claudetted.chat.manager import decode_state
from claudetted.chat.step import Step
from claudetted.protocol import errors, questions
from claudetted.protocol.base import QuestionId
from claudetted.protocol.items import Item
from claudetted.protocol.questions import Question
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.rpc.slash import signing
from claudetted.store import transcripts

_decode_item = msgspec.json.Decoder(Item).decode


async def list_(desk: Desk, caller: Caller, params: questions.ListParams) -> questions.ListResult:
    if params.chat_id:
        actor = await desk.manager.find(params.chat_id)
        return questions.ListResult(list(actor.state.questions.values()))
    return questions.ListResult(await open_everywhere(desk))


async def open_everywhere(desk: Desk) -> list[Question]:
    """Every open question, the oldest first. A chat with one needs attention."""
    rows = await desk.database.read(transcripts.chats_needing_attention)
    found = [asked for row in rows for asked in decode_state(row).questions.values()]
    return sorted(found, key=lambda asked: asked.opened_at)


async def answer(
    desk: Desk, caller: Caller, params: questions.AnswerParams
) -> questions.AnswerResult:
    """The first answer wins; a later one learns of it when it is committed."""
    keyed = Keyed(desk.database, "question/answer", params.key, params)
    answered: list[Question] = []

    def plan(step: Step) -> questions.AnswerResult | None:
        question = step.state.questions.get(params.question_id)
        if question is None:
            return None
        told = planning.answer(step, question, params.value, caller.who)
        if question.kind == "trust":
            trust.decide(step, question.subject, params.value)
        result = questions.AnswerResult(params.question_id, told)
        keyed.remember(step, result)
        answered.append(question)
        return result

    async def act() -> questions.AnswerResult:
        try:
            actor = await desk.manager.find(planning.chat_of(params.question_id))
        except errors.ChatNotFound:
            raise _not_found(params.question_id) from None
        result = await actor.ask(plan)
        if result is None:
            raise await _gone(desk, params.question_id)
        return result

    result = await keyed.once(questions.AnswerResult, act)
    for question in answered:
        # The answer stands, whatever becomes of what it asked for.
        with suppress(errors.ChatNotFound, errors.StoreFull):
            await _carry_out(desk, question, params.value)
    return result


async def _carry_out(desk: Desk, question: Question, value: str) -> None:
    """What an answer that is on disk means beyond its chat."""
    if question.kind == "trust":
        await trust_changed(desk, question.subject)
    elif question.kind == "provider":
        await signing.choose(desk, question.chat_id, value)
    else:
        await signing.answer(desk, question, value)


async def trust_changed(desk: Desk, workspace: str) -> None:
    """What asks about the project, or works in it, is told in every chat."""
    asking = {asked.chat_id for asked in await open_everywhere(desk) if asked.kind == "trust"}
    for actor in desk.manager.loaded:
        if actor.agent.sidecar_id:
            asking.add(actor.chat_id)
    for chat_id in asking:
        # What cannot be told now is read when the agent is next started.
        with suppress(errors.ChatNotFound, errors.StoreFull):
            actor = await desk.manager.find(chat_id)
            if not workspace or actor.state.chat.workspace == workspace:
                await actor.ask(trust.follow)


async def begin(desk: Desk) -> None:
    """At the daemon's start: what nothing waits for any more is not asked any longer."""
    await signing.withdraw_lost(desk, await open_everywhere(desk))


async def _gone(desk: Desk, question_id: QuestionId) -> errors.Fault:
    """How it ended is in the transcript."""
    chat_id = planning.chat_of(question_id)
    query = partial(transcripts.item, chat_id=chat_id, item_id=question_id)
    body = await desk.database.read(query)
    told = _decode_item(body).answer if body else None
    if told is None:
        return _not_found(question_id)
    how = f"answered with “{told.label}”" if told.outcome == "answered" else "withdrawn"
    return errors.QuestionGone(
        f"The question was already {how}, by {told.by}.",
        question_id=question_id,
        outcome=told.outcome,
        by=told.by,
        answer=told.label,
    )


def _not_found(question_id: QuestionId) -> errors.QuestionNotFound:
    message = f"There is no question {question_id}."
    return errors.QuestionNotFound(message, question_id=question_id)
