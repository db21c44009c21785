"""Owns the commands about turns: send, stop, wait, retry."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from contextlib import nullcontext, suppress

from claudette_cli import choosing
from claudette_cli.client import environment
from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.commands import options
from claudette_cli.exits import ASKED, DONE, OF_REASON, TURN_INCOMPLETE, USAGE, Failure
from claudette_cli.terminal.output import attended, errors, harmless, output
from claudetted.wire import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

    from claudette_cli.client.following import Following

    Json = dict[str, Any]

_A_CHAT = re.compile(r"(?=.*\d)[a-z0-9]{12}")
"""What is no message but an id whose message was forgotten."""


def declare_send(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    parser.add_argument(
        "text", help="the message or slash command; - reads it from stdin, @file from a file"
    )
    options.image(parser)
    _declare_waiting(parser)
    parser.add_argument(
        "--when",
        choices=("queue", "steer"),
        help="while a turn runs: wait for its end (queue), or go in at once (steer)",
    )
    parser.add_argument(
        "--literal", action="store_true", help="send a text that begins with a slash as it is"
    )
    parser.add_argument("--key", help="an idempotency key: the same key sends once")
    options.json(parser)


def run_send(arguments: Namespace) -> int:
    if arguments.chat is None and _A_CHAT.fullmatch(arguments.text):
        raise Failure(f"Say what to send to the chat {arguments.text}, or - for stdin.", USAGE)
    text = text_of(arguments.text)
    params: Json = {
        "text": text,
        "key": arguments.key or new_key(),
        "env": environment.refreshed(),
    }
    if shown := images_of(arguments.image):
        params["images"] = shown
    if arguments.when:
        params["when"] = arguments.when
    if arguments.literal:
        params["literal"] = True
    return _begin("turn/send", params, arguments)


def ask(chat_id: str, text: str) -> int:
    """Sends a message and stays for the answer."""
    stay = Namespace(chat=chat_id, wait=True, json=False)
    return _begin("turn/send", {"text": text, "key": new_key()}, stay)


def declare_retry(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    _declare_waiting(parser)
    options.json(parser)


def run_retry(arguments: Namespace) -> int:
    return _begin("turn/retry", {"key": new_key()}, arguments)


def declare_stop(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    options.json(parser)


def run_stop(arguments: Namespace) -> int:
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
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
        return ending(turn)
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
    from claudette_cli.client.following import Following
    from claudette_cli.watch.turn import settle

    with Following(chat_id) as following:
        return settle(following, asked_too=not arguments.patient)


def text_of(argument: str) -> str:
    """The message an argument stands for."""
    if argument == "-":
        return decoded(sys.stdin.buffer.read(), "stdin")
    if argument.startswith("@"):
        try:
            with open(argument[1:], "rb") as file:
                return decoded(file.read(), argument[1:])
        except OSError as error:
            raise Failure(
                f"{argument[1:]} cannot be read ({error.strerror}); "
                "to send a text that begins with @, pipe it in with -",
                USAGE,
            ) from error
    return _said(argument, "the text")


def images_of(paths: list[str]) -> list[Json]:
    """The images that go with a message."""
    if not paths:
        return []
    # Imported here: most messages have none.
    from claudette_cli.client import images

    return images.chosen(paths)


def decoded(data: bytes, source: str) -> str:
    """The message in what was read; fails for what is no text, or none at all."""
    try:
        return _said(data.decode(), source)
    except UnicodeDecodeError:
        return _said(_in_locale(data, source), source)


def _in_locale(data: bytes, source: str) -> str:
    """What is not UTF-8, in the encoding of the locale. Some encodings read anything, but no text
    has a NUL."""
    encoding = sys.stdin.encoding
    with suppress(UnicodeDecodeError):
        text = data.decode(encoding)
        if "\0" not in text:
            return text
    other = "" if streams.is_utf8(encoding) else f" and not {encoding}"
    raise Failure(
        f"{source} is not UTF-8 text{other}; only text can be sent. Text of another encoding is "
        "sent with, for example: iconv -f LATIN1 -t UTF-8 FILE | claudette send CHAT -",
        USAGE,
    )


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
        "--no-wait", action="store_false", dest="wait", help="return when the message is accepted"
    )


def _begin(method: str, params: Json, arguments: Namespace) -> int:
    waiting = arguments.wait
    if waiting is None:
        waiting = attended() and not arguments.json
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        params = {"chatId": chat_id} | params
        if not waiting:
            return taken(daemon.call(method, params), as_json=arguments.json)
        from claudette_cli.client.following import Following

        # Followed from before it is sent, so that nothing of the turn is missed.
        with Following(chat_id) as following:
            following.take()
            result = daemon.call(method, params)
            if result["state"] == "command":
                return taken(result, as_json=arguments.json)
            turn, answer = stay(following, result, as_json=arguments.json)
    if arguments.json:
        output().json({"turn": turn, "text": answer})
    return ending(turn, told=output().interactive)


def taken(result: Json, *, as_json: bool) -> int:
    """Shows the turn by its id, or what a command answered that began none."""
    if as_json:
        output().json(result)
    else:
        output().say(result.get("turnId") or harmless(result.get("text", "")))
    return DONE


def stay(
    following: Following, sent: Json, *, as_json: bool, patient: bool = False
) -> tuple[Json, str]:
    """Shows the turn to its end, silently with `as_json`: how it ended, and its answer where
    nobody saw it grow. One who is `patient` waits for others to decide."""
    from claudette_cli.watch import turn as watching, viewers

    if not as_json and output().interactive:
        from claudette_cli.terminal.keys import Keys

        with Keys() if attended() else nullcontext() as reading:
            screen = viewers.ScreenViewer(output(), following, reading)
            return watching.watch(following, sent, screen), ""
    out = None if as_json else output()
    answer = viewers.AnswerViewer(following.chat_id, sent["turnId"], out, patient=patient)
    return watching.watch(following, sent, answer), "\n\n".join(answer.texts)


def ending(turn: Json, *, told: bool = False) -> int:
    """The exit code, with a sentence unless the screen told already."""
    reason = turn.get("reason", "done")
    if turn.get("state") == "removed":
        errors().say("The message was removed from the queue before it was sent.")
    elif reason != "done" and not told:
        why = harmless(turn.get("error", ""))
        hint = "; send it again with: claudette retry " + turn["chatId"]
        errors().say(f"The turn ended {reason}{': ' + why if why else hint}")
    elif (lack := turn.get("incomplete")) and not told:
        errors().say(f"The answer is incomplete ({lack}).")
    return code_of(turn)


def code_of(turn: Json) -> int:
    """The exit code of a turn that ended."""
    reason = turn.get("reason", "done")
    if turn.get("state") != "removed" and reason == "done" and turn.get("incomplete"):
        return TURN_INCOMPLETE
    return OF_REASON[reason]


VERBS = {
    "send": (declare_send, run_send),
    "stop": (declare_stop, run_stop),
    "wait": (declare_wait, run_wait),
    "retry": (declare_retry, run_retry),
}
