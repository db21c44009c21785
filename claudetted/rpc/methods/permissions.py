"""Owns the handlers of permissions."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

import msgspec

from claudetted.chat import ids
from claudetted.chat.actor import Actor
from claudetted.chat.plans import permissions as planning, verdicts
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.chat.state.requests import fit
from claudetted.chat.step import Step
from claudetted.permissions.places import Disk
from claudetted.protocol import errors, permissions
from claudetted.protocol.base import ChatId, PermissionId
from claudetted.rpc.caller import Caller
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.store import decisions, transcripts

_decode_request = msgspec.json.Decoder(permissions.Request).decode

Plan = Callable[[Step], permissions.DecideResult | None]


async def list_(
    services: Services, caller: Caller, params: permissions.ListParams
) -> permissions.ListResult:
    if params.chat_id:
        actor = await services.manager.find(params.chat_id)
        return permissions.ListResult(list(actor.state.permissions.values()))
    return permissions.ListResult(await open_everywhere(services))


async def open_everywhere(services: Services) -> list[permissions.Permission]:
    """Every open request, the oldest first."""
    chats = await services.database.read(transcripts.chats_with_open_permissions)
    found: list[permissions.Permission] = []
    for chat in chats:
        with suppress(errors.ChatNotFound):  # removed meanwhile, with what was asked in it
            actor = await services.manager.find(ChatId(chat))
            found += actor.state.permissions.values()
    return sorted(found, key=lambda asked: asked.opened_at)


async def decide(
    services: Services, caller: Caller, params: permissions.DecideParams
) -> permissions.DecideResult:
    """The first decision wins; a later one learns of it when it is committed.

    A deny needs no disk: what cannot be recorded now is recorded later.
    """
    if params.decision == "allow":
        caller.client.peer.require_allowing("Allowing a request")
        if params.scope != "once":
            caller.client.peer.require("configure", "Allowing more than this one request")
    keyed = Keyed(services.database, "permission/decide", params.key, params)

    async def act() -> permissions.DecideResult:
        chat_id = await _chat_of(services, params.permission_id)
        actor = await services.manager.find(chat_id)
        plan = partial(_decide, caller, params, keyed)
        try:
            result = await _carry_out(services, actor, plan, params)
        except errors.StoreFull:
            if params.decision != "deny":
                raise
            result = await _deny_first(services, actor, plan, params, caller.client.who)
        if result is None:
            raise await _gone(services, params.permission_id, actor)
        return result

    try:
        return await keyed.once(permissions.DecideResult, act)
    except errors.ChatNotFound:
        raise await _gone(services, params.permission_id) from None


async def _carry_out(
    services: Services, actor: Actor, plan: Plan, params: permissions.DecideParams
) -> permissions.DecideResult | None:
    result = await actor.ask(plan)
    if result and params.scope in ("workspace", "user"):
        await _judge_elsewhere(services, actor.chat_id)
    return result


async def _deny_first(
    services: Services, actor: Actor, plan: Plan, params: permissions.DecideParams, by: str
) -> permissions.DecideResult | None:
    """The disk is full: the agent is told, and the plan is carried out when it can be."""
    resolution = permissions.Resolution("deny", by, params.reason, params.scope)

    def plan_again(step: Step) -> permissions.DecideResult | None:
        step.denied.pop(params.permission_id, None)
        return plan(step)

    acted = await actor.ask(
        partial(
            actor.denials.act,
            permission_id=params.permission_id,
            resolution=resolution,
            record=partial(_carry_out, services, actor, plan_again, params),
        )
    )
    if not acted:
        return None
    return permissions.DecideResult(params.permission_id, resolution, recorded=False)


async def _judge_elsewhere(services: Services, decided_in: ChatId) -> None:
    """A rule that was left for more than one chat speaks for what waits in the others, too."""
    waiting = await services.database.read(transcripts.chats_with_open_permissions)
    for chat_id in waiting:
        # What cannot be settled now still waits for a person.
        with suppress(errors.ChatNotFound, errors.StoreFull):
            if chat_id != decided_in:
                actor = await services.manager.find(ChatId(chat_id))
                await actor.ask(planning.judge_again)


def _decide(
    caller: Caller, params: permissions.DecideParams, keyed: Keyed, step: Step
) -> permissions.DecideResult | None:
    """None when the request is no longer open."""
    if not step.is_open(params.permission_id):
        return None
    resolution = planning.decide(
        step,
        params.permission_id,
        params.decision,
        params.scope,
        caller.client.who,
        params.reason,
        params.digest,
        params.seen_whole,
    )
    result = permissions.DecideResult(params.permission_id, resolution)
    keyed.remember(step, result)
    return result


async def explain(
    services: Services, caller: Caller, params: permissions.ExplainParams
) -> permissions.ExplainResult:
    """Of an open request, or of a call that was not made."""
    if params.permission_id:
        chat_id = await _chat_of(services, params.permission_id)
    elif params.chat_id:
        chat_id = params.chat_id
    else:
        raise errors.InvalidParams("Name a request or a chat.", path="$.permissionId")
    world = services.manager.world
    weigh = partial(verdicts.explain, world.rulebook, world.places)

    def plan(step: Step) -> permissions.ExplainResult | None:
        if not params.permission_id:
            return weigh(step, _supposed(params, step.state.chat.workspace, world.places.disk))
        permission = step.state.permissions.get(params.permission_id)
        return weigh(step, permission.request) if permission else None

    try:
        actor = await services.manager.find(chat_id)
        result = await actor.ask(plan)
    except errors.ChatNotFound:
        if params.permission_id:
            raise await _gone(services, params.permission_id) from None
        raise
    if result is None:
        assert params.permission_id
        raise await _gone(services, params.permission_id, actor)
    return result


def _supposed(params: permissions.ExplainParams, cwd: str, disk: Disk) -> permissions.Request:
    """A call that nobody made, with real paths like one that was."""
    paths = [disk.real(os.path.join(cwd, path)) for path in params.paths]
    return permissions.Request(
        params.tool,
        params.access,
        "",
        command=params.command,
        cwd=cwd,
        paths=paths,
        hosts=params.hosts,
    )


async def audit(
    services: Services, caller: Caller, params: permissions.AuditParams
) -> permissions.AuditResult:
    wanted = decisions.Filter(
        params.chat_id,
        params.tool,
        params.path,
        _moment(params.since, "$.since"),
        _moment(params.until, "$.until"),
        _position(params.cursor) if params.cursor else None,
        params.limit + 1,
    )
    rows = await services.database.read(partial(decisions.find, wanted=wanted))
    page = [_decided(row) for row in rows[: params.limit]]
    more = len(rows) > params.limit
    cursor = f"{page[-1].opened_at} {page[-1].permission_id}" if more else None
    return permissions.AuditResult(page, cursor)


def _moment(text: str | None, path: str) -> str | None:
    """A time as the record has it."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        with suppress(OverflowError):  # In UTC it may be before the year 1, or after 9999.
            return ids.stamp(moment)
    raise errors.InvalidParams(
        "Expected an RFC 3339 time with an offset, such as 2026-11-29T12:00:00Z.", path=path
    )


