"""Owns the handlers of permissions."""

from functools import partial

from claudetted.chat import permissions as planning
from claudetted.chat.step import Step
from claudetted.protocol import errors, permissions
from claudetted.protocol.base import ChatId, PermissionId
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.store import transcripts


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
    """The first decision wins; a later one learns of it when it is committed."""
    keyed = Keyed(desk.database, "permission/decide", params.key, params)

    async def act() -> permissions.DecideResult:
        chat_id = await _chat_of(desk, params.permission_id)
        actor = await desk.manager.find(chat_id)
        result = await actor.ask(partial(_decide, caller, params, keyed))
        if result is None:
            raise await _gone(desk, params.permission_id)
        return result

    return await keyed.once(permissions.DecideResult, act)


def _decide(
    caller: Caller, params: permissions.DecideParams, keyed: Keyed, step: Step
) -> permissions.DecideResult | None:
    """None when the request is no longer open."""
    if params.permission_id not in step.state.permissions:
        return None
    resolution = planning.decide(
        step,
        params.permission_id,
        params.decision,
        caller.who,
        params.reason,
        params.digest,
    )
    result = permissions.DecideResult(params.permission_id, resolution)
    keyed.remember(step, result)
    return result


async def _chat_of(desk: Desk, permission_id: PermissionId) -> ChatId:
    query = partial(transcripts.permission, permission_id=permission_id)
    row = await desk.database.read(query)
    if row is None:
        raise errors.PermissionNotFound(
            f"There is no request {permission_id}.", permission_id=permission_id
        )
    return ChatId(row[0])


async def _gone(desk: Desk, permission_id: PermissionId) -> errors.PermissionGone:
    query = partial(transcripts.permission, permission_id=permission_id)
    row = await desk.database.read(query)
    assert row is not None
    _chat, outcome, by, _why = row
    return errors.PermissionGone(
        f"The request was already resolved: {outcome}, by {by}.",
        permission_id=permission_id,
        decision=outcome,
        by=by,
    )
