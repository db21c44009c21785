"""Owns settings: what the user has chosen once, for all chats or for a workspace."""

from typing import Annotated, Any, Literal

import msgspec

from claudetted.protocol.base import Data, Params
from claudetted.protocol.permissions import Level


class Setting(Data, frozen=True):
    """One setting. `value` is null while the default holds."""

    key: str
    value: Any = None
    default: Any = None
    about: str = ""


class Known(Data, frozen=True):
    """A setting that exists: what its values are and what it is for."""

    type: Any
    default: Any
    about: str
    of_workspace: bool = False
    """May also be given for one workspace, as `key:/path`."""


TRUST = "trust_project"

KNOWN: dict[str, Known] = {
    "default_level": Known(
        Level, "standard", "The permission level of new chats.", of_workspace=True
    ),
    "park_after_minutes": Known(
        Annotated[float, msgspec.Meta(gt=0)],
        15,
        "How long an agent's process is kept that nobody uses.",
    ),
    "most_sidecars": Known(
        Annotated[int, msgspec.Meta(ge=1)],
        20,
        "How many agents' processes are kept at most; the longest unused go first.",
    ),
    "launcher": Known(
        list[str],
        [],
        "Words put before the command that starts an agent, such as nice -n 10 or systemd-run "
        "--user --scope -p MemoryMax=4G; {chat} stands for the chat's id.",
    ),
    "default_model": Known(
        str,
        "",
        "The model of new chats, as provider/model; without one the agent's own default.",
        of_workspace=True,
    ),
    TRUST: Known(
        Literal["ask", "no", "yes"],
        "ask",
        "Whether the prompts, skills and system prompts of a project are used. Each project is "
        "asked about once; until then, no.",
        of_workspace=True,
    ),
    "default_agent_backend": Known(
        str,
        "",
        "The backend of new chats, such as ollama; without one that of the default model, or Pi.",
    ),
    "private_keys": Known(
        Literal["keychain", "file"],
        "keychain",
        "Where private keys are kept. `file` is for machines without a keychain: only you may read "
        "it, and so may every program of yours, an agent's command too.",
    ),
    "notification": Known(
        Literal["desktop", "command", "off"],
        "desktop",
        "How a person is told that a chat needs them.",
    ),
    "notification_command": Known(
        list[str],
        [],
        "The program and arguments to run for `command`; it finds the chat in CLAUDETTED_CHAT_ID, "
        "CLAUDETTED_TITLE and CLAUDETTED_WHY.",
    ),
}

OF_CHAT = {
    "model": "The model of this chat.",
    "model_provider": "The backend of this chat: pi, or a server of the user's.",
}
"""Read and changed as `name:chat`: the chat's own configuration under another name."""


class ListResult(Data, frozen=True):
    settings: list[Setting] = []


class GetParams(Params, frozen=True):
    key: str


class SetParams(Params, frozen=True):
    """Null brings the default back."""

    key: str
    value: Any = None


class SettingResult(Data, frozen=True):
    setting: Setting
