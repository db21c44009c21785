"""Owns the handlers of questions."""

from claudetted.protocol import questions
from claudetted.rpc.caller import Caller
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases.questions import open_everywhere, resolve


async def list_(
    services: Services, caller: Caller, params: questions.ListParams
) -> questions.ListResult:
    if params.chat_id:
        actor = await services.manager.find(params.chat_id)
        return questions.ListResult(list(actor.state.questions.values()))
    return questions.ListResult(await open_everywhere(services))


async def answer(
    services: Services, caller: Caller, params: questions.AnswerParams
) -> questions.AnswerResult:
    """The first answer wins; a later one learns of it when it is committed."""
    keyed = Keyed(services.database, "question/answer", params.key, params)

    async def act() -> questions.AnswerResult:
        return await resolve(services, caller, params, keyed.remember)

    return await keyed.once(questions.AnswerResult, act)
