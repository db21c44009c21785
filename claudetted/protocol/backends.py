"""Owns backends: configured servers and programs, their runtimes, and how they are tested."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.base import Data, Params

RuntimeId = Literal["pi", "claude", "codex"]

FIRST: RuntimeId = "pi"
"""Backend and harness of a chat that names none."""


class Runtime(Data, frozen=True):
    """Something that can run the agent of a backend's chats. `missing` says why this build cannot
    use it."""

    id: RuntimeId
    name: str
    missing: str = ""


class Backend(Data, frozen=True):
    """One backend as it is configured. `runtime` is in use, `default_runtime` would be without a
    choice; `runtimes` are those that are allowed."""

    id: str
    name: str
    about: str
    runtime: RuntimeId
    default_runtime: RuntimeId
    runtimes: list[Runtime]
    enabled: bool = True
    url: str = ""
    """Where it is asked; empty when it has no server of its own."""
    own_url: bool = False
    """Whether the user chose the address."""
    has_key: bool = False
    default_model: str = ""
    context_window: int | None = None
    """What the user says that every model of it holds, at most."""
    models: int = 0
    looked_at: str = ""
    """When its models were last found."""


class ListResult(Data, frozen=True):
    backends: list[Backend] = []


class UpdateParams(Params, frozen=True):
    """Changes what is named and leaves the rest. Empty, or 0, brings a default back; an empty key
    removes the key."""

    backend: str
    url: str | None = None
    key: str | None = None
    runtime: RuntimeId | Literal[""] | None = None
    enabled: bool | None = None
    default_model: str | None = None
    context_window: Annotated[int, msgspec.Meta(ge=0)] | None = None
    models: list[str] | None = None
    """For a server that does not list its models."""


class BackendResult(Data, frozen=True):
    backend: Backend


class TestParams(Params, frozen=True):
    """Asks a backend what it has, now, as a turn would. `env` has the proxies and certificates of
    the client's shell, as in `turn/send`."""

    backend: str
    env: dict[str, str] = {}


class TestResult(Data, frozen=True):
    """`message` is one sentence: what was found, or what is wrong and what to do."""

    backend: Backend
    ok: bool
    message: str
    models: list[str] = []
