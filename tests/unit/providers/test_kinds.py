"""Kinds of backends: who runs them, where their servers are, how their models are named."""

import pytest

from claudetted.protocol.errors import InvalidParams
from claudetted.providers import kinds
from claudetted.providers.kinds import KINDS, runtime_of


@pytest.mark.parametrize(
    ("backend", "chosen", "with_pi", "runtime"),
    [
        ("ollama", "", True, "pi"),
        ("ollama", "claude", True, "claude"),
        ("ollama", "codex", True, "pi"),
        ("ollama", "", False, "claude"),
        ("ollama", "pi", False, "pi"),
        ("codex-native", "", True, "codex"),
        ("codex-native", "pi", True, "pi"),
        ("codex-native", "", False, "codex"),
        ("anthropic", "pi", True, "claude"),
        ("pi", "", False, "pi"),
    ],
)
def test_a_runtime_is_one_that_is_allowed(
    backend: str, chosen: str, with_pi: bool, runtime: str
) -> None:
    assert runtime_of(KINDS[backend], chosen, with_pi=with_pi) == runtime


@pytest.mark.parametrize("url", ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"])
def test_a_server_is_the_same_however_it_is_written(url: str) -> None:
    assert kinds.base_url(url) == "http://h:1/v1"
    assert kinds.root_url(url) == "http://h:1"


def test_a_path_before_the_version_stays() -> None:
    assert kinds.base_url("https://h/openai/v1") == "https://h/openai/v1"
    assert kinds.base_url("https://h/api") == "https://h/api/v1"


@pytest.mark.parametrize(
    ("model", "whole"),
    [
        ("library/llama3", "ollama/library/llama3"),
        ("ollama/library/llama3", "ollama/library/llama3"),
        ("ollamax", "ollama/ollamax"),
    ],
)
def test_a_prefix_is_added_once(model: str, whole: str) -> None:
    assert kinds.qualified("ollama", model) == whole


@pytest.mark.parametrize("url", ["", "h:1", "ftp://h", "http://", "http://h:x", "http://[h"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidParams):
        kinds.checked_url(url)


@pytest.mark.parametrize("url", ["http://u:secret@h", "http://h?key=secret", "http://h#secret"])
def test_an_address_holds_no_secret_and_the_refusal_neither(url: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        kinds.checked_url(url)
    assert "secret" not in refused.value.message
