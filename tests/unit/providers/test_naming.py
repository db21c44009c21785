"""Which model a name means: never another one, and near misses are told."""

import pytest

from claudetted.providers.naming import bare, meant, nearest

IDS = [
    "openai/gpt-5.4",
    "openai/gpt-5.4-mini",
    "openrouter/openai/gpt-5.4",
    "ollama/library/llama3",
    "fake/Large",
    "one/same",
    "two/same",
]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("openai/gpt-5.4", "openai/gpt-5.4"),
        ("pi/openai/gpt-5.4", "openai/gpt-5.4"),
        ("PI/OpenAI/GPT-5.4", "openai/gpt-5.4"),
        ("pi/openrouter/openai/gpt-5.4", "openrouter/openai/gpt-5.4"),
        ("gpt-5.4-mini", "openai/gpt-5.4-mini"),
        ("library/llama3", "ollama/library/llama3"),
        ("fake/large", "fake/Large"),
        ("large", "fake/Large"),
        ("same", None),
        ("gpt", None),
        ("", None),
    ],
)
def test_a_name_means_one_model_or_none(name: str, found: str | None) -> None:
    assert meant(name, IDS) == found


def test_a_whole_id_wins_over_one_that_ends_like_it() -> None:
    assert meant("openai/gpt-5.4", IDS) == "openai/gpt-5.4"
    assert meant("gpt-5.4", ["openai/gpt-5.4", "openrouter/openai/gpt-5.4"]) == "openai/gpt-5.4"


def test_the_nearest_are_told() -> None:
    assert nearest("pi/openai/gpt-5", IDS)[0] == "openai/gpt-5.4"
    assert nearest("same", IDS)[:2] == ["one/same", "two/same"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("sonnet", "openrouter/anthropic/claude-sonnet-5.5"),
        ("claude-sonnet-5-5", "openrouter/anthropic/claude-sonnet-5.5"),
        ("gpt-99", "openai/gpt-5.4"),
        ("anthropic/claude-sonnet-5.5", "openrouter/anthropic/claude-sonnet-5.5"),
    ],
)
def test_a_short_name_has_nearest_ones_among_long_ids(name: str, first: str) -> None:
    assert nearest(name, [*IDS, "openrouter/anthropic/claude-sonnet-5.5"])[0] == first


def test_what_is_like_nothing_has_no_nearest_ones() -> None:
    assert nearest("zzz", IDS) == nearest("", IDS) == []


def test_the_agents_name_is_left_out() -> None:
    assert bare("pi/openai/gpt-5.4") == bare(" openai/gpt-5.4 ") == "openai/gpt-5.4"
    assert bare("pipe/x") == "pipe/x"
