"""Owns the commands about questions: seeing them, and answering from anywhere."""

from __future__ import annotations

import sys

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.commands import options
from claudette_cli.exits import DONE, Refused
from claudette_cli.rendering.questions import card, how_to_answer, outcome, value_of
from claudette_cli.terminal.output import attended, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

SKIP, LEAVE = "s", "q"


def declare_questions(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only what this chat asks")
    options.json(parser)


def run_questions(arguments: Namespace) -> int:
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, arguments.chat)} if arguments.chat else {}
        asked = daemon.call("question/list", params).get("questions", [])
        if arguments.json:
            output().json(asked)
        elif not asked:
            output().say("No questions are open.")
        else:
            _go_through(daemon, asked)
    return DONE


def declare_answer(parser: ArgumentParser) -> None:
    parser.add_argument("question", help="id of a question, or of a chat with only one")
    parser.add_argument(
        "value", help="number or name of an answer, or a text; - reads it from stdin"
    )
    options.json(parser)


def run_answer(arguments: Namespace) -> int:
    with Daemon() as daemon:
        question = choosing.question(daemon, arguments.question)
        typed = sys.stdin.readline() if arguments.value == "-" else arguments.value
        result = _answer(daemon, question, typed.strip())
    if arguments.json:
        output().json(result)
    else:
        output().say(outcome(result["answer"]))
    return DONE


def _answer(daemon: Daemon, question: Json, typed: str) -> Json:
    params = {"questionId": question["id"], "value": value_of(question, typed), "key": new_key()}
    return dict(daemon.call("question/answer", params))


def _go_through(daemon: Daemon, asked: list[Json]) -> None:
    """One after the other; who leaves or skips answers nothing."""
    for question in asked:
        hint = output().paint(how_to_answer(question), "dim")
        lines = card(question, output())
        output().say("\n".join([*lines, f"  chat {question['chatId']}: {hint}", ""]))
        if attended() and not _answered_here(daemon, question):
            return


def _answered_here(daemon: Daemon, question: Json) -> bool:
    """Whether to go on with the next one."""
    output().write(f"Answer ({SKIP} skip · {LEAVE} leave): ")
    line = sys.stdin.readline()
    typed = line.strip()
    if typed == SKIP:
        return True
    if typed == LEAVE or not line:
        return False
    try:
        output().say(outcome(_answer(daemon, question, typed)["answer"]))
    except Refused as refused:
        if refused.name not in ("QuestionGone", "InvalidParams"):
            raise
        output().say(refused.message)
    return True


VERBS = {
    "questions": (declare_questions, run_questions),
    "answer": (declare_answer, run_answer),
}
