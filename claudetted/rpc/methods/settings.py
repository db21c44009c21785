"""Owns the handlers of settings."""

import difflib
import os
from functools import partial
from typing import Any

import msgspec

from claudetted.protocol import errors, settings
from claudetted.protocol.base import NoParams
from claudetted.protocol.settings import KNOWN, Known, Setting, SettingResult
from claudetted.rpc import naming
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.methods.questions import trust_changed
from claudetted.rpc.storing import stored
from claudetted.store import rules as rows


async def list_(desk: Desk, caller: Caller, params: NoParams) -> settings.ListResult:
    chosen = desk.manager.world.rulebook.chosen()
    keys = [*KNOWN, *(key for key in sorted(chosen) if key not in KNOWN)]
    return settings.ListResult([_shown(desk, key) for key in keys])


async def get(desk: Desk, caller: Caller, params: settings.GetParams) -> SettingResult:
    key, _ = _found(params.key)
    return SettingResult(_shown(desk, key))


async def set_(desk: Desk, caller: Caller, params: settings.SetParams) -> SettingResult:
    key, known = _found(params.key)
    value = params.value
    if value is not None:
        value = _typed(value, known)
    if known is KNOWN["default_model"] and value:
        value = await naming.meant(desk, value, look_again=False)
    encoded = None if value is None else msgspec.json.encode(value)
    await stored(desk, partial(rows.put_setting, key=key, value=encoded))
    desk.manager.world.rulebook.choose(key, value)
    if known is KNOWN["default_model"]:
        desk.manager.world.feed.changed("models")
    if known is KNOWN[settings.TRUST]:
        await trust_changed(desk, key.partition(":")[2])
    return SettingResult(_shown(desk, key))


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
