"""A search asks as what it does, and is there only where somebody can be asked or need not be."""

from typing import Any

import pytest

from claudetted.harnesses.codex import SEARCH, TESTED, search


@pytest.mark.parametrize(
    ("unasked", "openai", "version", "how"),
    [
        ([SEARCH], True, f"{TESTED}.0", "free"),
        ([SEARCH], False, "9.9.9", "free"),
        ([], True, f"{TESTED}.0", "asks"),
        ([], True, "9.9.9", "off"),
        ([], False, f"{TESTED}.0", "off"),
    ],
)
def test_how_it_searches(unasked: list[str], openai: bool, version: str, how: str) -> None:
    assert search.how(unasked, openai=openai, version=version) == how


OPENS = [{"ref_id": "https://Example.org:8080/a"}]


@pytest.mark.parametrize(
    ("given", "tool", "hosts"),
    [
        ({"search_query": [{"q": "x"}], "response_length": "short"}, "websearch", []),
        ({"open": OPENS, "response_length": "short"}, "webfetch", ["example.org"]),
        ({"click": [{"ref_id": "turn0fetch3", "id": 1}]}, "webfetch", ["turn0fetch3"]),
        ({"search_query": [{"q": "x"}], "open": OPENS}, "websearch", ["example.org"]),
        ({"open": "nothing", "q": 7}, "websearch", []),
    ],
)
def test_what_a_call_asks_for(given: dict[str, Any], tool: str, hosts: list[str]) -> None:
    assert search.tool_of(given)[:2] == (tool, hosts)
