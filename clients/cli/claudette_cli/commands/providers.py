"""Owns the commands about providers: list, keys, where to read more, and the shell's variables."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import network
from claudette_cli.commands import options
from claudette_cli.exits import DONE, NOT_FOUND, USAGE, Failure
from claudette_cli.terminal.output import clip, errors, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

_HEADS = {
    "default": "",
    "more": "More providers",
    "environment": "By environment variables",
    "other": "Also known to Pi",
}
_RENAMED = {"azure-openai-responses": "azure"}


def declare_provider(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="list|set|clear|login|docs")
    listing = verbs.add_parser("list", help="show the providers and which credential is in use")
    listing.add_argument("--all", action="store_true", help="also the rarer ones")
    options.json(listing)
    setting = verbs.add_parser("set", help="store a key, typed unseen or read from stdin")
    setting.add_argument("provider")
    setting.add_argument(
        "--private", action="store_true", help="in the keychain, unseen by Pi's own command"
    )
    setting.add_argument(
        "--extra",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value it needs besides the key",
    )
    options.json(setting)
    clearing = verbs.add_parser("clear", help="remove the stored keys, shared and private")
    clearing.add_argument("provider")
    options.json(clearing)
    login = verbs.add_parser("login", help="sign in with a browser or a device code")
    login.add_argument("provider")
    docs = verbs.add_parser("docs", help="print where to get a key, or how to configure one")
    docs.add_argument("provider")
    options.json(docs)
    parser.set_defaults(all=False)
    options.json(parser)


def run_provider(arguments: Namespace) -> int:
    acts = {"set": _set, "clear": _clear, "login": _login, "docs": _docs}
    return acts.get(arguments.verb or "list", _list)(arguments)


def _list(arguments: Namespace) -> int:
    with Daemon() as daemon:
        told = daemon.call("provider/list")
    providers = told.get("providers", [])
    if arguments.json:
        output().json(providers)
        if told.get("trouble"):
            errors().say(told["trouble"])
        return DONE
    shown = [one for one in providers if arguments.all or _is_shown(one)]
    head = ""
    for provider in shown:
        if _HEADS[provider["group"]] != head:
            head = _HEADS[provider["group"]]
            output().say(f"\n{output().paint(head, 'bold')}")
        output().say(_row(provider))
    output().say()
    if hidden := len(providers) - len(shown):
        output().say(output().paint(f"… and {hidden} more: claudette provider list --all", "dim"))
    output().say(told.get("summary", ""))
    if told.get("trouble"):
        output().say(output().paint(told["trouble"], "yellow"))
    return DONE


def _is_shown(provider: Json) -> bool:
    return provider["group"] != "other" or bool(provider.get("configured"))


def _row(provider: Json) -> str:
    mark = output().paint("●", "green") if provider.get("configured") else "○"
    models = f"{provider.get('models', 0):>4} models"
    return f"{mark} {provider['id']:<24} {models}  {clip(_about(provider), output().room(42))}"


def _about(provider: Json) -> str:
    if provider.get("blocked"):
        return f"{provider['name']}, blocked: {provider['blocked']}"
    if not provider.get("configured"):
        return str(provider.get("about") or provider["name"])
    over = provider.get("overrides", [])
    wins = f" (over {', '.join(over)})" if over else ""
    return f"{provider['name']}, via {provider['source']}{wins}"


def _set(arguments: Namespace) -> int:
    pairs = [pair.partition("=") for pair in arguments.extra]
    if not all(name and equals for name, equals, _ in pairs):
        raise Failure("Write extra values as NAME=VALUE.", USAGE)
    with Daemon() as daemon:
        provider = find(daemon, arguments.provider)
        params: Json = {"provider": provider["id"], "key": _typed_key(provider)}
        if arguments.private:
            params["private"] = True
        if pairs:
            params["extra"] = {name: value for name, _, value in pairs}
        told = daemon.call("provider/setKey", params)
    return _tell(arguments, told)


def _typed_key(provider: Json) -> str:
    """Never an argument: those are seen by everybody and stay in the shell's history."""
    if not sys.stdin.isatty():
        return sys.stdin.read().strip()
    from getpass import getpass

    if provider.get("docs"):
        output().say(output().paint(f"Get one at {provider['docs']}", "dim"))
    return getpass(f"Key for {provider['name']}: ").strip()


