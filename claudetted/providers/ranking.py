"""Owns the order of models and which of them are shown first. Pure."""

import re
from collections.abc import Iterable

from claudetted.protocol.models import Model
from claudetted.protocol.sidecar import ModelRow
from claudetted.providers.catalogue import CURATED

PRIMARY_MOST = 5
BANDS = 2
"""So many of the newest versions of each family are primary."""
_FAMILY = re.compile(
    r"([a-z]+(?:[ -][a-z]+)*)[ -]?v?(\d{1,2}(?:[.-]\d{1,2})*)(?!\d)", re.IGNORECASE
)

SEEDS = (
    Model("anthropic/claude-opus-4-5", "Claude Opus 4.5", "anthropic", "Anthropic (API)", 200_000),
    Model("openai/gpt-5.4", "GPT-5.4", "openai", "OpenAI", 272_000),
)
"""Shown, as not usable, when nothing is configured."""


def grouped(rows: Iterable[ModelRow]) -> list[Model]:
    """Curated providers first, then in the order in which they were found."""
    groups: dict[str, list[ModelRow]] = {}
    for row in rows:
        groups.setdefault(row.provider, []).append(row)
    order = {provider: at for at, provider in enumerate(CURATED)}
    ranked = sorted(groups, key=lambda provider: order.get(provider, len(order)))
    return [model for provider in ranked for model in _group(groups[provider])]


def _group(rows: list[ModelRow]) -> list[Model]:
    primary = _primary(rows)
    rest = [row for row in rows if row not in primary]
    return [_model(row, row in primary) for row in primary + rest]


def _model(row: ModelRow, primary: bool) -> Model:
    entry = CURATED.get(row.provider)
    group = entry.name if entry else row.provider_name or row.provider
    window, images = row.context_window, row.images
    return Model(row.id, row.name, row.provider, group, window, primary, images=images)


def _primary(rows: list[ModelRow]) -> list[ModelRow]:
    """The newest of each family, families in the order in which they were found."""
    families: dict[str, list[tuple[tuple[int, ...], str, ModelRow]]] = {}
    for row in rows:
        family, version, suffix = parsed(row.id.partition("/")[2])
        families.setdefault(family, []).append((version, suffix, row))
    chosen: list[ModelRow] = []
    for members in families.values():
        newest = sorted({version for version, _, _ in members}, reverse=True)[:BANDS]
        kept = [member for member in members if member[0] in newest]
        kept.sort(key=lambda member: len(member[1]))
        kept.sort(key=lambda member: member[0], reverse=True)
        chosen += [row for _, _, row in kept]
    return chosen[:PRIMARY_MOST]


def parsed(name: str) -> tuple[str, tuple[int, ...], str]:
    """Family, version and what follows: `gpt-5.4-mini` is gpt, (5, 4), -mini."""
    found = _FAMILY.search(name.rpartition("/")[2])
    if not found:
        return name.lower(), (), ""
    version = tuple(int(part) for part in re.split("[.-]", found[2]))
    return found[1].lower(), version, found.string[found.end() :]
