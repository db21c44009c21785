"""Owns the commands about standing decisions: rules, level, audit."""

from __future__ import annotations

import re

from claudette_cli import choosing, directory
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, USAGE, Failure
from claudette_cli.terminal.output import cut, line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

SCOPES = ("turn", "chat", "workspace", "user")
_COLOURS = {"allow": "green", "ask": "yellow", "deny": "red"}
_EFFECT_WIDTH, _SCOPE_WIDTH, _ID_WIDTH = 6, 10, 13


def declare_rules(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="list|add|rm|explain")
    listing = verbs.add_parser("list", help="show the rules, built-in ones too")
    listing.add_argument("chat", nargs="?", help="only those in force for this chat")
    options.json(listing)
    adding = verbs.add_parser("add", help="add a rule, such as: allow bash command git status")
    adding.add_argument("rule", nargs="+", help="EFFECT TOOL [command|path|host PATTERN]")
    adding.add_argument("--scope", choices=SCOPES, default="user", help="where it applies")
    adding.add_argument("--chat", help="the chat of the scope")
    options.json(adding)
    removing = verbs.add_parser("rm", help="remove a rule")
    removing.add_argument("id")
    options.json(removing)
    explaining = verbs.add_parser("explain", help="explain what would be decided about a command")
    explaining.add_argument("chat", help="id of a chat, or of a request that waits")
    explaining.add_argument("command", nargs="*", help="a command as the agent would run it")
    explaining.add_argument("--read", metavar="PATH", help="explain reading a file instead")
    explaining.add_argument("--write", metavar="PATH", help="explain writing a file instead")
    options.json(explaining)
    options.json(parser)


def run_rules(arguments: Namespace) -> int:
    acts = {"add": _add, "rm": _remove, "explain": _explain}
    return acts.get(arguments.verb or "list", _list)(arguments)


def _list(arguments: Namespace) -> int:
    chat = getattr(arguments, "chat", None)
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, chat)} if chat else {}
        rules = daemon.call("rule/list", params).get("rules", [])
    if arguments.json:
        output().json(rules)
        return DONE
    for rule in rules:
        output().say(_row(rule))
    return DONE


def _row(rule: Json) -> str:
    effect, _, rest = rule["text"].partition(" ")
    painted = output().paint(f"{effect:<{_EFFECT_WIDTH}}", _COLOURS[rule["effect"]])
    told = cut(line(rest), output().room(36))
    whose = f"{rule.get('scope', 'user'):<{_SCOPE_WIDTH}} {rule['id']:<{_ID_WIDTH}}"
    return f"{painted} {output().paint(whose, 'dim')} {told}"


def _add(arguments: Namespace) -> int:
    params: Json = {"text": " ".join(arguments.rule), "scope": arguments.scope}
    with Daemon() as daemon:
        if arguments.chat:
            params["chatId"] = choosing.chat_id(daemon, arguments.chat)
        elif arguments.scope == "workspace":
            params["workspace"] = directory.here()
        rule = daemon.call("rule/add", params)["rule"]
    if arguments.json:
        output().json(rule)
    else:
        output().say(_row(rule))
    return DONE


def _remove(arguments: Namespace) -> int:
    with Daemon() as daemon:
        daemon.call("rule/remove", {"ruleId": arguments.id})
    if arguments.json:
        output().json({"removed": arguments.id})
    return DONE


def _explain(arguments: Namespace) -> int:
    with Daemon() as daemon:
        told = daemon.call("permission/explain", _question(daemon, arguments))
    if arguments.json:
        output().json(told)
        return DONE
    effect = output().paint(told["effect"], _COLOURS[told["effect"]], "bold")
    output().say(f"{effect}: {line(told['why'])}")
    for step in told.get("steps", []):
        output().say(
            f"  {step['effect']:<{_EFFECT_WIDTH}} {line(step['about'])}: {line(step['why'])}"
        )
    for rule in told.get("suggested", []):
        output().say(f"  This rule would allow it: {line(rule['text'])}")
    return DONE


