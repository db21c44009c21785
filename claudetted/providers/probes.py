"""Owns asking a backend's server which models it has, and how much each of them holds."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import trio

from claudetted.providers.exception_groups import first_of
from claudetted.providers.http import HttpFailed, fetch_json
from claudetted.providers.kinds import Kind, base_url, root_url

SECONDS = 3.0
AT_ONCE = 8
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)
_NO_CHAT = re.compile(
    r"embed|whisper|tts|dall-e|moderation|realtime|transcribe|audio|image|sora|babbage|davinci",
    re.IGNORECASE,
)
"""What OpenAI lists beside the models that one can talk to."""


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """A model that a server has."""

    name: str
    window: int | None = None
    images: bool | None = None
    """Whether it takes images; None when the server does not say."""


class Look(msgspec.Struct, frozen=True):
    """What a server told. `unfit` models are there and cannot call tools, as an agent must."""

    models: list[Found]
    unfit: list[str] = []


async def look(kind: Kind, url: str, key: str, env: Mapping[str, str]) -> Look:
    """What the server has now, asked as in `env`. Raises HttpFailed with what to do about it."""
    try:
        if kind.server == "ollama":
            return await _ollama(root_url(url), key, env)
        if kind.server == "lmstudio":
            return await _lmstudio(root_url(url), base_url(url), key, env)
        told = await fetch_json(f"{base_url(url)}/models", key=key, seconds=SECONDS, env=env)
        return _openai(told, all_kinds=kind.url == "")
    except HttpFailed as failed:
        raise HttpFailed(_advice(kind, url, failed), failed.status) from None


async def _ollama(root: str, key: str, env: Mapping[str, str]) -> Look:
    told = await fetch_json(f"{root}/api/tags", key=key, seconds=SECONDS, env=env)
    names = [str(row["name"]) for row in _rows(told, "models", "name")]
    details: dict[str, dict[str, Any]] = {}
    limit = trio.CapacityLimiter(AT_ONCE)

    async def show(name: str) -> None:
        async with limit:
            body = {"model": name}
            shown = await fetch_json(
                f"{root}/api/show", key=key, body=body, seconds=SECONDS, env=env
            )
            details[name] = shown if isinstance(shown, dict) else {}

    with first_of(HttpFailed):
        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(show, name)
    chatty = [name for name in names if _can(details[name], "completion")]
    fit = [name for name in chatty if _can(details[name], "tools")]
    models = [
        Found(name, _ollama_window(details[name]), _ollama_images(details[name])) for name in fit
    ]
    return Look(models, [name for name in chatty if name not in fit])


def _can(details: dict[str, Any], what: str) -> bool:
    """Older servers do not say what a model can."""
    capabilities = details.get("capabilities")
    return what in capabilities if isinstance(capabilities, list) else True


def _ollama_images(details: dict[str, Any]) -> bool | None:
    return _can(details, "vision") if "capabilities" in details else None


def _ollama_window(details: dict[str, Any]) -> int | None:
    """What the model is run with, if it says so, else what it could hold."""
    if found := _NUM_CTX.search(str(details.get("parameters") or "")):
        return int(found[1])
    info = details.get("model_info")
    sizes = info.items() if isinstance(info, dict) else ()
    return next((_size(size) for name, size in sizes if name.endswith(".context_length")), None)


async def _lmstudio(root: str, base: str, key: str, env: Mapping[str, str]) -> Look:
    try:
        told = await fetch_json(f"{root}/api/v0/models", key=key, seconds=SECONDS, env=env)
        rows = _rows(told, "data", "id")
    except HttpFailed as failed:
        if failed.status is None or failed.status in (401, 403):
            raise
        # An older one.
        return _openai(await fetch_json(f"{base}/models", key=key, seconds=SECONDS, env=env))
    rows = [row for row in rows if row.get("type") != "embeddings"]
    return Look(
        [Found(str(row["id"]), _lmstudio_window(row), _lmstudio_images(row)) for row in rows]
    )


def _lmstudio_window(row: dict[str, Any]) -> int | None:
    return _size(row.get("loaded_context_length")) or _size(row.get("max_context_length"))


def _lmstudio_images(row: dict[str, Any]) -> bool | None:
    return {"vlm": True, "llm": False}.get(str(row.get("type")))


def _openai(told: Any, *, all_kinds: bool = True) -> Look:
    rows = _rows(told, "data", "id")
    if not all_kinds:
        rows = [row for row in rows if not _NO_CHAT.search(str(row["id"]))]
    return Look([Found(str(row["id"]), _openai_window(row)) for row in rows])


def _openai_window(row: dict[str, Any]) -> int | None:
    """Servers that tell it have no common word for it."""
    names = ("context_length", "max_model_len", "context_window", "max_context_length")
    return next((size for name in names if (size := _size(row.get(name)))), None)


def _rows(told: Any, within: str, named: str) -> list[dict[str, Any]]:
    rows = told.get(within) if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise HttpFailed("its answer is not a list of models", 200)
    return [row for row in rows if isinstance(row, dict) and row.get(named)]


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _advice(kind: Kind, url: str, failed: HttpFailed) -> str:
    set_ = f"claudette backend set {kind.id}"
    if failed.status in (401, 403):
        return f"{kind.name} at {url} wants another key ({failed.status}): {set_} --key"
    if failed.status is None:
        return f"{str(failed).rstrip('.')}. Is {kind.name} running there? If not: {set_} --url URL"
    return f"{kind.name} at {url} did not list its models: {str(failed).rstrip('.')}."
