"""What can be done about a message that failed."""

import pytest

from claudette_cli.rendering.ways import ways_out

CHAT = {"id": "c", "harness": "pi", "modelUsed": "openrouter/openai/gpt-5"}


@pytest.mark.parametrize(
    ("error", "first"),
    [
        ("The key is wrong (HTTP 401)", "/key openrouter stores another key"),
        ("No credit is left (HTTP 402)", "/model picks another model"),
        ("The model is gone (HTTP 404)", "/model picks another model"),
        ("The server is busy (HTTP 503)", "/retry sends it again"),
    ],
)
def test_the_first_way_is_the_one_that_helps(error: str, first: str) -> None:
    told = ways_out(error, CHAT)
    assert told.split(" · ")[0] == first and "/retry sends it again" in told


def test_a_key_is_none_of_another_agents() -> None:
    assert "/key" not in ways_out("Refused (HTTP 401)", CHAT | {"harness": "claude"})


def test_an_error_that_says_what_to_do_is_left_alone() -> None:
    assert ways_out("Sign in; then /retry.", CHAT) == ""
