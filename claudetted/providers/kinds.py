"""Owns the kinds of backends: what each is, who may run it, and how its models are named. Pure."""

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from claudetted.protocol.backends import RuntimeId
from claudetted.protocol.errors import InvalidParams

Server = Literal["", "ollama", "lmstudio", "openai"]
"""How a server lists its models; without one there is none to ask."""

PI: RuntimeId = "pi"

RUNTIMES: dict[str, str] = {
    PI: "Pi",
    "claude": "Claude Code",
    "codex": "Codex app-server",
}


class Kind(msgspec.Struct, frozen=True):
    """One kind of backend. The first runtime is the default one."""

    id: str
    name: str
    about: str
    runtimes: tuple[RuntimeId, ...]
    prefix: str = ""
    """The provider in the ids of its models, for the agent and for everybody."""
    server: Server = ""
    url: str = ""
    borrows: str = ""
    """The agent's own provider that is used while the backend has no server of its own."""
    own_models: tuple[str, ...] = ()
    """Of an agent that serves itself: names that its program knows, whichever models they mean."""
    suits: str = ""
    """Stands in the names of the models of that provider that are taken without being named."""


_ALL = (
    Kind("pi", "Pi", "Pi with every provider it knows; see claudette provider.", ("pi",)),
    Kind(
        "ollama",
        "Ollama",
        "Models on this machine or another, served by Ollama.",
        ("pi", "claude"),
        "ollama",
        "ollama",
        "http://127.0.0.1:11434",
    ),
    Kind(
        "lmstudio",
        "LM Studio",
        "Models on this machine or another, served by LM Studio.",
        ("pi", "claude"),
        "lmstudio",
        "lmstudio",
        "http://127.0.0.1:1234",
    ),
    Kind(
        "openai-api",
        "OpenAI API",
        "OpenAI by key; without a key here, with the one that Pi has.",
        ("codex", "pi"),
        "openai-api",
        "openai",
        "https://api.openai.com",
        borrows="openai",
    ),
    Kind(
        "custom-openai",
        "Custom OpenAI",
        "Any server that speaks OpenAI's chat completions, such as vLLM or llama.cpp.",
        ("codex", "pi"),
        "custom-openai",
        "openai",
    ),
    Kind(
        "codex-native",
        "Codex Native",
        "OpenAI's models in Codex; with Pi by Pi's own OpenAI credential.",
        ("codex", "pi"),
        borrows="openai",
        suits="codex",
    ),
    Kind(
        "anthropic",
        "Claude",
        "Claude models in Claude Code, with its own sign-in.",
        ("claude",),
        "claude",
        own_models=("opus", "sonnet", "haiku"),
    ),
    Kind(
        "custom-anthropic",
        "Custom Anthropic",
        "Any server that speaks Anthropic's messages.",
        ("claude",),
        "custom-anthropic",
        "openai",
    ),
)

KINDS = {kind.id: kind for kind in _ALL}
LOCAL = ("ollama", "lmstudio")
"""Servers of this machine, which cost nothing and are found without being named."""
AGENTS = Kind("agent", "Your own agents", "Each with its own sign-in and models.", ())
"""Behind every agent that the user has added; nothing of it can be configured."""
OWN: dict[str, str] = {PI: "pi", "claude": "anthropic", "codex": "codex-native"}
"""harness -> the backend that is the agent's own: its program's sign-in and models."""
_ALIASES = {"lm-studio": "lmstudio", "claude": "anthropic", "codex": "codex-native"}
"""Other names of the app, and the agents whose own backend is meant."""


def current_id(backend: str) -> str:
    """Ids of the app are written with underscores, and understood."""
    dashed = backend.strip().lower().replace("_", "-")
    return _ALIASES.get(dashed, dashed)


def runtime_of(kind: Kind, chosen: str, *, with_pi: bool) -> RuntimeId:
    """Who runs it: as chosen, if that is allowed, else the first; without Pi the first other."""
    if chosen in kind.runtimes:
        return next(runtime for runtime in kind.runtimes if runtime == chosen)
    others = (runtime for runtime in kind.runtimes if with_pi or runtime != PI)
    return next(others, kind.runtimes[0])


def qualified(prefix: str, model: str) -> str:
    """The prefix once, however many slashes the name itself has."""
    return model if model.startswith(f"{prefix}/") else f"{prefix}/{model}"


def base_url(url: str) -> str:
    """Where chat completions are: under `/v1`."""
    return f"{root_url(url)}/v1"


def root_url(url: str) -> str:
    """What a server's own questions hang on."""
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def checked_url(url: str) -> str:
    """An address that can be asked. Raises InvalidParams."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise _wrong("The address must look like http://host:port.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise _wrong(
            "The address must not contain a user, a key or a query; use --key for the key."
        )
    return url.rstrip("/")


def _wrong(message: str) -> InvalidParams:
    return InvalidParams(message, path="$.url")
