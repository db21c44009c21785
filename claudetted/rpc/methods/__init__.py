"""One thin handler a method: parameters in, the chat's task or the disk asked, a result out."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from types import ModuleType
from typing import Any

from claudetted.protocol.registry import METHODS
from claudetted.rpc.caller import Caller
from claudetted.rpc.dispatch import Handler
from claudetted.rpc.methods import (
    attention,
    backends,
    chats,
    commands,
    daemon,
    devices,
    events,
    harnesses,
    items,
    logins,
    models,
    permissions,
    processes,
    providers,
    questions,
    queue,
    remote,
    rules,
    settings,
    turns,
    usage,
)
from claudetted.rpc.services import Services

_NOUNS: dict[str, ModuleType] = {
    "daemon": daemon,
    "chat": chats,
    "item": items,
    "turn": turns,
    "queue": queue,
    "permission": permissions,
    "command": commands,
    "question": questions,
    "rule": rules,
    "setting": settings,
    "attention": attention,
    "process": processes,
    "provider": providers,
    "harness": harnesses,
    "backend": backends,
    "model": models,
    "login": logins,
    "usage": usage,
    "event": events,
    "remote": remote,
    "device": devices,
}


def handlers(services: Services) -> dict[str, Handler]:
    """Every method of the registry with the function of its noun's module named after its verb."""
    return {method.name: partial(_function(method.name), services) for method in METHODS}


def _function(name: str) -> Callable[[Services, Caller, Any], Awaitable[Any]]:
    noun, camel = name.split("/")
    verb = re.sub("([A-Z])", r"_\1", camel).lower()
    module = _NOUNS[noun]
    function: Callable[[Services, Caller, Any], Awaitable[Any]] = getattr(
        module, verb, None
    ) or getattr(module, verb + "_")
    return function