def _clear(arguments: Namespace) -> int:
    with Daemon() as daemon:
        provider = find(daemon, arguments.provider)
        told = daemon.call("provider/clearKey", {"provider": provider["id"]})
    return _tell(arguments, told)


def _login(arguments: Namespace) -> int:
    from claudette_cli.commands.logins import sign_in

    with Daemon() as daemon:
        if agent := signing_in_itself(daemon, arguments.provider):
            return sign_in_there(agent)
        return sign_in(daemon, find(daemon, arguments.provider)["id"])


def signing_in_itself(daemon: Daemon, name: str) -> Json | None:
    """The agent of this name, if its own program signs in."""
    agents = daemon.call("harness/list")["harnesses"]
    return next((one for one in agents if one["id"] == name and one.get("signIn")), None)


def sign_in_there(agent: Json) -> int:
    """The agent's own program does it, in this terminal; what it keeps is seen by nobody else."""
    if missing := agent.get("missing"):
        raise Failure(missing)
    output().say(f"{agent['name']} signs in itself: {agent['signIn']}")
    words = shlex.split(agent["signIn"])
    try:
        return subprocess.run(words).returncode
    except FileNotFoundError:
        raise Failure(f"{words[0]} is not on this shell's PATH; sign in where it is.") from None


def _tell(arguments: Namespace, told: Json) -> int:
    if arguments.json:
        output().json(told)
        return DONE
    output().say(_row(told["provider"]))
    for note in told.get("notes", []):
        output().say(output().paint(note, "yellow"))
    return DONE


def _docs(arguments: Namespace) -> int:
    with Daemon() as daemon:
        provider = find(daemon, arguments.provider)
    if arguments.json:
        output().json({"provider": provider["id"], "docs": provider.get("docs", "")})
    else:
        output().say(provider.get("docs", ""))
    return DONE


def find(daemon: Daemon, name: str) -> Json:
    """The provider of this id; otherwise the nearest ids are told."""
    from difflib import get_close_matches

    rows = {row["id"]: row for row in daemon.call("provider/list").get("providers", [])}
    wanted = _RENAMED.get(name, name)
    if wanted in rows:
        return dict(rows[wanted])
    near = get_close_matches(wanted, rows, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "see: claudette provider list --all"
    raise Failure(f"There is no provider {name!r}; {hint}", NOT_FOUND)


def declare_env(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="show|refresh")
    showing = verbs.add_parser(
        "show", help="show the variables that the client adds for the chat's commands (default)"
    )
    options.chat_or_here(showing)
    options.json(showing)
    refreshing = verbs.add_parser(
        "refresh", help="pass this shell's provider variables to the daemon"
    )
    options.json(refreshing)
    parser.set_defaults(chat=None)
    options.json(parser)


def run_env(arguments: Namespace) -> int:
    if arguments.verb == "refresh":
        return _refresh(arguments)
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        told = daemon.call("chat/environment", {"chatId": chat_id})
    if arguments.json:
        output().json(told)
        return DONE
    for name, value in told.get("env", {}).items():
        output().say(f"{name}={value}")
    return DONE


def _refresh(arguments: Namespace) -> int:
    with Daemon() as daemon:
        rows = daemon.call("provider/list").get("providers", [])
        kinds = ("variables", "settings")
        names = {name for row in rows for kind in kinds for name in row.get(kind, [])}
        variables = {name: os.environ.get(name, "") for name in sorted(names)}
        told = daemon.call("provider/environment", {"variables": network() | variables})
    if arguments.json:
        output().json(told)
        return DONE
    output().say(f"Set here: {', '.join(told.get('set', [])) or 'none'}")
    output().say(told.get("summary", ""))
    return DONE


VERBS = {"provider": (declare_provider, run_provider), "env": (declare_env, run_env)}
