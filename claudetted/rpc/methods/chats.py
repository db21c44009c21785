"""Owns the handlers of chats."""

import base64
import re
from functools import partial

import msgspec

from claudetted.chat import life, sidecars, turns
from claudetted.chat.manager import decode_state
from claudetted.protocol import chats, errors
from claudetted.protocol.base import ChatId, Empty
from claudetted.protocol.items import Item
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.keys import Keyed
from claudetted.store import transcripts

_decode_item = msgspec.json.Decoder(Item).decode
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)


async def create(desk: Desk, caller: Caller, params: chats.CreateParams) -> chats.ChatResult:
    keyed = Keyed(desk.database, "chat/create", params.key, params)

    async def act() -> chats.ChatResult:
        actor = await desk.manager.create(params, keyed.remember)
        return chats.ChatResult(actor.state.chat)

    return await keyed.once(chats.ChatResult, act)


async def list_(desk: Desk, caller: Caller, params: chats.ListParams) -> chats.ListResult:
    before = _position(params.cursor) if params.cursor else None
    rows = await desk.database.read(
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


async def get(desk: Desk, caller: Caller, params: chats.ChatParams) -> chats.ChatResult:
    query = partial(transcripts.chat_state, chat_id=params.chat_id)
    state = await desk.database.read(query)
    if state is None:
        raise _not_found(params.chat_id)
    return chats.ChatResult(decode_state(state).chat)


async def history(desk: Desk, caller: Caller, params: chats.HistoryParams) -> chats.HistoryResult:
    await get(desk, caller, chats.ChatParams(params.chat_id))
    before = _number(params.cursor) if params.cursor else None
    return await history_page(desk, params.chat_id, before, params.limit, params.hidden)


async def history_page(
    desk: Desk, chat_id: ChatId, before: int | None, limit: int, hidden: bool = False
) -> chats.HistoryResult:
    """The closed items before a position, in transcript order."""
    rows = await desk.database.read(
        partial(transcripts.items_before, chat_id=chat_id, n=before, limit=limit + 1, hidden=hidden)
    )
    page = rows[-limit:]
    items = [_decode_item(body) for _, body in page]
    cursor = f"n{page[0][0]}" if len(rows) > limit else None
    return chats.HistoryResult([item for item in items if item.status != "open"], cursor)


async def rename(desk: Desk, caller: Caller, params: chats.RenameParams) -> chats.ChatResult:
    return await _changed(desk, params.chat_id, partial(life.rename, title=params.title))


async def archive(desk: Desk, caller: Caller, params: chats.ChatParams) -> chats.ChatResult:
    return await _changed(desk, params.chat_id, life.archive)


async def restore(desk: Desk, caller: Caller, params: chats.ChatParams) -> chats.ChatResult:
    return await _changed(desk, params.chat_id, life.restore)


async def reset(desk: Desk, caller: Caller, params: chats.ResetParams) -> chats.ChatResult:
    actor = await desk.manager.reset(params.chat_id, params.hide)
    return chats.ChatResult(actor.state.chat)


async def configure(desk: Desk, caller: Caller, params: chats.ConfigureParams) -> chats.ChatResult:
    """A model the running agent does not know is refused and the old one stays."""
    actor = await desk.manager.configure(params)
    return chats.ChatResult(actor.state.chat)


async def compact(desk: Desk, caller: Caller, params: chats.CompactParams) -> Empty:
    """Begins at once, or after the running turn."""
    actor = await desk.manager.find(params.chat_id)
    await desk.block.check_chat(actor.state.chat, actor.env)
    await actor.ask(partial(turns.ask_to_compact, instructions=params.instructions))
    return Empty()


async def environment(
    desk: Desk, caller: Caller, params: chats.EnvironmentParams
) -> chats.EnvironmentResult:
    actor = await desk.manager.find(params.chat_id)
    if params.env is not None:
        await actor.ask(partial(life.refresh_environment, env=params.env))
    shown = {name: _shown(name, value) for name, value in sorted(actor.env.items())}
    return chats.EnvironmentResult(shown)


async def delete(desk: Desk, caller: Caller, params: chats.ChatParams) -> Empty:
    await desk.manager.delete(params.chat_id)
    return Empty()


async def _changed(desk: Desk, chat_id: ChatId, plan: sidecars.Plan) -> chats.ChatResult:
    actor = await desk.manager.find(chat_id)
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
        raise errors.InvalidParams("The cursor is not one of ours.", path="$.cursor") from None
    return updated_at, chat_id


def _number(cursor: str) -> int:
    if not re.fullmatch(r"n\d{1,15}", cursor):
        raise errors.InvalidParams("The cursor is not one of ours.", path="$.cursor")
    return int(cursor[1:])
