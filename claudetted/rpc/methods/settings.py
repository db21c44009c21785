"""Owns the handlers of settings."""

import difflib
import os
from functools import partial
from typing import Any

import msgspec

from claudetted.protocol import errors, settings
from claudetted.protocol.base import ChatId, NoParams
from claudetted.protocol.chats import Chat, ChatParams, ConfigureParams, ListParams
from claudetted.protocol.settings import KNOWN, OF_CHAT, Known, Setting, SettingResult
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.methods import chats
from claudetted.rpc.methods.questions import trust_changed
from claudetted.rpc.storing import stored
from claudetted.store import rules as rows

_CHATS_LISTED = 200
_MODEL = "default_model"
_BACKEND = "default_agent_backend"


async def list_(desk: Desk, caller: Caller, params: NoParams) -> settings.ListResult:
    chosen = desk.manager.world.rulebook.chosen()
    keys = [*KNOWN, *(key for key in sorted(chosen) if key not in KNOWN)]
    recent = await chats.list_(desk, caller, ListParams(limit=_CHATS_LISTED))
    of_chats = [
        _of_chat(general, chat) for chat in recent.chats if chat.model for general in OF_CHAT
    ]
    return settings.ListResult([*(_shown(desk, key) for key in keys), *of_chats])


async def get(desk: Desk, caller: Caller, params: settings.GetParams) -> SettingResult:
    if chat := await _chat_in(desk, caller, params.key):
        return SettingResult(_of_chat(*chat))
    key, _ = _found(params.key)
    return SettingResult(_shown(desk, key))


async def set_(desk: Desk, caller: Caller, params: settings.SetParams) -> SettingResult:
    if chat := await _chat_in(desk, caller, params.key):
        return SettingResult(await _configure(desk, *chat, params.value))
    key, known = _found(params.key)
    value = params.value
    if value is not None:
        value = await _resolved(desk, key, _typed(value, known))
    await _store(desk, key, value)
    if known is KNOWN[_MODEL]:
        desk.manager.world.feed.changed("models")
    if known is KNOWN[settings.TRUST]:
        await trust_changed(desk, key.partition(":")[2])
    return SettingResult(_shown(desk, key))


async def _resolved(desk: Desk, key: str, value: Any) -> Any:
    """What names a model or a backend is kept as the name that means it."""
    if key == _BACKEND and value:
        kind = desk.backends.kind(value)
        desk.backends.require(kind)
        return kind.id
    if key.partition(":")[0] != _MODEL or not value:
        return value
    await desk.block.check(value)
    backend, model = await desk.manager.world.routing.choose(value, look_again=False)
    await desk.block.check(model)
    if key == _MODEL and desk.manager.world.rulebook.setting(_BACKEND):
        # The last word counts: a default of another backend would be passed over.
        await _store(desk, _BACKEND, backend)
    return model


async def _store(desk: Desk, key: str, value: Any) -> None:
    encoded = None if value is None else msgspec.json.encode(value)
    await stored(desk, partial(rows.put_setting, key=key, value=encoded))
    desk.manager.world.rulebook.choose(key, value)


async def _chat_in(desk: Desk, caller: Caller, key: str) -> tuple[str, Chat] | None:
    """What of which chat the key names: it is the chat's own configuration, and no copy of it."""
    general, _, chat_id = key.partition(":")
    if general not in OF_CHAT or not chat_id:
        return None
    found = await chats.get(desk, caller, ChatParams(ChatId(chat_id)))
    return general, found.chat


def _of_chat(general: str, chat: Chat) -> Setting:
    value = chat.backend if general == "model_provider" else chat.model
    return Setting(f"{general}:{chat.id}", value, None, OF_CHAT[general])


async def _configure(desk: Desk, general: str, chat: Chat, value: Any) -> Setting:
    if value is None:
        backend, model = await desk.manager.world.routing.choose(workspace=chat.workspace)
        if not model:
            message = "There is no default model to bring back; set default_model first."
            raise errors.InvalidParams(message, path="$.value")
        params = ConfigureParams(chat.id, model, backend)
    elif not isinstance(value, str) or not value:
        raise errors.InvalidParams("Expected a name, as a string.", path="$.value")
    elif general == "model_provider":
        params = ConfigureParams(chat.id, backend=value)
    else:
        params = ConfigureParams(chat.id, model=value)
    actor = await desk.manager.configure(params)
    return _of_chat(general, actor.state.chat)


def _typed(value: Any, known: Known) -> Any:
    try:
        return msgspec.convert(value, known.type)
    except msgspec.ValidationError as error:
        raise errors.InvalidParams(f"{error}.", path="$.value") from None


def _found(key: str) -> tuple[str, Known]:
    """The setting and its key: a workspace in it is named as chats name theirs."""
    general, colon, workspace = key.partition(":")
    known = KNOWN.get(general)
    if known and not colon:
        return key, known
    if known and known.of_workspace and workspace.startswith("/"):
        return f"{general}:{os.path.realpath(workspace)}", known
    nearest = difflib.get_close_matches(general, KNOWN, cutoff=0.3) or list(KNOWN)
    raise errors.SettingUnknown(
        f"There is no setting {key}; there are: {', '.join(nearest)}.", key=key, nearest=nearest
    )


def _shown(desk: Desk, key: str) -> Setting:
    known = KNOWN[key.partition(":")[0]]
    value = desk.manager.world.rulebook.chosen().get(key)
    return Setting(key, value, known.default, known.about)