def _position(cursor: str) -> tuple[str, str]:
    at, _, permission_id = cursor.partition(" ")
    if not permission_id:
        raise errors.InvalidParams("The cursor is invalid.", path="$.cursor")
    return at, permission_id


def _decided(row: decisions.Row) -> permissions.Decided:
    return msgspec.convert(
        {
            "permissionId": row.id,
            "chatId": row.chat_id,
            "tool": row.tool,
            "digest": row.digest,
            "openedAt": row.opened_at,
            "automatic": bool(row.automatic),
            "confined": bool(row.confined),
            "outcome": row.outcome,
            "resolvedAt": row.resolved_at or "",
            "by": row.by or "",
            "reason": row.why or "",
            "scope": row.scope,
            "rule": row.rule,
            "request": fit(_decode_request(row.request)) if row.request else None,
        },
        permissions.Decided,
    )


async def get(
    services: Services, caller: Caller, params: permissions.GetParams
) -> permissions.GetResult:
    """Also of one that was decided, while its chat is there; waits for a diff on its way."""
    query = partial(transcripts.request, permission_id=params.permission_id)
    stored = await services.database.read(query)
    if stored is None:
        raise _not_found(params.permission_id)
    request = _decode_request(stored)
    try:
        piece, available = await _piece(services, request, params)
    except errors.ChatNotFound:
        raise _not_found(params.permission_id) from None
    total = max(available, request.diff_bytes if params.field == "diff" else 0)
    text = piece.decode(errors="ignore")
    return permissions.GetResult(
        params.permission_id, fit(request), text, params.offset, available, total
    )


async def _piece(
    services: Services, request: permissions.Request, params: permissions.GetParams
) -> tuple[bytes, int]:
    """What was asked for of a field, and the length of all that is there of it."""
    if params.field == "diff" and request.diff_bytes:
        found = await _diff_beside(services, params)
        if found:
            return found
    whole = _field(request, params.field).encode()
    return whole[params.offset : params.offset + params.limit], len(whole)


async def _diff_beside(
    services: Services, params: permissions.GetParams
) -> tuple[bytes, int] | None:
    """Of a diff that is stored beside its request; None when the request has all there is."""
    chat_id = await _chat_of(services, params.permission_id)
    actor = await services.manager.find(chat_id)
    await actor.until(partial(_has_come, params.permission_id))
    return await services.database.read(
        partial(
            transcripts.payload,
            chat_id=chat_id,
            item_id=params.permission_id,
            field="diff",
            offset=params.offset,
            limit=params.limit,
        )
    )


def _has_come(
    permission_id: PermissionId, _state: ChatState, agent: Agent, _events: object
) -> bool | None:
    return permission_id not in agent.diffs or None


def _field(request: permissions.Request, field: permissions.RequestField) -> str:
    if field == "command":
        return request.command
    return request.diff if field == "diff" else request.input


async def _chat_of(services: Services, permission_id: PermissionId) -> ChatId:
    query = partial(transcripts.permission, permission_id=permission_id)
    row = await services.database.read(query)
    if row is None:
        raise _not_found(permission_id)
    return ChatId(row[0])


def _not_found(permission_id: PermissionId) -> errors.PermissionNotFound:
    return errors.PermissionNotFound(
        f"There is no request {permission_id}.", permission_id=permission_id
    )


async def _gone(
    services: Services, permission_id: PermissionId, actor: Actor | None = None
) -> errors.Fault:
    """How a request ended. That is on record also when its chat is removed, but for what an
    `actor` could not record yet."""
    denied = actor.denials.unrecorded.get(permission_id) if actor else None
    if denied:
        return _resolved(permission_id, denied.outcome, denied.by)
    query = partial(transcripts.permission, permission_id=permission_id)
    row = await services.database.read(query)
    _chat, outcome, by, _why = row or (None, None, "", "")
    return _resolved(permission_id, outcome, by) if outcome else _not_found(permission_id)


def _resolved(permission_id: PermissionId, outcome: str, by: str) -> errors.PermissionGone:
    return errors.PermissionGone(
        f"The request was already resolved: {outcome}, by {by}.",
        permission_id=permission_id,
        decision=outcome,
        by=by,
    )
