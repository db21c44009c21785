"""Owns what methods ask of slash commands: which a message is, which there are, what follows."""

from claudetted.chat.actor import Actor
from claudetted.chat.step import Step
from claudetted.protocol import commands, errors
from claudetted.protocol.questions import AnswerParams, AnswerResult, Question
from claudetted.protocol.turns import SendParams, SendResult
from claudetted.rpc.caller import Caller
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.rpc.slash import agents, reading, signing
from claudetted.rpc.slash.builtin import OWN
from claudetted.rpc.slash.invocation import Invocation
from claudetted.rpc.use_cases import questions


class Slash:
    """The slash commands of a chat, as `services.SlashCommands` has them."""

    async def run(
        self, services: Services, caller: Caller, actor: Actor, params: SendParams, keyed: Keyed
    ) -> SendResult | bool:
        """What a command of ours answers; for anything else, whether the agent has to expand it.

        Raises CommandUnknown for what looks like a command and is none.
        """
        if not (params.literal or params.images) and (
            answered := await _number(services, caller, actor, params, keyed)
        ):
            return answered
        if params.literal or not params.text.startswith("/"):
            return False
        typed = reading.read(params.text)
        if typed is None:
            return False
        if own := OWN.get(typed.name):
            if typed.argument:
                caller.client.peer.require(own.right, f"/{typed.name} with an argument")
            if params.images and not own.images:
                message = f"/{typed.name} takes no images; send them with a message."
                raise errors.InvalidParams(message, path="$.images")
            return await own.act(Invocation(services, caller, actor, typed, keyed, params.images))
        theirs, trouble = await agents.offered(services, actor)
        names = [command.name[1:] for command in theirs]
        if typed.name in names:
            return True
        if reading.is_message(typed.name):
            return False
        if not trouble and typed.name in await agents.held_back(services, actor):
            raise reading.untrusted(typed.name, actor.state.chat.workspace, _trust_question(actor))
        raise reading.unknown(typed.name, [*OWN, *names], trouble)

    async def listed(self, services: Services, actor: Actor) -> commands.ListResult:
        """Ours, then the agent's."""
        theirs, trouble = await agents.offered(services, actor)
        ours = [await own.completed(services, name) for name, own in OWN.items()]
        taken = {command.name for command in ours}
        others = (command for command in theirs if command.name not in taken)
        return commands.ListResult([*ours, *others], trouble)

    async def answered(self, services: Services, question: Question, value: str) -> None:
        """What an answer that is on disk means for the command that asked."""
        if question.kind == "provider":
            await signing.choose(services, question.chat_id, value)
        else:
            await signing.answer(services, question, value)

    async def begin(self, services: Services, asked: list[Question]) -> None:
        """At the daemon's start: what nothing waits for any more is not asked any longer."""
        await signing.withdraw_lost(services, asked)


async def _number(
    services: Services, caller: Caller, actor: Actor, params: SendParams, keyed: Keyed
) -> SendResult | None:
    """A bare number while something is asked is an answer, and never goes to the model."""
    number = params.text.strip()
    question = next(iter(actor.state.questions.values()), None)
    if question is None or not (number.isascii() and number.isdecimal()):
        return None
    wanted = AnswerParams(question.id, _numbered(question, number))
    told: list[SendResult] = []

    def remember(step: Step, result: AnswerResult) -> None:
        text = f"{question.title} {result.answer.label}"
        told.append(SendResult(None, "command", command="/answer", text=text))
        keyed.remember(step, told[0])

    try:
        await questions.resolve(services, caller, wanted, remember)
    except (errors.QuestionGone, errors.QuestionNotFound) as gone:
        raise errors.InvalidParams(gone.message, path="$.text") from None
    return told[0]


def _numbered(question: Question, number: str) -> str:
    if not question.options:
        return number
    if 0 < int(number) <= len(question.options):
        return question.options[int(number) - 1].id
    message = f"“{question.title}” has the answers 1 to {len(question.options)}."
    raise errors.InvalidParams(message, path="$.text")


def _trust_question(actor: Actor) -> str:
    asked = (question for question in actor.state.questions.values() if question.kind == "trust")
    return next((question.id for question in asked), "")
