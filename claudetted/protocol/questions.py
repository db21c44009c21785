"""Owns questions: what needs a person and is no permission, and how it was answered."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, Params, QuestionId

QuestionKind = Literal["provider", "login", "trust", "agent"]
QuestionOutcome = Literal["answered", "withdrawn"]


class Option(Data, frozen=True):
    """One of the answers to choose from. `id` is what is sent."""

    id: str
    label: str
    about: str = ""


class Question(Data, frozen=True):
    """Something a person is asked in a chat. Nothing waits for the answer but what it is about.

    Without `options` any text is an answer. `subject` is what it is about: the directory of a
    project, a provider; of the kind `agent`, whose turn waits for it, what the agent calls it.
    """

    id: QuestionId
    chat_id: ChatId
    kind: QuestionKind
    title: str
    opened_at: str
    about: str = ""
    options: list[Option] = []
    placeholder: str = ""
    subject: str = ""
    secret: bool = False
    """The answer is told to nobody and is not kept."""
    free: bool = False
    """Any other text is an answer, too."""
    several: bool = False
    """Several options may be chosen: their ids, with newlines between them."""


class Answer(Data, frozen=True):
    """How a question ended. `value` is the id of an option or the text, `label` how it reads."""

    outcome: QuestionOutcome
    by: str
    value: str = ""
    label: str = ""
    why: str = ""


class ListParams(Params, frozen=True):
    """Open questions of one chat, or of all."""

    chat_id: ChatId | None = None


class ListResult(Data, frozen=True):
    """The oldest first."""

    questions: list[Question] = []


class AnswerParams(Params, frozen=True):
    """`value` is the id of an option, or a text where there are none; may be empty there. Questions
    of the kind `trust` need the right `configure`, `provider` and `login` need `administer`,
    `agent` needs `decide`."""

    question_id: QuestionId
    value: str
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


class AnswerResult(Data, frozen=True):
    question_id: QuestionId
    answer: Answer
