"""Owns the handlers of permissions."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

import msgspec

from claudetted.chat import ids, judging
from claudetted.chat import permissions as planning
from claudetted.chat.actor import Actor
from claudetted.chat.step import Step
from claudetted.protocol import errors, permissions
from claudetted.protocol.base import ChatId, PermissionId
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.store import decisions, transcripts

Plan = Callable[[Step], permissions.DecideResult | None]


async def list_(
    desk: Desk, caller: Caller, params: permissions.ListParams
) -> permissions.ListResult:
    if params.chat_id:
        actor = await desk.manager.find(params.chat_id)
        return permissions.ListResult(list(actor.state.permissions.values()))
    return permissions.ListResult(await open_everywhere(desk))


async def open_everywhere(desk: Desk) -> list[permissions.Permission]:
    """Every open request, the oldest first."""
    chats = await desk.database.read(transcripts.chats_with_open_permissions)
    actors = [await desk.manager.find(ChatId(chat)) for chat in chats]
    found = [asked for actor in actors for asked in actor.state.permissions.values()]
    return sorted(found, key=lambda asked: asked.opened_at)


async def decide(
    desk: Desk, caller: Caller, params: permissions.DecideParams
) -> permissions.DecideResult:
    """The first decision wins; a later one learns of it when it is committed.

    A deny needs no disk: what cannot be recorded now is recorded later.
    """
    keyed = Keyed(desk.database, "permission/decide", params.key, params)

    async def act() -> permissions.DecideResult:
        chat_id = await _chat_of(desk, params.permission_id)
        actor = await desk.manager.find(chat_id)
        plan = partial(_decide, caller, params, keyed)
        try:
            result = await _carry_out(desk, actor, plan, params)
        except errors.StoreFull:
            if params.decision != "deny":
                raise
            result = await _deny_first(desk, actor, plan, params, caller.who)
        if result is None:
            raise await _gone(desk, actor, params.permission_id)
        return result

    return await keyed.once(permissions.DecideResult, act)


async def _carry_out(
    desk: Desk, actor: Actor, plan: Plan, params: permissions.DecideParams
) -> permissions.DecideResult | None:
    result = await actor.ask(plan)
    if result and params.scope in ("workspace", "user"):
        await _judge_elsewhere(desk, actor.chat_id)
    return result


async def _deny_first(
    desk: Desk, actor: Actor, plan: Plan, params: permissions.DecideParams, by: str
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
            record=partial(_carry_out, desk, actor, plan_again, params),
        )
    )
    if not acted:
        return None
    return permissions.DecideResult(params.permission_id, resolution, recorded=False)


async def _judge_elsewhere(desk: Desk, decided_in: ChatId) -> None:
    """A rule that was left for more than one chat speaks for what waits in the others, too."""
    waiting = await desk.database.read(transcripts.chats_with_open_permissions)
    for chat_id in waiting:
        # What cannot be settled now still waits for a person.
        with suppress(errors.ChatNotFound, errors.StoreFull):
            if chat_id != decided_in:
                actor = await desk.manager.find(ChatId(chat_id))
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
        caller.who,
        params.reason,
        params.digest,
    )
    result = permissions.DecideResult(params.permission_id, resolution)
    keyed.remember(step, result)
    return result


async def explain(
    desk: Desk, caller: Caller, params: permissions.ExplainParams
) -> permissions.ExplainResult:
    """Of an open request, or of a call that was not made."""
    if params.permission_id:
        chat_id = await _chat_of(desk, params.permission_id)
    elif params.chat_id:
        chat_id = params.chat_id
    else:
        raise errors.InvalidParams("Name a request or a chat.", path="$.permissionId")
    actor = await desk.manager.find(chat_id)
    world = desk.manager.world
    weigh = partial(judging.explain, world.rulebook, world.places)

    def plan(step: Step) -> permissions.ExplainResult | None:
        if not params.permission_id:
            return weigh(step, supposed_request(params, step.state.chat.workspace))
        permission = step.state.permissions.get(params.permission_id)
        return weigh(step, permission.request) if permission else None

    result = await actor.ask(plan)
    if result is None:
        assert params.permission_id
        raise await _gone(desk, actor, params.permission_id)
    return result


def supposed_request(params: permissions.ExplainParams, cwd: str) -> permissions.Request:
    """A call that nobody made, with real paths like one that was."""
    paths = [os.path.realpath(os.path.join(cwd, path)) for path in params.paths]
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
    desk: Desk, caller: Caller, params: permissions.AuditParams
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
    rows = await desk.database.read(partial(decisions.find, wanted=wanted))
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
    if moment is None or moment.tzinfo is None:
        raise errors.InvalidParams("That is no time of RFC 3339, with its offset.", path=path)
    return ids.stamp(moment)


def _position(cursor: str) -> tuple[str, str]:
    at, _, permission_id = cursor.partition(" ")
    if not permission_id:
        raise errors.InvalidParams("The cursor is not one of ours.", path="$.cursor")
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
            "outcome": row.outcome,
            "resolvedAt": row.resolved_at or "",
            "by": row.by or "",
            "reason": row.why or "",
            "scope": row.scope,
            "rule": row.rule,
            "request": msgspec.json.decode(row.request) if row.request else None,
        },
        permissions.Decided,
    )


async def _chat_of(desk: Desk, permission_id: PermissionId) -> ChatId:
    query = partial(transcripts.permission, permission_id=permission_id)
    row = await desk.database.read(query)
    if row is None:
        raise errors.PermissionNotFound(
            f"There is no request {permission_id}.", permission_id=permission_id
        )
    return ChatId(row[0])


async def _gone(desk: Desk, actor: Actor, permission_id: PermissionId) -> errors.PermissionGone:
    if denied := actor.denials.unrecorded.get(permission_id):
        return _resolved(permission_id, denied.outcome, denied.by)
    query = partial(transcripts.permission, permission_id=permission_id)
    row = await desk.database.read(query)
    assert row is not None
    _chat, outcome, by, _why = row
    return _resolved(permission_id, outcome, by)


def _resolved(permission_id: PermissionId, outcome: str, by: str) -> errors.PermissionGone:
    return errors.PermissionGone(
        f"The request was already resolved: {outcome}, by {by}.",
        permission_id=permission_id,
        decision=outcome,
        by=by,
    )
