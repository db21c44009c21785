"""Owns the handlers of harnesses."""

from typing import Any

import msgspec

from claudetted.harnesses.acp import known
from claudetted.harnesses.registry import CONTROL, HARNESSES, RESERVED
from claudetted.protocol import errors, harnesses
from claudetted.protocol.base import ChatId, NoParams
from claudetted.protocol.chats import ListParams
from claudetted.protocol.settings import AGENTS
from claudetted.rpc.caller import Caller
from claudetted.rpc.methods import chats
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import preferences

_PAGE = 200


async def list_(services: Services, caller: Caller, params: NoParams) -> harnesses.ListResult:
    return harnesses.ListResult(services.harnesses.listed())


async def add(
    services: Services, caller: Caller, params: harnesses.AddParams
) -> harnesses.HarnessResult:
    check_names([params.name])
    if params.like and known.by_id(params.like) is None:
        names = ", ".join(one.id for one in known.KNOWN)
        message = f"claudetted knows no agent {params.like}; it knows: {names}."
        raise errors.InvalidParams(message, path="$.like")
    added = harnesses.Added(params.command, params.like)
    await _store(services, {**_added(services), params.name: added})
    return harnesses.HarnessResult(services.harnesses.described(params.name))


async def remove(
    services: Services, caller: Caller, params: harnesses.NameParams
) -> harnesses.RemoveResult:
    rest = _added(services)
    _require(rest, params.name)
    del rest[params.name]
    await _store(services, rest)
    return harnesses.RemoveResult(await _chats_of(services, caller, params.name))


async def test(
    services: Services, caller: Caller, params: harnesses.TestParams
) -> harnesses.TestResult:
    if params.name == CONTROL.id:
        message = "Pi comes with claudetted; to see what it can use: claudette provider"
        raise errors.HarnessMissing(message, harness=params.name)
    harness = services.harnesses.described(params.name)
    try:
        told = await services.harnesses.inspected(params.name, params.env)
    except (errors.HarnessMissing, errors.HarnessFailed) as failed:
        return harnesses.TestResult(harness, False, failed.message)
    return harnesses.TestResult(
        harness,
        not told.problem,
        told.problem or _works(harness),
        told.calls_itself,
        told.version,
        told.signed_in,
        told.modes,
        told.mode,
        told.models,
    )


def check_names(names: list[str]) -> None:
    """Raises InvalidParams for what means an agent of ours."""
    taken = RESERVED.union(HARNESSES)
    if wrong := next((name for name in names if name in taken), None):
        message = f"The name {wrong} means an agent of claudetted's own; choose another."
        raise errors.InvalidParams(message, path="$.name")


def _works(harness: harnesses.Harness) -> str:
    name = harness.id
    if not harness.capabilities.asks:
        return f"{name} works. It does not ask before it acts: it runs at the level full only."
    if not harness.like:
        return (
            f"{name} works. claudetted does not know it: a turn in which it acts without asking is "
            "stopped, once that shows."
        )
    return f"{name} works. It asks before it acts."


def _added(services: Services) -> dict[str, harnesses.Added]:
    return services.manager.world.harnesses.added


def _require(added: dict[str, harnesses.Added], name: str) -> None:
    if name not in added:
        names = f"; there are: {', '.join(added)}" if added else ""
        message = f"There is no agent {name} that was added{names}."
        raise errors.HarnessMissing(message, harness=name)


async def _store(services: Services, added: dict[str, harnesses.Added]) -> None:
    value: dict[str, Any] | None = msgspec.to_builtins(added) or None
    await preferences.put(services, AGENTS, value)


async def _chats_of(services: Services, caller: Caller, name: str) -> list[ChatId]:
    """The chats that are not archived."""
    found, cursor = [], None
    while True:
        page = await chats.list_(services, caller, ListParams(cursor, _PAGE))
        found += [chat.id for chat in page.chats if chat.harness == name]
        cursor = page.cursor
        if cursor is None:
            return found