def _question(daemon: Daemon, arguments: Namespace) -> Json:
    if "." in arguments.chat and not arguments.command:
        return {"permissionId": choosing.permission(daemon, arguments.chat)["id"]}
    params: Json = {"chatId": choosing.chat_id(daemon, arguments.chat)}
    if arguments.read or arguments.write:
        access = "read" if arguments.read else "write"
        path = directory.absolute(arguments.read or arguments.write)
        return params | {"tool": access, "access": access, "paths": [path]}
    if not arguments.command:
        raise Failure("Say which command, or --read or --write a path.", USAGE)
    return params | {"command": " ".join(arguments.command)}


def declare_level(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="without one: the default for new chats")
    parser.add_argument("level", nargs="?", choices=options.LEVELS)
    parser.add_argument("--default", choices=options.LEVELS, help="set the default")
    parser.add_argument("--here", action="store_true", help="the default for this directory only")
    options.json(parser)


def run_level(arguments: Namespace) -> int:
    with Daemon() as daemon:
        if arguments.chat:
            return _level_of_chat(daemon, arguments)
        key = f"default_level:{directory.here()}" if arguments.here else "default_level"
        if arguments.default:
            params = {"key": key, "value": arguments.default}
            setting = daemon.call("setting/set", params)["setting"]
        else:
            setting = daemon.call("setting/get", {"key": key})["setting"]
    level = setting.get("value") or setting["default"]
    output().json(setting) if arguments.json else output().say(level)
    return DONE


def _level_of_chat(daemon: Daemon, arguments: Namespace) -> int:
    params = {"chatId": choosing.chat_id(daemon, arguments.chat)}
    if arguments.level:
        params["level"] = arguments.level
        chat = daemon.call("chat/configure", params)["chat"]
    else:
        chat = daemon.call("chat/get", params)["chat"]
    if arguments.json:
        output().json({"chatId": chat["id"], "level": chat["level"]})
    else:
        output().say(chat["level"])
    return DONE


def declare_audit(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only this chat's decisions")
    parser.add_argument("--tool", help="only this tool's")
    parser.add_argument("--path", help="only those that name this path or text")
    parser.add_argument("--since", metavar="TIME", help="such as 2026-11-23 or with a time, UTC")
    parser.add_argument("--until", metavar="TIME", help="of a date: its end")
    parser.add_argument(
        "--limit", type=options.how_many, default=100, help="how many at most (100)"
    )
    options.json(parser)


def run_audit(arguments: Namespace) -> int:
    named = ("tool", "path", "limit")
    params = {name: value for name in named if (value := getattr(arguments, name)) is not None}
    if arguments.since:
        params["since"] = _moment(arguments.since, "00:00")
    if arguments.until:
        params["until"] = _moment(arguments.until, "23:59:59.999")
    with Daemon() as daemon:
        if arguments.chat:
            params["chatId"] = choosing.chat_id(daemon, arguments.chat)
        decisions = daemon.call("permission/audit", params).get("decisions", [])
    if arguments.json:
        output().json(decisions)
        return DONE
    for decision in reversed(decisions):
        output().say(_decision(decision))
    return DONE


def _moment(text: str, time_of_day: str) -> str:
    """As the protocol has it: a date with its time, and with an offset."""
    dated = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](.*))?", text)
    if not dated:
        return text
    time = dated[2] or time_of_day
    return f"{dated[1]}T{time}" + ("" if re.search(r"Z$|[+-]\d\d:?\d\d$", time) else "Z")


def _decision(decision: Json) -> str:
    outcome = decision.get("outcome") or "waits"
    colour = {"allow": "green", "deny": "red"}.get(outcome, "yellow")
    at = decision["openedAt"][:19].replace("T", " ")
    request = decision.get("request") or {}
    paths = " ".join(request.get("paths", []))
    about = request.get("command") or paths or "(removed with its chat)"
    who = "" if decision.get("automatic") else decision.get("by", "")
    by = ": ".join(filter(None, [who, decision.get("rule", "")])) or decision.get("by", "")
    if decision.get("confined"):
        by = f"confined, {by}"
    head = f"{output().paint(at, 'dim')} {output().paint(f'{outcome:<9}', colour)}"
    subject = f"{decision['chatId']} {decision['tool']:<7} {cut(line(about), output().room(94))}"
    return f"{head} {subject}  {output().paint(cut(line(by), 60), 'dim')}"


VERBS = {
    "rules": (declare_rules, run_rules),
    "level": (declare_level, run_level),
    "audit": (declare_audit, run_audit),
}
