"""Owns the handlers of chats."""

import base64
import re
from functools import partial

import msgspec
from msgspec.structs import replace

from claudetted.chat import configuration, creation, removal
from claudetted.chat.manager import decode_state
from claudetted.chat.plans import agent_process, lifecycle, turns
from claudetted.protocol import chats, errors
from claudetted.protocol.base import ChatId, Empty
from claudetted.protocol.items import Item
from claudetted.rpc.caller import Caller
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import preferences, vendor_history
from claudetted.store import transcripts

_decode_item = msgspec.json.Decoder(Item).decode
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)


async def create(
    services: Services, caller: Caller, params: chats.CreateParams
) -> chats.ChatResult:
    if params.harness or params.model or params.backend or params.level or params.thinking:
        what = "Choosing a chat's agent, model, thinking or permission level"
        caller.client.peer.require("configure", what)
    if params.level:
        caller.client.peer.require_level(params.level, "Creating this chat")
    params = replace(params, env=caller.client.peer.carried(params.env))
    keyed = Keyed(services.database, "chat/create", params.key, params)

    async def act() -> chats.ChatResult:
        await preferences.take_up(services)
        services.network.learn(params.env)
        actor = await creation.create(
            services.manager, params, keyed.remember, highest=caller.client.peer.rights.level
        )
        return chats.ChatResult(actor.state.chat)

    return await keyed.once(chats.ChatResult, act)


async def list_(services: Services, caller: Caller, params: chats.ListParams) -> chats.ListResult:
    before = _position(params.cursor) if params.cursor else None
    rows = await services.database.read(
        partial(
            transcripts.list_chats,
            archived=params.archived,
            before=before,
            limit=params.limit + 1,
        )
    )
    found = [decode_state(row).chat for row in rows]
    page = found[: params.limit]
    more = len(found) > params.limit
    return chats.ListResult(page, _cursor(page[-1]) if more else None)


async def get(services: Services, caller: Caller, params: chats.ChatParams) -> chats.ChatResult:
    query = partial(transcripts.chat_state, chat_id=params.chat_id)
    state = await services.database.read(query)
    if state is None:
        raise _not_found(params.chat_id)
    return chats.ChatResult(decode_state(state).chat)


async def history(
    services: Services, caller: Caller, params: chats.HistoryParams
) -> chats.HistoryResult:
    await get(services, caller, chats.ChatParams(params.chat_id))
    before = _number(params.cursor) if params.cursor else None
    return await history_page(services, params.chat_id, before, params.limit, params.hidden)


async def history_page(
    services: Services, chat_id: ChatId, before: int | None, limit: int, hidden: bool = False
) -> chats.HistoryResult:
    """The closed items before a position, in transcript order."""
    rows = await services.database.read(
        partial(transcripts.items_before, chat_id=chat_id, n=before, limit=limit + 1, hidden=hidden)
    )
    page = rows[-limit:]
    items = [_decode_item(body) for _, body in page]
    cursor = f"n{page[0][0]}" if len(rows) > limit else None
    return chats.HistoryResult([item for item in items if item.status != "open"], cursor)


async def rename(
    services: Services, caller: Caller, params: chats.RenameParams
) -> chats.ChatResult:
    return await _changed(services, params.chat_id, partial(lifecycle.rename, title=params.title))


async def archive(services: Services, caller: Caller, params: chats.ChatParams) -> chats.ChatResult:
    return await _changed(services, params.chat_id, lifecycle.archive)


async def restore(services: Services, caller: Caller, params: chats.ChatParams) -> chats.ChatResult:
    return await _changed(services, params.chat_id, lifecycle.restore)


async def reset(services: Services, caller: Caller, params: chats.ResetParams) -> chats.ChatResult:
    actor = await removal.reset(services.manager, params.chat_id, params.hide)
    return chats.ChatResult(actor.state.chat)


async def configure(
    services: Services, caller: Caller, params: chats.ConfigureParams
) -> chats.ChatResult:
    """A model the running agent does not know is refused and the old one stays."""
    if params.level:
        caller.client.peer.require_level(params.level, "Setting this level")
    actor = await configuration.configure(services.manager, params)
    return chats.ChatResult(actor.state.chat)


async def compact(services: Services, caller: Caller, params: chats.CompactParams) -> Empty:
    """Begins at once, or after the running turn."""
    actor = await services.manager.find(params.chat_id)
    caller.client.peer.require_level(actor.state.chat.level, "Compacting this chat")
    with actor.in_use():
        await configuration.prepare(services.manager, actor)
        await actor.ask(partial(turns.ask_to_compact, instructions=params.instructions))
    return Empty()


async def environment(
    services: Services, caller: Caller, params: chats.EnvironmentParams
) -> chats.EnvironmentResult:
    actor = await services.manager.find(params.chat_id)
    if params.env is not None:
        caller.client.peer.require_environment("Changing the environment of an agent's commands")
        await actor.ask(partial(lifecycle.refresh_environment, env=params.env))
    shown = {name: _shown(name, value) for name, value in sorted(actor.env.items())}
    return chats.EnvironmentResult(shown)


async def delete(services: Services, caller: Caller, params: chats.ChatParams) -> Empty:
    await removal.delete(services.manager, params.chat_id)
    return Empty()


async def erase(services: Services, caller: Caller, params: chats.ChatParams) -> chats.EraseResult:
    return await vendor_history.erase(services, params.chat_id)


async def traces(
    services: Services, caller: Caller, params: chats.ChatParams
) -> chats.TracesResult:
    return await removal.traces(services.manager, params.chat_id)


async def _changed(
    services: Services, chat_id: ChatId, plan: agent_process.Plan
) -> chats.ChatResult:
    actor = await services.manager.find(chat_id)
    await actor.ask(plan)
    return chats.ChatResult(actor.state.chat)


def _shown(name: str, value: str) -> str:
    return f"({len(value)} characters)" if _SECRET.search(name) else value


def _not_found(chat_id: ChatId) -> errors.ChatNotFound:
    return errors.ChatNotFound(f"There is no chat {chat_id}.", chat_id=chat_id)


def _cursor(chat: chats.Chat) -> str:
    return base64.urlsafe_b64encode(f"{chat.updated_at} {chat.id}".encode()).decode()


def _position(cursor: str) -> tuple[str, str]:
    try:
        updated_at, chat_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
    except ValueError:
        raise errors.InvalidParams("The cursor is invalid.", path="$.cursor") from None
    return updated_at, chat_id


def _number(cursor: str) -> int:
    if not re.fullmatch(r"n\d{1,15}", cursor):
        raise errors.InvalidParams("The cursor is invalid.", path="$.cursor")
    return int(cursor[1:])
