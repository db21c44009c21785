"""Owns sitting in a chat on a terminal that can only print lines, such as an editor's shell."""

from __future__ import annotations

from claudette_cli.attach import slash
from claudette_cli.attach.errands import call
from claudette_cli.attach.printing import Printer
from claudette_cli.client import deciding
from claudette_cli.client.daemon import new_key
from claudette_cli.client.environment import refreshed
from claudette_cli.client.following import Following
from claudette_cli.exits import DONE, Failure
from claudette_cli.rendering import cards
from claudette_cli.rendering.questions import value_of
from claudette_cli.terminal.output import output
from claudette_cli.terminal.typed import Typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

HINT = (
    "This terminal only prints lines. Enter a message, or: /approve, /deny REASON, /answer TEXT, "
    "/detach."
)


def sit(chat_id: str) -> int:
    """Until the person leaves, or the chat is deleted."""
    printer = Printer(output(), as_json=False)
    typed = Typed()
    output().say(HINT)
    with Following(chat_id, env=refreshed()) as following:
        while True:
            connection = following.connection
            told = (
                connection is None or connection.pending or typed.wait(connection, listening=True)
            )
            names = printer.show(following.fold, following.take()) if told else set()
            if "chat/deleted" in names:
                return DONE
            while (line := typed.line()) is not None:
                if line in ("/detach", "/quit"):
                    return DONE
                _act(following, line)
            if typed.over:
                return DONE


def _act(following: Following, line: str) -> None:
    """What goes wrong is said, and changes nothing."""
    try:
        _do(following, line)
    except Failure as failure:
        output().say(f"! {failure.message}")


def _do(following: Following, line: str) -> None:
    command, argument = slash.parse(line)
    if not line:
        return
    if command in ("/approve", "/deny"):
        _decide(following, "allow" if command == "/approve" else "deny", argument)
    elif command == "/answer":
        asked = next(iter(following.fold.questions.values()), None)
        if asked is None:
            raise Failure("No questions are open.")
        params = {"questionId": asked["id"], "value": value_of(asked, argument)}
        call("question/answer", params | {"key": new_key()})
    elif command:
        raise Failure(f"{command} needs a terminal that can be drawn on.")
    else:
        request = {"chatId": following.chat_id, "text": line, "key": new_key(), "env": refreshed()}
        call("turn/send", request)


def _decide(following: Following, decision: str, reason: str) -> None:
    waiting = next(iter(following.fold.permissions.values()), None)
    if waiting is None:
        raise Failure("Nothing waits for a decision.")
    if decision == "allow" and cards.must_be_viewed(waiting):
        raise Failure(f"It is not shown whole here; elsewhere: claudette inbox {waiting['chatId']}")
    deciding.decide(waiting, decision, reason)
