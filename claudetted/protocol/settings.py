"""Owns settings: what the user has chosen once, for all chats or for a workspace."""

from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from claudetted.protocol.base import Data, Params
from claudetted.protocol.harnesses import Added, AgentName
from claudetted.protocol.permissions import Level


class Setting(Data, frozen=True):
    """One setting. `value` is null while the default holds."""

    key: str
    value: Any = None
    default: Any = None
    about: str = ""
    values: str = ""
    """What it can be, in words."""
    of_workspace: bool = False
    """May also be given for one workspace, as `key:/path`."""
    line: int = 0
    """Where it stands in the file of the settings; 0 where it does not."""


class Problem(Data, frozen=True):
    """A line of the file of the settings that is not obeyed, and why. What held before holds on."""

    line: int
    key: str
    """Empty where the file as a whole cannot be read."""
    why: str


class Known(Data, frozen=True):
    """A setting that exists: what its values are and what it is for."""

    type: Any
    default: Any
    about: str
    private: bool = False
    """Who may not administer is told that there is a value, and not which."""
    of_workspace: bool = False
    """May also be given for one workspace, as `key:/path`."""


def values_of(known: Any) -> str:
    """What a type of a setting takes, in words."""
    if get_origin(known) is Literal:
        return ", ".join(get_args(known))
    if get_origin(known) is Annotated:
        base, meta = get_args(known)
        least = meta.ge if meta.ge is not None else meta.gt
        more = "at least" if meta.ge is not None else "more than"
        most = f", at most {meta.le:g}" if meta.le is not None else ""
        bounds = f", {more} {least:g}{most}" if least is not None else most
        return values_of(base) + bounds
    if get_origin(known) is list:
        return "a list of texts"
    return {bool: "true, false", int: "a whole number", float: "a number", str: "a text"}.get(
        known, "JSON"
    )


TRUST = "trust_project"
AGENTS = "agents"

_TIME = r"([01]\d|2[0-3]):[0-5]\d"

KNOWN: dict[str, Known] = {
    "default_level": Known(
        Level, "standard", "The permission level of new chats.", of_workspace=True
    ),
    "park_after_minutes": Known(
        Annotated[float, msgspec.Meta(gt=0)],
        15,
        "Minutes after which an unused agent process is stopped; its chat stays.",
    ),
    "max_agents": Known(
        Annotated[int, msgspec.Meta(ge=1)],
        20,
        "The most agent processes that run at once; the longest unused is stopped first.",
    ),
    "output_megabytes": Known(
        Annotated[int, msgspec.Meta(ge=1, le=100_000)],
        256,
        "How many megabytes of the outputs of a turn's commands are kept, all together, until the "
        "turn ends: of a long one its head and its tail, and the newest of several.",
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
        "The model of new chats, as provider/model, and of those that have not run yet and that "
        "nobody chose one for; without one the agent's own default.",
        of_workspace=True,
    ),
    TRUST: Known(
        Literal["ask", "no", "yes"],
        "ask",
        "Whether the prompts, skills and system prompts of a project are used, and its AGENTS.md "
        "and CLAUDE.md: `yes` all, `no` none of them, `ask` AGENTS.md and CLAUDE.md alone until "
        "you answer. Each project is asked about once.",
        of_workspace=True,
    ),
    "default_agent_backend": Known(
        str,
        "",
        "The backend of new chats, such as ollama; without one that of the default model, or Pi.",
    ),
    AGENTS: Known(
        dict[AgentName, Added],
        {},
        "The agents you have added, by name: the command that starts each. See claudette agent.",
    ),
    "terminal_alert": Known(
        Literal["bell", "none", "osc777", "osc9"],
        "bell",
        "How a terminal with a chat says that it needs you: its bell, or a notification by OSC 9 "
        "(iTerm2, WezTerm, Windows Terminal) or OSC 777 (rxvt, foot, Ghostty).",
    ),
    "reading_commands": Known(
        bool,
        True,
        "Whether commands that only read files inside the workspace run unasked at standard. Needs "
        "a box.",
        of_workspace=True,
    ),
    "private_keys": Known(
        Literal["keychain", "file"],
        "keychain",
        "Where private keys are kept. `file` is for machines without a keychain: every program you "
        "run can read it, an agent's commands included.",
    ),
    "remote_origins": Known(
        list[Annotated[str, msgspec.Meta(pattern=r"^https?://[^/?#@\s]+$")]],
        [],
        "Where browsers find the page beside the address it listens at, such as "
        "https://box.example.ts.net behind a reverse proxy or tailscale serve. The first is put "
        "into links.",
    ),
    "notification": Known(
        Literal["desktop", "command", "off"],
        "desktop",
        "How you are notified that a chat needs you.",
    ),
    "notification_command": Known(
        list[str],
        [],
        "The program and arguments to run for `command`; it finds the chat in CLAUDETTED_CHAT_ID, "
        "CLAUDETTED_TITLE, CLAUDETTED_WHY and, with claudette remote, CLAUDETTED_LINK.",
    ),
    "notification_ntfy": Known(
        Annotated[str, msgspec.Meta(pattern=r"^(https?://[^\s?#]+/[-_A-Za-z0-9]{1,64})?$")],
        "",
        "An ntfy topic to notify as well, such as https://ntfy.sh/some-long-name: who knows the "
        "name reads along which chats wait.",
        private=True,
    ),
    "notification_webhook": Known(
        Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$")],
        "",
        "An address that gets a POST as well: JSON with kind (raised, withdrawn), chatId, title, "
        "why and link.",
        private=True,
    ),
    "quiet_hours": Known(
        Annotated[str, msgspec.Meta(pattern=rf"^({_TIME}-{_TIME})?$")],
        "",
        "When nobody is notified, in local time, such as 22:00-07:00. Chats wait all the same.",
    ),
    "muted_chats": Known(list[str], [], "The ids of chats that notify nobody."),
}

RENAMED = {"most_sidecars": "max_agents"}
"""Former keys, still read from the disk and taken from clients, and the keys they mean."""

OF_CHAT = {
    "model": "The model of this chat.",
    "model_provider": "The backend of this chat: pi, or a server of the user's.",
}
"""Read and changed as `name:chat`: the chat's own configuration under another name."""


class ListResult(Data, frozen=True):
    settings: list[Setting] = []
    file: str = ""
    """The TOML file that they stand in, which may be missing."""
    problems: list[Problem] = []


class GetParams(Params, frozen=True):
    key: str


class SetParams(Params, frozen=True):
    """Null brings the default back."""

    key: str
    value: Any = None


class SettingResult(Data, frozen=True):
    setting: Setting
    note: str = ""
    """What a person has to know or do beside the change."""
    file: str = ""
    """The TOML file that `setting.line` is in."""
