"""Owns the command about providers: list, and where to read more."""

from __future__ import annotations

from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, NOT_FOUND, Failure
from claudette_cli.terminal import clip, output

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
    verbs = parser.add_subparsers(dest="verb", metavar="list|docs")
    listing = verbs.add_parser("list", help="show the providers and which credential is in use")
    listing.add_argument("--all", action="store_true", help="also the rarer ones")
    options.json(listing)
    docs = verbs.add_parser("docs", help="print where to get a key, or how to configure one")
    docs.add_argument("provider")
    options.json(docs)
    parser.set_defaults(all=False)
    options.json(parser)


def run_provider(arguments: Namespace) -> int:
    acts = {"docs": _docs}
    return acts.get(arguments.verb or "list", _list)(arguments)


def _list(arguments: Namespace) -> int:
    with Daemon() as daemon:
        told = daemon.call("provider/list")
    if arguments.json:
        output().json(told)
        return DONE
    providers = told.get("providers", [])
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
    if not provider.get("configured"):
        return str(provider.get("about") or provider["name"])
    over = provider.get("overrides", [])
    wins = f" (over {', '.join(over)})" if over else ""
    return f"{provider['name']}, via {provider['source']}{wins}"


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


VERBS = {"provider": (declare_provider, run_provider)}
