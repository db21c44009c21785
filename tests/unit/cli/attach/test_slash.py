"""What a person types into a chat: a command, or a message."""

import pytest

from claudette_cli.attach import slash
from claudette_cli.names import METHODS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/stop", ("/stop", "")),
        ("/model  openai/gpt ", ("/model", "openai/gpt")),
        ("/etc/hosts is wrong", ("", "/etc/hosts is wrong")),
        ("/unknown thing", ("", "/unknown thing")),
        ("hello /stop", ("", "hello /stop")),
        ("/stopping", ("", "/stopping")),
    ],
)
def test_only_a_known_first_word_is_a_command(text: str, expected: tuple[str, str]) -> None:
    assert slash.parse(text) == expected


def test_what_each_asks_of_the_daemon() -> None:
    assert slash.call("/stop", "") == ("turn/stop", {})
    assert slash.call("/level", "full") == ("chat/configure", {"level": "full"})
    assert slash.call("/compact", "") == ("chat/compact", {})
    assert slash.call("/compact", "the plan") == ("chat/compact", {"instructions": "the plan"})
    assert slash.call("/steer", "left") == ("turn/send", {"text": "left", "when": "steer"})


def test_a_missing_word_is_asked_for() -> None:
    assert slash.call("/title", "") == "/title needs something after it."


def test_every_command_is_in_the_help_and_does_something() -> None:
    for name, _ in slash.HELP:
        word = name.split()[0]
        assert slash.parse(word)[0] == word
        if word not in slash.HERE:
            asked = slash.call(word, "x")
            assert not isinstance(asked, str)
            assert asked[0] in METHODS
