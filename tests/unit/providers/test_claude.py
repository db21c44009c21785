"""Which models are Anthropic's own, and what counts as a token of a Claude subscription."""

import pytest

from claudetted.providers.claude import is_anthropic, is_token, masked, tokens_in, without_tokens

OWN = [
    "anthropic/claude-opus-4-5",
    "Anthropic/Claude-Opus-4-5",
    " anthropic/x",
    "claude/opus",
    "pi/anthropic/claude-opus-4-5",
    "pi/claude-opus",
    "claude",
    "opus",
    "Sonnet",
    "haiku",
    "claude-3-5-sonnet",
    "claude_x",
    "opus-4",
    "sonnet_4",
]
OTHERS = [
    "openrouter/anthropic/claude-opus-4",
    "pi/openrouter/anthropic/claude-opus-4",
    "github-copilot/claude-sonnet-4",
    "amazon-bedrock/anthropic.claude-opus-4",
    "google-vertex/claude-opus-4",
    "ollama/claude",
    "clade-x",
    "mistral-7b",
    "opusculum",
    "claudette",
    "openai/gpt-5.4",
    "",
]


@pytest.mark.parametrize("model", OWN)
def test_bug_07_a_bare_name_of_claude_is_anthropics_own(model: str) -> None:
    assert is_anthropic(model)


@pytest.mark.parametrize("model", OTHERS)
def test_claude_under_another_provider_is_that_ones(model: str) -> None:
    assert not is_anthropic(model)


def test_a_token_is_known_by_its_variable_or_by_how_it_begins() -> None:
    env = {
        "ANTHROPIC_API_KEY": "sk-ant-oat01-secret",
        "ANTHROPIC_AUTH_TOKEN": "anything",
        "CLAUDE_CODE_OAUTH_TOKEN": "",
        "OTHER": "sk-ant-ort01-secret",
        "PATH": "/bin",
    }
    assert tokens_in(env) == ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OTHER"]
    assert without_tokens(env) == {"PATH": "/bin"}
    assert tokens_in(masked(env)) == tokens_in(env)
    assert "secret" not in str(masked(env))
    assert without_tokens({"ANTHROPIC_API_KEY": "sk-ant-api03-key"})
    assert not is_token("sk-ant-api03-key")
