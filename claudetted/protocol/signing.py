"""Owns the lines about providers, keys and sign-in; `sidecar` has the others, and all by name."""

from typing import Literal

import msgspec

from claudetted.protocol.base import Line


class Record(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Part of a line."""


class Providers(Line, tag="providers", frozen=True):
    """Lists every provider the agent knows; answered with a `ProviderList`. Needs no session."""

    id: int


class StoreKey(Line, tag="store.key", frozen=True):
    """Stores a key where the agent's own command finds it, and reads it back. `extra` holds what
    the provider wants beside it, by variable. The error is `AuthFileBroken` when the file cannot
    be read, written or locked; it is then as it was."""

    id: int
    provider: str
    key: str
    extra: dict[str, str] = {}


class ClearKey(Line, tag="clear.key", frozen=True):
    """Removes what is stored for a provider; answered with a `Cleared`."""

    id: int
    provider: str


class KeyWanted(Line, tag="key", frozen=True):
    """Wants the key that the provider's next turn goes with; answered with a `KeyInUse`. It is
    nowhere stored and told to nobody."""

    id: int
    provider: str


class LoginStart(Line, tag="login.start", frozen=True):
    """Signs in; `login.event` tells what a person must do. Answered when it is over: with an
    error when it failed or was cancelled."""

    id: int
    login: str
    provider: str


class LoginAnswer(Line, tag="login.answer", frozen=True):
    """Answers the prompt or choice that is open."""

    id: int
    login: str
    value: str


class LoginCancel(Line, tag="login.cancel", frozen=True):
    """Cancels a sign-in."""

    id: int
    login: str


class Credentials(Line, tag="credentials", frozen=True):
    """Answers `credentials.wanted`, and comes again when something changed. Never stored.

    `keys` are private and stand in for their variables; `shell` holds variables of the user's
    shell, the empty ones being unset there. `trouble` says why keys are missing, `blocked` why
    the agent's own provider of Anthropic's models is not used; empty when it may be.
    """

    keys: dict[str, str] = {}
    shell: dict[str, str] = {}
    trouble: str = ""
    blocked: str = ""


class Origin(Record, frozen=True):
    """Where a credential comes from. `name` is the variable, or whatever else the agent told."""

    kind: Literal["auth.json", "models.json", "private", "environment"]
    name: str = ""


class ProviderRow(Record, frozen=True):
    """One provider as the agent knows it. `origins` holds the credential that the next turn uses,
    then those it overrides; `models` counts what could be used with it, or once there is one."""

    id: str
    name: str
    ways: list[Literal["api_key", "oauth"]] = []
    variables: list[str] = []
    models: int = 0
    origins: list[Origin] = []
    settings: list[str] = []
    """Other variables that the agent reads for it."""
    lacks: str = ""
    """Why a turn with one of its models would not begin although there is a credential."""


class ProviderList(Record, frozen=True):
    """`trouble` says what of the agent's own configuration could not be read."""

    providers: list[ProviderRow] = []
    trouble: str = ""


class LoginOption(Record, frozen=True):
    """One answer to a choice."""

    id: str
    label: str


class Cleared(Record, frozen=True):
    """Whether there was something to remove."""

    cleared: bool = False


class KeyInUse(Record, frozen=True):
    """The key, empty if there is none, and the address that it is for."""

    key: str = ""
    base_url: str = ""


class CredentialsWanted(Line, tag="credentials.wanted", frozen=True):
    """Said once, after `hello`; nothing that needs a credential is begun before the answer."""


class LoginEvent(Line, tag="login.event", frozen=True):
    """What a sign-in is at: a text or a choice wanted, a page to open, a code to enter there.

    `withdrawn` takes back what was wanted: the page itself has led on.
    """

    login: str
    kind: Literal["prompt", "select", "withdrawn", "device", "url", "progress"]
    message: str = ""
    placeholder: str = ""
    options: list[LoginOption] = []
    url: str = ""
    code: str = ""
