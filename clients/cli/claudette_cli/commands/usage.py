"""Owns the command about usage: tokens, money and time, of one chat or of all."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.rendering import figures
from claudette_cli.terminal.output import harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

_KINDS = (
    ("input", "read afresh"),
    ("cacheRead", "read from the cache"),
    ("cacheWrite", "written to the cache"),
    ("output", "said"),
    ("reasoning", "of it thought"),
)


def declare_usage(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="without one: of all chats")
    parser.add_argument("--verbose", action="store_true", help="every kind of token, and prices")
    options.json(parser)


def run_usage(arguments: Namespace) -> int:
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, arguments.chat)} if arguments.chat else {}
        if arguments.json:
            output().json(daemon.call("usage/refresh", params))
            return DONE
        _add_up(daemon.call("usage/get", params), arguments)
        # Comes last, because it may take its time.
        _tell_balance(daemon.call("usage/refresh", params), verbose=arguments.verbose)
    return DONE


def _add_up(told: Json, arguments: Namespace) -> None:
    names = ("This chat" if arguments.chat else "All chats", "Last 24 h")
    for name, total in zip(names, (told["total"], told["lastDay"]), strict=True):
        _say(name, total, verbose=arguments.verbose)


def _tell_balance(told: Json, *, verbose: bool) -> None:
    if told.get("balance"):
        _row("OpenRouter", _left(told["balance"]))
    elif told.get("trouble") and verbose:
        _row("OpenRouter", output().paint(harmless(told["trouble"]), "yellow"))


def _left(balance: Json) -> str:
    """What is left of the account or the key, and what was used."""
    of = " with this key" if balance["of"] == "key" else ""
    used = f"{figures.money(balance['usedUsd'])} used{of}"
    if balance.get("remainingUsd") is None:
        return used
    left = f"{figures.money(balance['remainingUsd'])} left of {figures.money(balance['totalUsd'])}"
    warning = "exhausted: " if balance.get("exhausted") else ""
    return f"{warning}{left}, {used}"


def _say(name: str, total: Json, *, verbose: bool) -> None:
    usage = total.get("usage", {})
    turns = total.get("turns", 0)
    parts = [
        f"{turns} turn{'' if turns == 1 else 's'}",
        figures.spent(usage),
        figures.duration(total["durationMs"]) if total.get("durationMs") else "",
    ]
    _row(name, " · ".join(part for part in parts if part))
    if verbose:
        for key, kind in _KINDS:
            _row("", f"{usage.get(key, 0):>12,} tokens {kind}")
        _row("", _about_price(total))


def _about_price(total: Json) -> str:
    usage, unpriced = total.get("usage", {}), total.get("unpriced", 0)
    sources = {"provider": "the cost is what the providers reported"}
    known = sources.get(usage.get("costSource"), "the cost is reckoned by the price list")
    parts = [known] if usage.get("costUsd") is not None else []
    if unpriced:
        parts.append(f"{unpriced} without a known cost, as on models of your own machine")
    return "; ".join(parts) or "no cost is known"


def _row(name: str, text: str) -> None:
    output().say(f"{output().paint(f'{name:<12}', 'bold')}{text}")


VERBS = {"usage": (declare_usage, run_usage)}
