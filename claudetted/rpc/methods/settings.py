"""Owns the handlers of settings."""

import difflib
import os
from typing import Any

import msgspec
from msgspec.structs import replace

from claudetted.chat import configuration
from claudetted.protocol import errors, settings
from claudetted.protocol.backends import FIRST
from claudetted.protocol.base import ChatId, NoParams
from claudetted.protocol.chats import Chat, ChatParams, ConfigureParams, ListParams
from claudetted.protocol.settings import KNOWN, OF_CHAT, RENAMED, Known, Setting, SettingResult
from claudetted.rpc.caller import Caller
from claudetted.rpc.methods import chats, harnesses
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import preferences

_CHATS_LISTED = 200
_MODEL = "default_model"
_LEVEL = "default_level"
_BACKEND = "default_agent_backend"
_KEYS = "private_keys"


async def list_(services: Services, caller: Caller, params: NoParams) -> settings.ListResult:
    await preferences.take_up(services)
    chosen = services.manager.world.rulebook.chosen()
    keys = [*KNOWN, *(key for key in sorted(chosen) if key not in KNOWN)]
    recent = await chats.list_(services, caller, ListParams(limit=_CHATS_LISTED))
    of_chats = [
        _of_chat(general, chat) for chat in recent.chats if chat.model for general in OF_CHAT
    ]
    shown = [_readable(_shown(services, key), caller) for key in keys]
    problems = services.preferences.said.problems
    return settings.ListResult([*shown, *of_chats], _file(services), problems)


async def get(services: Services, caller: Caller, params: settings.GetParams) -> SettingResult:
    if chat := await _chat_in(services, caller, params.key):
        return SettingResult(_of_chat(*chat))
    key, _ = _found(params.key)
    await preferences.take_up(services)
    return SettingResult(_readable(_shown(services, key), caller), file=_file(services))


async def set_(services: Services, caller: Caller, params: settings.SetParams) -> SettingResult:
    if chat := await _chat_in(services, caller, params.key):
        return SettingResult(await _configure(services, *chat, params.value))
    key, known = _found(params.key)
    await preferences.take_up(services)
    value = params.value
    if value is not None:
        value = await _resolved(services, key, _typed(key, value, known))
    before = str(services.manager.world.rulebook.setting(_KEYS))
    await preferences.put(services, key, value)
    if known is KNOWN[_KEYS]:
        note = await preferences.moved(services, before)
        return SettingResult(_shown(services, key), note, _file(services))
    await preferences.follow(services, {key})
    return SettingResult(_shown(services, key), file=_file(services))


async def _resolved(services: Services, key: str, value: Any) -> Any:
    """What names a model or a backend is kept as the name that means it."""
    if key == settings.AGENTS:
        harnesses.check_names(list(value))
        return msgspec.to_builtins(value)
    if key == _BACKEND and value:
        kind = services.backends.kind(value)
        services.backends.require(kind)
        return kind.id
    if key.partition(":")[0] == _LEVEL:
        services.manager.world.check_level(value)
    if key.partition(":")[0] != _MODEL or not value:
        return value
    routing = services.manager.world.routing
    if routing.runs("", "", value) == FIRST:
        await services.block.check(value)
    harness, backend, model = await routing.choose(value, look_again=False)
    if harness == FIRST:
        await services.block.check(model)
    if key == _MODEL and services.manager.world.rulebook.setting(_BACKEND):
        # The last word counts: a default of another backend would be passed over.
        await preferences.put(services, _BACKEND, backend)
    return model


def _file(services: Services) -> str:
    return str(services.preferences.path)


async def _chat_in(services: Services, caller: Caller, key: str) -> tuple[str, Chat] | None:
    """What of which chat the key names: it is the chat's own configuration, and no copy of it."""
    general, _, chat_id = key.partition(":")
    if general not in OF_CHAT or not chat_id:
        return None
    found = await chats.get(services, caller, ChatParams(ChatId(chat_id)))
    return general, found.chat


def _of_chat(general: str, chat: Chat) -> Setting:
    value = chat.backend if general == "model_provider" else chat.model
    return Setting(f"{general}:{chat.id}", value, None, OF_CHAT[general])


async def _configure(services: Services, general: str, chat: Chat, value: Any) -> Setting:
    if value is None:
        _, backend, model = await services.manager.world.routing.choose(workspace=chat.workspace)
        if not model:
            message = "There is no default model to return to; set default_model first."
            raise errors.InvalidParams(message, path="$.value")
        params = ConfigureParams(chat.id, model, backend)
    elif not isinstance(value, str) or not value:
        raise errors.InvalidParams("Expected a name, as a string.", path="$.value")
    elif general == "model_provider":
        params = ConfigureParams(chat.id, backend=value)
    else:
        params = ConfigureParams(chat.id, model=value)
    actor = await configuration.configure(services.manager, params)
    return _of_chat(general, actor.state.chat)


def _typed(key: str, value: Any, known: Known) -> Any:
    try:
        return msgspec.convert(value, known.type)
    except msgspec.ValidationError as error:
        raise errors.InvalidParams(f"Invalid value of {key}: {error}.", path="$.value") from None


def _found(key: str) -> tuple[str, Known]:
    """The setting and its key: a workspace in it is named as chats name theirs."""
    general, colon, workspace = key.partition(":")
    general = RENAMED.get(general, general)
    known = KNOWN.get(general)
    if known and not colon:
        return general, known
    if known and known.of_workspace and workspace.startswith("/") and "\0" not in workspace:
        return f"{general}:{os.path.realpath(workspace)}", known
    nearest = difflib.get_close_matches(general, KNOWN, cutoff=0.3) or list(KNOWN)
    message = f"There is no setting “{key}”. Nearest: {', '.join(nearest)}."
    raise errors.SettingUnknown(message, key=key, nearest=nearest)


def _shown(services: Services, key: str) -> Setting:
    known = KNOWN[key.partition(":")[0]]
    value = services.manager.world.rulebook.chosen().get(key)
    return Setting(
        key,
        value,
        known.default,
        known.about,
        settings.values_of(known.type),
        known.of_workspace and ":" not in key,
        services.preferences.said.lines.get(key, 0),
    )


def _readable(setting: Setting, caller: Caller) -> Setting:
    """An address may hold a secret, which an agent's program or a telephone need not know."""
    known = KNOWN[setting.key.partition(":")[0]]
    if known.private and setting.value and not caller.client.peer.may("administer"):
        return replace(setting, value="(set)")
    return setting
