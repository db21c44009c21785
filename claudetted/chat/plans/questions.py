"""Owns a chat's questions: asked, answered once, and what stays of them in the transcript."""

from collections.abc import Iterable

from claudetted.chat.step import Step
from claudetted.protocol import errors, events as ev, sidecar
from claudetted.protocol.base import ChatId, QuestionId
from claudetted.protocol.questions import Answer, Option, Question, QuestionKind

AGENT: QuestionKind = "agent"
_UNTOLD = "(not shown)"


def ask(
    step: Step,
    kind: QuestionKind,
    title: str,
    *,
    about: str = "",
    options: Iterable[Option] = (),
    placeholder: str = "",
    subject: str = "",
    secret: bool = False,
    free: bool = False,
    several: bool = False,
) -> Question:
    """Asks a person. The same question is not asked twice at a time."""
    for known in step.state.questions.values():
        if (known.kind, known.subject) == (kind, subject):
            return known
    question = Question(
        QuestionId(f"{step.chat_id}.q{step.state.seq + 1}"),
        step.chat_id,
        kind,
        title,
        step.at,
        about=about,
        options=list(options),
        placeholder=placeholder,
        subject=subject,
        secret=secret,
        free=free,
        several=several,
    )
    step.emit(ev.QuestionOpened(question))
    return question


def answer(step: Step, question: Question, value: str, by: str) -> Answer:
    """A person's answer. The caller has checked that the question is open."""
    label = _label(question, value)
    if question.kind == AGENT:
        sidecar_id, _, name = question.subject.partition(".")
        if step.agent.sidecar_id == sidecar_id:
            step.send(sidecar.Inform(name, value))
    told = Answer("answered", by, "" if question.secret else value, label)
    resolve(step, question, told)
    return told


def resolve(step: Step, question: Question, told: Answer) -> None:
    """Ends a question that is open. How, stays in the transcript under the question's id."""
    step.emit(ev.QuestionResolved(question.id, told))
    step.add_answer(question, told)


def withdraw(step: Step, question: Question, why: str) -> None:
    """Nobody needs to answer it any more."""
    resolve(step, question, Answer("withdrawn", "daemon", why=why))


def inquire(step: Step, line: sidecar.Inquiry) -> None:
    """The agent asks, and its turn waits. One that is being stopped is not heard any more."""
    if step.agent.stopping or step.agent.stage == "ending":
        return
    ask(
        step,
        AGENT,
        line.title,
        about=line.about,
        options=line.options,
        placeholder=line.placeholder,
        subject=_subject(step, line.inquiry),
        secret=line.secret,
        free=line.free,
        several=line.several,
    )


def inquiry_withdrawn(step: Step, name: str) -> None:
    subject = _subject(step, name)
    for question in list(step.state.questions.values()):
        if (question.kind, question.subject) == (AGENT, subject):
            withdraw(step, question, "The agent withdrew it.")


def withdraw_inquiries(step: Step, why: str) -> None:
    """What the agent wanted to know, nobody waits for any more."""
    for question in list(step.state.questions.values()):
        if question.kind == AGENT:
            withdraw(step, question, why)


def _subject(step: Step, name: str) -> str:
    return f"{step.agent.sidecar_id}.{name}"


def chat_of(question_id: QuestionId) -> ChatId:
    """A question's id begins with its chat's."""
    return ChatId(question_id.partition(".")[0])


def _label(question: Question, value: str) -> str:
    if question.secret:
        return _UNTOLD
    if not question.options:
        return value
    labels = {option.id: option.label for option in question.options}
    chosen = value.split("\n") if question.several else [value]
    if all(one in labels for one in chosen):
        return ", ".join(labels[one] for one in chosen)
    if question.free and value.strip():
        return value
    offered = ", ".join(option.id for option in question.options)
    message = f"“{value}” is not one of the answers: {offered}."
    raise errors.InvalidParams(message, path="$.value")
