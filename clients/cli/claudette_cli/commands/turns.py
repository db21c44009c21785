"""Owns the commands about turns: send, stop, wait, retry."""

from __future__ import annotations

import sys

from claudette_cli import choosing
from claudette_cli.calling import Daemon, new_key
from claudette_cli.commands import options
from claudette_cli.exits import ASKED, DONE, OF_REASON, USAGE, Failure
from claudette_cli.terminal import attended, errors, harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from claudette_cli.following import Following

    Json = dict[str, Any]


def declare_send(parser: ArgumentParser) -> None:
    options.chat(parser)
    parser.add_argument(
        "text", help="the message or slash command; - reads it from stdin, @file from a file"
    )
    _declare_waiting(parser)
    parser.add_argument(
        "--when",
        choices=("queue", "steer"),
        help="while a turn runs: wait for its end (queue), or go in at once (steer)",
    )
    parser.add_argument(
        "--literal", action="store_true", help="send a text that begins with a slash as it is"
    )
    parser.add_argument("--key", help="makes a repetition harmless: the same key sends once")
    options.json(parser)


def run_send(arguments: Namespace) -> int:
    text = text_of(arguments.text)
    params: Json = {"text": text, "key": arguments.key or new_key()}
    if arguments.when:
        params["when"] = arguments.when
    if arguments.literal:
        params["literal"] = True
    return _begin("turn/send", params, arguments)


def declare_retry(parser: ArgumentParser) -> None:
    options.chat(parser)
    _declare_waiting(parser)
    options.json(parser)


def run_retry(arguments: Namespace) -> int:
    return _begin("turn/retry", {"key": new_key()}, arguments)


def declare_stop(parser: ArgumentParser) -> None:
    options.chat(parser)
    options.json(parser)


def run_stop(arguments: Namespace) -> int:
    with Daemon() as daemon:
        chat_id = choosing.chat_id(daemon, arguments.chat)
        result = daemon.call("turn/stop", {"chatId": chat_id})
    if arguments.json:
        output().json(result)
    elif not result["stopped"]:
        errors().say("Nothing was running.")
    return DONE


def declare_wait(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    parser.add_argument("--turn", help="which turn; without it: until nothing runs any more")
    parser.add_argument(
        "--patient", action="store_true", help="keep waiting while a permission waits"
    )
    options.json(parser)


def run_wait(arguments: Namespace) -> int:
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        turn = _wait_for(daemon, chat_id, arguments)
    if turn is not None and turn["state"] != "running":
        if arguments.json:
            output().json(turn)
        return _ending(turn)
    raise Failure(
        f"The agent waits for a permission; see: claudette inbox {chat_id}, "
        f"then: claudette approve {chat_id}  or  claudette deny {chat_id}",
        ASKED,
    )


def _wait_for(daemon: Daemon, chat_id: str, arguments: Namespace) -> Json | None:
    """The turn as it ended; a running one, or none, when a permission waits."""
    if arguments.turn:
        params: Json = {"chatId": chat_id, "turnId": arguments.turn}
        wanted = params if arguments.patient else params | {"orAsked": True}
        return dict(daemon.call("turn/wait", wanted)["turn"])
    from claudette_cli.following import Following
    from claudette_cli.watching import settle

    with Following(chat_id) as following:
        return settle(following, asked_too=not arguments.patient)


def text_of(argument: str) -> str:
    """The message an argument stands for."""
    if argument == "-":
        return _decoded(sys.stdin.buffer.read(), "stdin")
    if argument.startswith("@"):
        try:
            with open(argument[1:], "rb") as file:
                return _decoded(file.read(), argument[1:])
        except OSError as error:
            raise Failure(
                f"{argument[1:]} cannot be read ({error.strerror}); "
                "to send a text that begins with @, pipe it in with -",
                USAGE,
            ) from error
    return _said(argument, "the text")


def _decoded(data: bytes, source: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Failure(f"{source} is not UTF-8 text; only text can be sent.", USAGE) from None
    return _said(text, source)


def _said(text: str, source: str) -> str:
    if not text.strip():
        raise Failure(f"{source} is empty; there is nothing to send.", USAGE)
    return text


def _declare_waiting(parser: ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--wait",
        action="store_true",
        default=None,
        help="stay until the turn ends, print the answer, exit by how it ended "
        "(the default on a terminal)",
    )
    group.add_argument(
        "--no-wait", action="store_false", dest="wait", help="return when the message is taken"
    )


def _begin(method: str, params: Json, arguments: Namespace) -> int:
    stay = arguments.wait
    if stay is None:
        stay = attended() and not arguments.json
    with Daemon() as daemon:
        chat_id = choosing.chat_id(daemon, arguments.chat)
        params = {"chatId": chat_id} | params
        if not stay:
            result = daemon.call(method, params)
            return _taken(result, arguments)
        from claudette_cli.following import Following

        # Followed from before it is sent, so that nothing of the turn is missed.
        with Following(chat_id) as following:
            following.take()
            result = daemon.call(method, params)
            if result["state"] == "command":
                return _taken(result, arguments)
            return _stay(following, result, arguments)


def _taken(result: Json, arguments: Namespace) -> int:
    """The turn by its id, or what a command answered that began none."""
    if arguments.json:
        output().json(result)
    else:
        output().say(result.get("turnId") or harmless(result.get("text", "")))
    return DONE


def _stay(following: Following, sent: Json, arguments: Namespace) -> int:
    from claudette_cli import viewing, watching

    if arguments.json:
        answer = viewing.AnswerViewer(following.chat_id, sent["turnId"])
        turn = watching.watch(following, sent, answer)
        output().json({"turn": turn, "text": "\n\n".join(answer.texts)})
    elif attended():
        from claudette_cli.keys import Keys

        with Keys() as reading:
            screen = viewing.ScreenViewer(output(), following, reading)
            turn = watching.watch(following, sent, screen)
    elif output().interactive:
        screen = viewing.ScreenViewer(output(), following, None)
        turn = watching.watch(following, sent, screen)
    else:
        pipe = viewing.PipeViewer(output(), following.chat_id, sent["turnId"])
        turn = watching.watch(following, sent, pipe)
    return _ending(turn, told=output().interactive)


def _ending(turn: Json, *, told: bool = False) -> int:
    """The exit code, with a sentence unless the screen told already."""
    reason = turn.get("reason", "done")
    if turn.get("state") == "removed":
        errors().say("The message was removed from the queue before it was sent.")
    elif reason != "done" and not told:
        why = harmless(turn.get("error", ""))
        hint = "; send it again with: claudette retry " + turn["chatId"]
        errors().say(f"The turn ended {reason}{': ' + why if why else hint}")
    return OF_REASON[reason]


VERBS = {
    "send": (declare_send, run_send),
    "stop": (declare_stop, run_stop),
    "wait": (declare_wait, run_wait),
    "retry": (declare_retry, run_retry),
}
