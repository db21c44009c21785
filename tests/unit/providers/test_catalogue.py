"""What a person sees of the agent's providers: order, words, ways and labels."""

from typing import Any

import pytest

from claudetted.protocol.providers import Provider
from claudetted.protocol.sidecar import Origin, ProviderList, ProviderRow
from claudetted.providers.catalogue import CURATED, current_id, described, label, listed


def row(provider: str, **known: Any) -> ProviderRow:
    return ProviderRow(provider, provider.title(), **known)


def test_the_curated_ones_come_first_and_in_their_order() -> None:
    rows = [row("zai"), *[row(provider) for provider in reversed(CURATED)], row("baseten")]
    ids = [provider.id for provider in listed(ProviderList(rows)).providers]
    assert ids == [*CURATED, "baseten", "zai"]


def test_six_are_shown_first_six_more_and_three_by_variable() -> None:
    groups = [entry.group for entry in CURATED.values()]
    assert groups == ["default"] * 6 + ["more"] * 6 + ["environment"] * 3


def test_every_curated_one_says_what_it_is_and_where_to_read_on() -> None:
    for provider, entry in CURATED.items():
        assert entry.about.endswith("."), provider
        assert entry.docs.startswith("https://"), provider


def test_an_older_id_is_still_known() -> None:
    assert current_id("azure-openai-responses") == "azure"
    assert current_id("openai") == "openai"


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        (Origin("auth.json"), "auth.json"),
        (Origin("models.json"), "models.json"),
        (Origin("environment", "OPENROUTER_API_KEY"), "$OPENROUTER_API_KEY"),
        (Origin("environment", "A_KEY, B_KEY"), "$A_KEY, $B_KEY"),
        (Origin("environment", "AWS profile"), "AWS profile"),
    ],
)
def test_a_credential_is_labelled_by_where_it_comes_from(origin: Origin, shown: str) -> None:
    assert label(origin) == shown


def test_the_first_credential_is_the_one_in_use() -> None:
    origins = [Origin("auth.json"), Origin("environment", "XAI_API_KEY")]
    told = described(row("xai", origins=origins))
    assert (told.configured, told.source, told.overrides) == (True, "auth.json", ["$XAI_API_KEY"])
    assert described(row("xai")) == Provider(
        "xai",
        "xAI (Grok)",
        "api_key",
        "more",
        about="Grok models.",
        docs="https://console.x.ai",
        ways=["api_key"],
    )


def test_the_usual_way_to_sign_in_comes_first_and_the_others_beside_it() -> None:
    ways = ["api_key", "oauth"]
    assert described(row("github-copilot", ways=ways)).ways == ["oauth", "api_key"]
    assert described(row("openai", ways=ways, variables=["K"])).ways == [*ways, "environment"]
    assert described(row("azure", ways=["api_key"], variables=["K"])).kind == "environment"
    assert described(row("openai-codex", ways=["oauth"])).kind == "oauth"


def test_a_claude_subscription_is_never_offered() -> None:
    assert described(row("anthropic", ways=["api_key", "oauth"])).ways == ["api_key"]


def test_bug_38_the_summary_counts_the_models_of_configured_providers_alone() -> None:
    rows = [row("groq", models=7, origins=[Origin("auth.json")]), row("openai", models=40)]
    assert listed(ProviderList(rows)).summary == "1/2 configured · 7 models available"


def test_a_provider_with_a_credential_and_without_what_else_it_needs_is_not_configured() -> None:
    known: dict[str, Any] = {"origins": [Origin("environment", "A")], "settings": ["B"]}
    told = described(row("azure", lacks="Set B.", **known))
    assert (told.configured, told.blocked, told.settings) == (False, "Set B.", ["B"])
    assert described(row("azure", **known)).configured
