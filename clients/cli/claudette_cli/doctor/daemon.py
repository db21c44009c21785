"""Owns what the doctor asks the daemon: agents, providers, servers, keys, and what it sees."""

from __future__ import annotations

import os

from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import carried
from claudette_cli.doctor.finding import NOTE, OK, PROBLEM, Finding
from claudette_cli.exits import Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Json = dict[str, Any]


def look() -> Iterator[Finding]:
    """One that does not start is a finding as well."""
    try:
        with Daemon() as daemon:
            daemon.call("daemon/status")
            for part in (_status, _settings, _surroundings, _agents, _providers, _servers):
                yield from _findings(part, daemon)
    except Failure as failure:
        yield Finding("daemon", PROBLEM, failure.message, "its log: claudette logs")


def _findings(part: Callable[[Daemon], Iterator[Finding]], daemon: Daemon) -> Iterator[Finding]:
    """A daemon that refuses one question still answers the others."""
    try:
        yield from part(daemon)
    except Refused as refused:
        yield Finding(part.__name__.strip("_"), PROBLEM, refused.message)


def _status(daemon: Daemon) -> Iterator[Finding]:
    told = daemon.call("daemon/status")
    keeper = told.get("keeperPid")
    yield Finding("keeper", OK, f"pid {keeper}" if keeper else "starts with the first agent")
    if told.get("box"):
        yield Finding("box", OK, told["box"])
    else:
        said = "commands that run unasked are confined by nothing, so more of them ask"
        yield Finding("box", NOTE, said, told.get("boxMissing", ""))
    if why := told.get("loginShell"):
        said = "agents start from the daemon's own environment"
        yield Finding("login shell", PROBLEM, f"{said}: {why}", "claudette env refresh")
    yield _door(told.get("remote"))


def _settings(daemon: Daemon) -> Iterator[Finding]:
    told = daemon.call("setting/list")
    file = told.get("file", "")
    for problem in told.get("problems", []):
        key = f"{problem['key']}: " if problem["key"] else ""
        said = f"{file}:{problem['line']}: {key}{problem['why']} What held before holds on."
        yield Finding("settings", PROBLEM, said, f"edit {file}")
    if not told.get("problems"):
        yield Finding("settings", OK, file)


def _door(remote: Json | None) -> Finding:
    if remote is None:
        return Finding("remote", OK, "no other machine and no browser can reach the daemon")
    if remote.get("fault"):
        return Finding("remote", PROBLEM, f"{remote['listen']}: {remote['fault']}")
    if remote.get("insecure"):
        said = f"{remote['url']} is reached without TLS: what is said can be read on the way"
        return Finding("remote", PROBLEM, said, "claudette remote enable --help")
    return Finding("remote", OK, f"{remote['url']}")


def _surroundings(daemon: Daemon) -> Iterator[Finding]:
    told = daemon.call("daemon/diagnose")
    if missing := told.get("keychainMissing"):
        yield Finding("keychain", NOTE, missing)
    else:
        yield Finding("keychain", OK, told.get("keychain", ""))
    has, here = told.get("path", "").split(":"), os.environ.get("PATH", "").split(":")
    lacking = [place for place in dict.fromkeys(here) if place and place not in has]
    if lacking:
        said = f"your login shell's PATH lacks {', '.join(lacking)}"
        advice = "a chat has this shell's PATH from an attach on; agents are looked for on both"
        yield Finding("login PATH", OK, said, advice)
    proxies = told.get("proxies", [])
    yield Finding("proxies", OK, ", ".join(proxies) or "none")


def _agents(daemon: Daemon) -> Iterator[Finding]:
    for agent in daemon.call("harness/list").get("harnesses", []):
        if agent.get("missing"):
            yield Finding(agent["name"], NOTE, agent["missing"])
        elif agent.get("signIn") and not agent.get("command"):
            yield _program(daemon, agent)
        else:
            yield Finding(agent["name"], OK, "can run")


def _program(daemon: Daemon, agent: Json) -> Finding:
    """A vendor's own, which says how it is."""
    told = daemon.call("harness/test", {"name": agent["id"], "env": carried()})
    if not told.get("ok"):
        return Finding(agent["name"], NOTE, told["message"])
    return Finding(agent["name"], OK, f"{told['version']}, signed in")


def _providers(daemon: Daemon) -> Iterator[Finding]:
    told = daemon.call("provider/list")
    if told.get("trouble"):
        yield Finding("providers", PROBLEM, told["trouble"])
    rows = told.get("providers", [])
    usable = [row for row in rows if row.get("configured") and not row.get("blocked")]
    named = ", ".join(f"{row['id']} ({row['source']})" for row in usable)
    if usable:
        yield Finding("providers", OK, named)
    else:
        advice = "claudette provider login github-copilot, or: claudette provider set openrouter"
        yield Finding("providers", NOTE, "none has a key or a sign-in", advice)
    for row in rows:
        if row.get("configured") and row.get("blocked"):
            yield Finding("providers", NOTE, f"{row['id']} is not used: {row['blocked']}")


def _servers(daemon: Daemon) -> Iterator[Finding]:
    for backend in daemon.call("backend/list").get("backends", []):
        if not backend.get("url") or not backend.get("enabled", True):
            continue
        told = daemon.call("backend/test", {"backend": backend["id"]})
        chosen = backend.get("ownUrl") or backend.get("defaultModel")
        state = OK if told.get("ok") or not chosen else PROBLEM
        name = backend.get("name", backend["id"])
        if told.get("ok"):
            yield Finding(name, OK, f"{len(told.get('models', []))} models at {backend['url']}")
        else:
            said = f"no server at {backend['url']}"
            yield Finding(name, state, told.get("message", said) if chosen else said)
