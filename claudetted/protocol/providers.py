"""Owns providers: who serves models, how to sign in there, and which credential is in use."""

from typing import Literal

from claudetted.protocol.base import Data, Params

Kind = Literal["oauth", "api_key", "environment"]
Group = Literal["default", "more", "environment", "other"]


class Provider(Data, frozen=True):
    """One provider. `kind` is the usual way to sign in, `ways` has every one.

    `source` labels the credential that the next turn uses: `auth.json`, `models.json`,
    `private`, or `$NAME` of a variable; `overrides` those it wins over. `models` counts what can
    be used now, or could be once there is a credential.
    """

    id: str
    name: str
    kind: Kind
    group: Group
    about: str = ""
    docs: str = ""
    ways: list[Kind] = []
    variables: list[str] = []
    """Of the environment, that the agent looks at; the first one is for the key."""
    settings: list[str] = []
    """Other variables that the agent reads for the provider, such as a region or an address."""
    models: int = 0
    configured: bool = False
    source: str = ""
    overrides: list[str] = []
    blocked: str = ""
    """Why its models are not used, whatever its credential."""


class ListResult(Data, frozen=True):
    """The curated ones first, in their order. `trouble` says what could not be read."""

    providers: list[Provider] = []
    summary: str = ""
    trouble: str = ""


class SetKeyParams(Params, frozen=True):
    """A key for a provider: shared with the agent's own command, or private to us.

    `extra` holds what a provider wants beside the key, by variable.
    """

    provider: str
    key: str
    private: bool = False
    extra: dict[str, str] = {}


class ClearKeyParams(Params, frozen=True):
    """Removes the shared key, or sign-in, and the private one."""

    provider: str


class KeyResult(Data, frozen=True):
    """The provider as it is now. `notes` tell what was left undone, or still counts."""

    provider: Provider
    notes: list[str] = []


class EnvironmentParams(Params, frozen=True):
    """Variables of the caller's shell, kept in memory alone; empty ones are unset there."""

    variables: dict[str, str]


class EnvironmentResult(Data, frozen=True):
    """Names, never values, and the providers after a new look."""

    set: list[str] = []
    unset: list[str] = []
    summary: str = ""
