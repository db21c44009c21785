"""Owns what we add to the agent's own list of providers: order, words, links. Pure."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from claudetted.protocol.providers import Group, Kind, ListResult, Provider
from claudetted.protocol.sidecar import Origin, ProviderList, ProviderRow
from claudetted.providers import claude

PI_DOCS = "https://github.com/earendil-works/pi/blob/main/packages/coding-agent/docs/providers.md"
OAUTH_NEVER = frozenset({claude.PROVIDER})
"""Whose subscription belongs to its own program: only a key is taken."""


class Entry(msgspec.Struct, frozen=True):
    """What a person should know of a provider before choosing it."""

    name: str
    kind: Kind
    group: Group
    about: str
    docs: str


CURATED = {
    "github-copilot": Entry(
        "GitHub Copilot",
        "oauth",
        "default",
        "Models of a Copilot subscription, on github.com or a GitHub Enterprise Server.",
        "https://github.com/features/copilot",
    ),
    "openrouter": Entry(
        "OpenRouter",
        "api_key",
        "default",
        "One key for the models of many makers.",
        "https://openrouter.ai/keys",
    ),
    "openai": Entry(
        "OpenAI",
        "api_key",
        "default",
        "GPT models, by key or with a ChatGPT subscription.",
        "https://platform.openai.com/api-keys",
    ),
    "anthropic": Entry(
        "Anthropic (API)",
        "api_key",
        "default",
        "Claude models, by key. A Claude subscription is not used.",
        "https://console.anthropic.com/settings/keys",
    ),
    "google": Entry(
        "Google Gemini",
        "api_key",
        "default",
        "Gemini models.",
        "https://aistudio.google.com/apikey",
    ),
    "deepseek": Entry(
        "DeepSeek",
        "api_key",
        "default",
        "DeepSeek models.",
        "https://platform.deepseek.com/api_keys",
    ),
    "xai": Entry("xAI (Grok)", "api_key", "more", "Grok models.", "https://console.x.ai"),
    "groq": Entry(
        "Groq", "api_key", "more", "Open models, served fast.", "https://console.groq.com/keys"
    ),
    "cerebras": Entry(
        "Cerebras",
        "api_key",
        "more",
        "Open models on wafer-scale hardware.",
        "https://cloud.cerebras.ai",
    ),
    "mistral": Entry(
        "Mistral", "api_key", "more", "Mistral models.", "https://console.mistral.ai/api-keys"
    ),
    "fireworks": Entry(
        "Fireworks AI",
        "api_key",
        "more",
        "Open models, hosted.",
        "https://fireworks.ai/account/api-keys",
    ),
    "opencode": Entry(
        "OpenCode Zen",
        "api_key",
        "more",
        "Models chosen for coding agents.",
        "https://opencode.ai",
    ),
    "amazon-bedrock": Entry(
        "Amazon Bedrock",
        "environment",
        "environment",
        "Needs AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        f"{PI_DOCS}#amazon-bedrock",
    ),
    "google-vertex": Entry(
        "Google Vertex AI",
        "environment",
        "environment",
        "Needs GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION, and a login with gcloud.",
        f"{PI_DOCS}#google-vertex-ai",
    ),
    "azure": Entry(
        "Azure OpenAI",
        "environment",
        "environment",
        "Needs AZURE_OPENAI_API_KEY, and AZURE_OPENAI_BASE_URL or AZURE_OPENAI_RESOURCE_NAME.",
        f"{PI_DOCS}#azure-openai",
    ),
}
"""In the order in which they are shown."""

RENAMED = {"azure-openai-responses": "azure"}
"""Ids of older versions, still accepted."""


def current_id(provider: str) -> str:
    return RENAMED.get(provider, provider)


def listed(told: ProviderList) -> ListResult:
    """Everything the agent told, the curated ones first."""
    order = {provider: at for at, provider in enumerate(CURATED)}
    rows = sorted(told.providers, key=lambda row: (order.get(row.id, len(order)), row.name.lower()))
    providers = [described(row) for row in rows]
    return ListResult(providers, _summary(providers), told.trouble)


def blocked(found: ListResult, provider: str, why: str) -> ListResult:
    """The same while the models of one are not used."""
    rows = [
        replace(row, models=0, blocked=why) if row.id == provider else row
        for row in found.providers
    ]
    return replace(found, providers=rows, summary=_summary(rows))


def described(row: ProviderRow) -> Provider:
    entry = CURATED.get(row.id) or _uncurated(row)
    labels = list(dict.fromkeys(map(label, row.origins)))
    return Provider(
        row.id,
        entry.name,
        entry.kind,
        entry.group,
        about=entry.about,
        docs=entry.docs,
        ways=_ways(row, entry.kind),
        variables=[name for name in row.variables if name not in claude.TOKENS],
        settings=row.settings,
        models=row.models,
        configured=bool(labels) and not row.lacks,
        source=labels[0] if labels else "",
        overrides=labels[1:],
        blocked=row.lacks,
    )


def label(origin: Origin) -> str:
    """A credential in few characters, by where it comes from."""
    if origin.kind != "environment":
        return origin.kind
    return ", ".join(f"${name}" if name.isupper() else name for name in origin.name.split(", "))


def _uncurated(row: ProviderRow) -> Entry:
    kind: Kind = "oauth" if row.ways == ["oauth"] else "api_key"
    return Entry(row.name, kind, "other", "", PI_DOCS)


def _ways(row: ProviderRow, kind: Kind) -> list[Kind]:
    """The usual one first."""
    offered: Iterable[Kind] = [
        way for way in row.ways if way != "oauth" or row.id not in OAUTH_NEVER
    ]
    by_variable: list[Kind] = ["environment"] if row.variables else []
    return list(dict.fromkeys([kind, *offered, *by_variable]))


def _summary(providers: list[Provider]) -> str:
    configured = [provider for provider in providers if provider.configured]
    models = sum(provider.models for provider in configured)
    return f"{len(configured)}/{len(providers)} configured · {models} models available"
