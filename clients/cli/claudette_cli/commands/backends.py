"""Owns the command about backends: which servers and runtimes there are, changed and tested."""

from __future__ import annotations

import sys

from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import network
from claudette_cli.commands import options
from claudette_cli.exits import DONE, FAILED, USAGE, Failure
from claudette_cli.terminal.output import errors, exact, line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

_RUNTIMES = ("pi", "claude", "codex", "default")


def declare_backend(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="list|set|test")
    options.json(verbs.add_parser("list", help="list the backends and their runtimes"))
    setting = verbs.add_parser("set", help="change a backend, then test it")
    setting.add_argument("backend", help="such as ollama, lmstudio or custom-openai")
    setting.add_argument("--url", help="address of its server; empty restores the default")
    setting.add_argument(
        "--key", action="store_true", help="store a key, typed unseen or read from stdin"
    )
    setting.add_argument("--no-key", action="store_true", help="remove the stored key")
    setting.add_argument("--runtime", choices=_RUNTIMES, help="what runs the agent of its chats")
    setting.add_argument("--model", metavar="NAME", help="its default model")
    setting.add_argument("--models", metavar="A,B", help="for a server that does not list them")
    setting.add_argument(
        "--context-window",
        type=int,
        metavar="TOKENS",
        help="limit of its models' context; 0: as the server says",
    )
    switch = setting.add_mutually_exclusive_group()
    switch.add_argument("--enable", action="store_true", help="offer its models")
    switch.add_argument("--disable", action="store_true", help="do not use it")
    options.json(setting)
    testing = verbs.add_parser("test", help="test a backend and list its models")
    testing.add_argument("backend")
    options.json(testing)
    options.json(parser)


def run_backend(arguments: Namespace) -> int:
    acts = {"set": _set, "test": _test}
    return acts.get(arguments.verb or "list", _list)(arguments)


def _list(arguments: Namespace) -> int:
    with Daemon() as daemon:
        backends = daemon.call("backend/list").get("backends", [])
    if arguments.json:
        output().json(backends)
        return DONE
    for backend in backends:
        output().say(_row(backend))
        for detail in _details(backend):
            output().say(output().paint(f"    {exact(detail)}", "dim"))
    return DONE


def _row(backend: Json) -> str:
    runtime = _runtime(backend, backend["runtime"])
    ready = backend.get("enabled", True) and not runtime.get("missing")
    mark = output().paint("●", "green") if ready and backend.get("models") else "○"
    if not backend.get("enabled", True):
        state = "switched off"
    elif runtime.get("missing"):
        state = f"{runtime['name']}, which is missing"
    else:
        state = runtime["name"]
    count = backend.get("models", 0)
    models = f"  {count} model{'s' * (count != 1)}" if count else ""
    return f"{mark} {backend['id']:<17} {state}{models}"


def _details(backend: Json) -> list[str]:
    shown = [_named(backend, runtime) for runtime in backend["runtimes"]]
    lines = [backend["about"], f"runtimes: {', '.join(shown)}"]
    if backend.get("url"):
        key = ", with a key" if backend.get("hasKey") else ""
        lines.append(f"at {backend['url']}{key}")
    if backend.get("defaultModel"):
        lines.append(f"model: {backend['defaultModel']}")
    if backend.get("contextWindow"):
        lines.append(f"context window: at most {backend['contextWindow']}")
    return lines


def _named(backend: Json, runtime: Json) -> str:
    notes = [
        "in use" * (runtime["id"] == backend["runtime"]),
        "default" * (runtime["id"] == backend["defaultRuntime"]),
        "missing" * bool(runtime.get("missing")),
    ]
    said = ", ".join(filter(None, notes))
    return f"{runtime['id']} ({said})" if said else str(runtime["id"])


def _runtime(backend: Json, wanted: str) -> Json:
    return next(dict(one) for one in backend["runtimes"] if one["id"] == wanted)


def _set(arguments: Namespace) -> int:
    params = _changes(arguments)
    if not params:
        raise Failure("Nothing to change; see: claudette backend set --help", USAGE)
    with Daemon() as daemon:
        told = daemon.call("backend/update", {"backend": arguments.backend, **params})
        backend = told["backend"]
        if arguments.json:
            output().json(told)
            return DONE
        output().say(_row(backend))
        runtime = _runtime(backend, backend["runtime"])
        if backend.get("enabled", True) and backend.get("url") and not runtime.get("missing"):
            return _ask(daemon, backend, as_json=False)
    return DONE


def _changes(arguments: Namespace) -> Json:
    params: Json = {}
    if arguments.url is not None:
        params["url"] = arguments.url
    if arguments.key or arguments.no_key:
        params["key"] = _typed_key(arguments.backend) if arguments.key else ""
    if arguments.runtime:
        params["runtime"] = "" if arguments.runtime == "default" else arguments.runtime
    if arguments.model is not None:
        params["defaultModel"] = arguments.model
    if arguments.models is not None:
        params["models"] = [name for name in arguments.models.split(",") if name]
    if arguments.context_window is not None:
        params["contextWindow"] = arguments.context_window
    if arguments.enable or arguments.disable:
        params["enabled"] = bool(arguments.enable)
    return params


def _typed_key(backend: str) -> str:
    """Never an argument: those are seen by everybody and stay in the shell's history."""
    if not sys.stdin.isatty():
        return sys.stdin.read().strip()
    from getpass import getpass

    return getpass(f"Key for {backend}: ").strip()


def _test(arguments: Namespace) -> int:
    with Daemon() as daemon:
        rows = {row["id"]: row for row in daemon.call("backend/list").get("backends", [])}
        backend = rows.get(arguments.backend, {"id": arguments.backend})
        return _ask(daemon, backend, as_json=arguments.json)


def _ask(daemon: Daemon, backend: Json, *, as_json: bool) -> int:
    if errors().interactive:
        errors().say(f"Asking {backend.get('name', backend['id'])} …")
    told = daemon.call("backend/test", {"backend": backend["id"], "env": network()})
    if as_json:
        output().json(told)
    elif told.get("ok"):
        output().say(told["message"])
        for model in told.get("models", [])[:20]:
            output().say(f"  {line(model)}")
        if (more := len(told.get("models", [])) - 20) > 0:
            output().say(output().paint(f"  … and {more} more: claudette model", "dim"))
    else:
        raise Failure(told["message"], FAILED)
    return DONE if told.get("ok") else FAILED


VERBS = {"backend": (declare_backend, run_backend)}
