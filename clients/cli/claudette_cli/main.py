"""Owns the command line: which command is meant, and how it ends."""

from __future__ import annotations

import gc
import os
import sys

from claudette_cli.exits import (
    FAILED,
    INTERRUPTED,
    NOT_FOUND,
    PIPE_CLOSED,
    REPLACED,
    Failure,
)
from claudette_cli.terminal import ending, signs
from claudette_cli.terminal.output import errors
from claudetted.wire import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

COMMANDS = {
    "demo": ("demo.command", "watch a real agent work, offline, and survive its daemon"),
    "new": ("commands.chats", "start a chat in a directory"),
    "send": ("commands.turns", "send a message to a chat"),
    "ask": ("commands.ask", "ask one question, print the answer and exit by how it went"),
    "batch": ("batch.command", "run many prompts over workspaces, some at once"),
    "attach": ("attach.command", "open a chat: follow it, answer, decide"),
    "nvim": ("commands.plugins", "print where the plugin for Neovim is"),
    "acp": ("acp.command", "serve an editor that speaks the Agent Client Protocol"),
    "ls": ("commands.chats", "list the chats"),
    "show": ("commands.chats", "show a chat's details"),
    "history": ("commands.chats", "print a chat's transcript"),
    "inbox": ("commands.permissions", "list and decide the permission requests that wait"),
    "approve": ("commands.permissions", "approve a request"),
    "deny": ("commands.permissions", "refuse a request"),
    "questions": ("commands.questions", "list and answer open questions"),
    "answer": ("commands.questions", "answer a question"),
    "trust": ("commands.trust", "list and change which projects may instruct agents"),
    "rules": ("commands.rules", "list, explain and change permission rules"),
    "level": ("commands.rules", "show or change the permission level"),
    "audit": ("commands.rules", "show past permission decisions"),
    "stop": ("commands.turns", "stop what a chat is doing"),
    "events": ("commands.events", "print a chat's events as JSON lines, and follow them"),
    "wait": ("commands.turns", "wait for the end of a turn"),
    "retry": ("commands.turns", "resend the last prompt that failed or was stopped"),
    "queue": ("commands.queue", "list and change queued messages"),
    "rename": ("commands.chats", "rename a chat"),
    "archive": ("commands.chats", "archive a chat (restore brings it back)"),
    "restore": ("commands.chats", "restore an archived chat"),
    "reset": ("commands.chats", "start a new agent session in a chat"),
    "delete": ("commands.chats", "delete a chat and all its data"),
    "compact": ("commands.compactions", "summarise the older part of a conversation"),
    "configure": ("commands.chats", "change a chat's model, level or thinking"),
    "move": ("commands.chats", "point a chat at another directory, or at its own after a rename"),
    "model": ("commands.models", "list, search and choose models"),
    "usage": ("commands.usage", "show tokens, cost and time used, and the OpenRouter balance"),
    "provider": ("commands.providers", "list model providers, sign in, store keys"),
    "agent": ("commands.agents", "list agents; add, test and remove your own"),
    "backend": ("commands.backends", "list, change and test local servers and other backends"),
    "env": (
        "commands.providers",
        "show a chat's variables, or pass this shell's provider variables on",
    ),
    "setting": ("commands.settings", "show or change settings"),
    "remote": ("commands.remote", "let browsers, telephones and other machines in"),
    "ps": ("commands.processes", "show running processes, their memory and why they run"),
    "top": ("top.command", "watch what all chats do and take"),
    "jobs": ("commands.processes", "show and end what agents have left running"),
    "du": ("commands.processes", "show disk usage"),
    "logs": ("commands.logs", "read the daemon's log"),
    "status": ("commands.daemon", "show the daemon's status"),
    "shutdown": ("commands.daemon", "stop the daemon; running agents go on"),
    "restart": ("commands.daemon", "replace the daemon; running agents go on"),
    "service": ("service.command", "install, remove and show the service that keeps the daemon"),
    "uninstall": (
        "commands.uninstalling",
        "end what runs, remove the service, say where the data is and how to remove the program",
    ),
    "doctor": ("doctor.command", "find what is wrong with the installation, and repair it"),
    "bug-report": ("doctor.command", "write a report without secrets, to read before it is sent"),
    "completion": ("completion.command", "print the script that completes commands in a shell"),
    "help": ("help.command", "explain a topic or a command"),
    "rpc": ("commands.daemon", "call a method of the protocol"),
    "stdio": ("commands.stdio", "speak the protocol on standard input and output"),
}
"""Where each verb lives, and what it does. Only the module of the wanted one is loaded."""

COMPLETE = "--complete"
"""What the scripts of `claudette completion` ask with."""
_ALIASES = {"-p": "ask", "--print": "ask"}

_HERE = {
    "bug-report",
    "demo",
    "doctor",
    "logs",
    "restart",
    "shutdown",
    "service",
    "uninstall",
    "stdio",
}
"""Commands about files and processes of this machine."""


def program(argv: list[str] | None = None) -> NoReturn:
    """The console script. Nothing is left to be written, and Python's own way out would take up to
    an eighth of a command's time."""
    os._exit(main(argv))


def main(argv: list[str] | None = None) -> int:
    """Every way a command ends has an exit code."""
    # What is loaded stays until the end, where looking for garbage in it takes longest.
    gc.freeze()
    signs.prepare()
    try:
        with ending.orderly(), streams.flushed():
            return run(sys.argv[1:] if argv is None else argv)
    except streams.CannotWrite as fault:
        streams.close_output()
        errors().say(f"claudette: the output could not be written: {fault}")
        return FAILED
    except Failure as failure:
        errors().say(f"claudette: {failure.message}")
        return failure.code
    except ImportError as missing:
        # What is loaded late is gone when another installation has replaced this one meanwhile.
        if not (missing.name or "").startswith(("claudette_cli", "claudetted")):
            raise
        errors().say(f"claudette: {REPLACED}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except EOFError:
        # Ctrl-D where something was asked.
        errors().say("claudette: there was no answer; nothing was changed.")
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has enough; nothing more may be written at exit.
        streams.close_output()
        return PIPE_CLOSED
    finally:
        streams.flush_errors()


def run(argv: list[str]) -> int:
    argv = _take_host(argv)
    if not argv:
        from claudette_cli.attach.command import run_here

        return run_here()
    if argv[0] == COMPLETE:
        from claudette_cli.completion.answering import answer

        return answer(argv[1:])
    from claudette_cli.parsing import build_parser, load, parse

    name = _ALIASES.get(argv[0], argv[0])
    if name in COMMANDS:
        if name in _HERE and os.environ.get("CLAUDETTE_HOST"):
            raise Failure(f"claudette {name} is for the machine that it runs on; run it there.")
        _, command = load(name)
        return command(parse(name, argv[1:]))
    if name not in ("-h", "--help", "--version"):
        build_parser().error(_unknown(name))
    build_parser().parse_args(argv)
    return NOT_FOUND


def _take_host(argv: list[str]) -> list[str]:
    """What follows `--host`, which is kept where whatever looks for the daemon finds it."""
    if not argv or not argv[0].startswith("--host"):
        return argv
    option, equals, host = argv[0].partition("=")
    rest = argv[1:] if equals else argv[2:]
    host = host if equals else "".join(argv[1:2])
    if option != "--host" or not host:
        from claudette_cli.parsing import build_parser

        build_parser().error("--host needs a value, such as ssh://user@box or wss://box:7433")
    os.environ["CLAUDETTE_HOST"] = host
    return rest


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; see: claudette --help"
    return f"there is no command {name!r}{hint}"
