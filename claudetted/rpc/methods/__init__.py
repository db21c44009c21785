"""One thin handler a method: parameters in, the chat's task or the disk asked, a result out."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from types import ModuleType
from typing import Any

from claudetted.protocol.registry import METHODS
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.dispatch import Handler
from claudetted.rpc.methods import (
    attention,
    backends,
    chats,
    commands,
    daemon,
    events,
    items,
    logins,
    models,
    permissions,
    processes,
    providers,
    questions,
    queue,
    rules,
    settings,
    turns,
    usage,
)

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
    "backend": backends,
    "model": models,
    "login": logins,
    "usage": usage,
    "event": events,
}


def handlers(desk: Desk) -> dict[str, Handler]:
    """Every method of the registry with the function of its noun's module named after its verb."""
    return {method.name: partial(_function(method.name), desk) for method in METHODS}


def _function(name: str) -> Callable[[Desk, Caller, Any], Awaitable[Any]]:
    noun, camel = name.split("/")
    verb = re.sub("([A-Z])", r"_\1", camel).lower()
    module = _NOUNS[noun]
    function: Callable[[Desk, Caller, Any], Awaitable[Any]] = getattr(
        module, verb, None
    ) or getattr(module, verb + "_")
    return function
