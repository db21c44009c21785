"""Owns the command about agents: which there are, added, tested and removed."""

from __future__ import annotations

from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import carried
from claudette_cli.commands import options
from claudette_cli.exits import DONE, FAILED
from claudette_cli.terminal.output import errors, exact, line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

_SEALED = {
    "bytes": "what you approve is what runs",
    "call": "you approve the call as the agent names it",
    "none": "nothing that can be checked",
}


def declare_agent(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="list|add|test|remove")
    options.json(verbs.add_parser("list", help="list the agents and what each can do"))
    adding = verbs.add_parser(
        "add", help="add an agent that speaks the Agent Client Protocol, or change its command"
    )
    adding.add_argument("name", help="what you will call it, such as opencode")
    adding.add_argument(
        "--like", metavar="KNOWN", default="", help="which known agent it is, behind a wrapper"
    )
    adding.add_argument(
        "command", nargs="+", metavar="-- COMMAND", help="what starts it, such as opencode acp"
    )
    options.json(adding)
    testing = verbs.add_parser("test", help="start an agent, show what it is, and end it")
    testing.add_argument("agent")
    options.json(testing)
    removing = verbs.add_parser("remove", help="remove an agent that was added")
    removing.add_argument("agent")
    options.json(removing)
    options.json(parser)


def run_agent(arguments: Namespace) -> int:
    acts = {"add": _add, "test": _test, "remove": _remove}
    return acts.get(arguments.verb or "list", _list)(arguments)


def _list(arguments: Namespace) -> int:
    with Daemon() as daemon:
        agents = daemon.call("harness/list").get("harnesses", [])
    if arguments.json:
        output().json(agents)
        return DONE
    for agent in agents:
        _print(agent)
    return DONE


def _print(agent: Json) -> None:
    terminal = output()
    mark = "○" if agent.get("missing") else terminal.paint("●", "green")
    terminal.say(f"{mark} {agent['id']:<17} {line(agent['name'])}")
    for detail in _details(agent):
        terminal.say(terminal.paint(f"    {exact(detail)}", "dim"))


def _details(agent: Json) -> list[str]:
    can = agent.get("capabilities", {})
    lines = []
    if agent.get("command"):
        lines.append(" ".join(agent["command"]))
    if agent.get("missing"):
        lines.append(agent["missing"])
    if can.get("asks", True):
        lines.append(f"asks before it acts; {_SEALED[can.get('sealed', 'bytes')]}")
    else:
        lines.append("does not ask before it acts: runs at the level full only")
    if agent.get("tested"):
        lines.append(f"tested with version {agent['tested']}")
    if agent.get("signIn"):
        lines.append(f"to sign in: {agent['signIn']}")
    return lines


def _add(arguments: Namespace) -> int:
    params = {"name": arguments.name, "command": arguments.command}
    if arguments.like:
        params["like"] = arguments.like
    with Daemon() as daemon:
        agent = daemon.call("harness/add", params)["harness"]
    if arguments.json:
        output().json(agent)
        return DONE
    _print(agent)
    output().say(
        f"To see whether it works: claudette agent test {agent['id']}\n"
        f"To use it: claudette new --agent {agent['id']}"
    )
    return DONE


def _test(arguments: Namespace) -> int:
    with Daemon() as daemon:
        told = daemon.call("harness/test", {"name": arguments.agent, "env": carried()})
    if arguments.json:
        output().json(told)
    else:
        _tell(told)
    return DONE if told.get("ok") else FAILED


def _tell(told: Json) -> None:
    agent = told["harness"]
    modes = [
        f"{mode} (used)" if mode == told.get("mode") else mode for mode in told.get("modes", [])
    ]
    rows = [
        ("command", " ".join(agent.get("command", []))),
        ("known as", agent.get("like", "") or "not known to claudetted"),
    ]
    if told.get("version"):
        rows += [
            ("agent", f"{told.get('callsItself', '')} {told['version']}".strip()),
            ("signed in", "yes" if told.get("signedIn", True) else "no"),
            ("modes", ", ".join(modes) or "none"),
            ("models", str(len(told.get("models", [])))),
        ]
    for name, value in rows:
        output().say(f"{output().paint(f'{name:<10}', 'dim')} {line(value)}")
    output().say(told["message"] if told.get("ok") else output().paint(told["message"], "red"))


def _remove(arguments: Namespace) -> int:
    with Daemon() as daemon:
        told = daemon.call("harness/remove", {"name": arguments.agent})
    chats = told.get("chats", [])
    if arguments.json:
        output().json(told)
    elif chats:
        count = f"{len(chats)} chat{'s' * (len(chats) != 1)}"
        errors().say(
            f"{count} used it and can go on once there is an agent {arguments.agent} again: "
            f"{', '.join(chats[:5])}"
        )
    return DONE


VERBS = {"agent": (declare_agent, run_agent)}
