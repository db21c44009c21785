"""Owns a chat's questions: asked, answered once, and what stays of them in the transcript."""

from collections.abc import Iterable

from claudetted.chat.step import Step
from claudetted.protocol import errors
from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId, QuestionId
from claudetted.protocol.questions import Answer, Option, Question, QuestionKind

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
    )
    step.emit(ev.QuestionOpened(question))
    return question


def answer(step: Step, question: Question, value: str, by: str) -> Answer:
    """A person's answer. The caller has checked that the question is open."""
    label = _label(question, value)
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


def chat_of(question_id: QuestionId) -> ChatId:
    """A question's id begins with its chat's."""
    return ChatId(question_id.partition(".")[0])


def _label(question: Question, value: str) -> str:
    if question.secret:
        return _UNTOLD
    if not question.options:
        return value
    for option in question.options:
        if option.id == value:
            return option.label
    offered = ", ".join(option.id for option in question.options)
    message = f"“{value}” is none of the answers; there are: {offered}."
    raise errors.InvalidParams(message, path="$.value")
