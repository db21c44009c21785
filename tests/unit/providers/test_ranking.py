"""Which models are shown first: the newest of each family, and not too many."""

import pytest

from claudetted.protocol.sidecar import ModelRow
from claudetted.providers.ranking import grouped, parsed


def rows(provider: str, *names: str) -> list[ModelRow]:
    return [ModelRow(f"{provider}/{name}", provider, name) for name in names]


def primary(*names: str) -> list[str]:
    return [model.name for model in grouped(rows("p", *names)) if model.primary]


@pytest.mark.parametrize(
    ("name", "family", "version", "suffix"),
    [
        ("gpt-5.4-mini", "gpt", (5, 4), "-mini"),
        ("claude-opus-4-5", "claude-opus", (4, 5), ""),
        ("claude-opus-4-5-20251101", "claude-opus", (4, 5), "-20251101"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet", (4, 5), ""),
        ("llama3", "llama", (3,), ""),
        ("auto", "auto", (), ""),
    ],
)
def test_a_name_has_a_family_and_a_version(
    name: str, family: str, version: tuple[int, ...], suffix: str
) -> None:
    assert parsed(name) == (family, version, suffix)


def test_the_two_newest_versions_of_a_family_are_primary() -> None:
    assert primary("gpt-4", "gpt-5.4", "gpt-5") == ["gpt-5.4", "gpt-5"]


def test_at_most_five_are_primary() -> None:
    assert len(primary(*[f"f{letter}-1" for letter in "abcdefgh"])) == 5


def test_groups_have_the_providers_real_names_and_all_models() -> None:
    told = [*rows("baseten", "x"), *rows("github-copilot", "y", "z")]
    models = grouped(told)
    assert [model.group for model in models] == ["GitHub Copilot", "GitHub Copilot", "baseten"]
    named = [ModelRow("baseten/x", "baseten", "x", provider_name="Baseten")]
    assert grouped(named)[0].group == "Baseten"


def test_many_hundreds_are_no_pause() -> None:
    many = [row for n in range(40) for row in rows(f"p{n}", *[f"m-{k}" for k in range(50)])]
    assert len(grouped(many)) == 2000
