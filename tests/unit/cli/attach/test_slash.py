"""What a person types into a chat: a command of the screen's own, or a text for the daemon."""

import pytest

from claudette_cli.attach import slash


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/deny  not that ", ("/deny", "not that")),
        ("/quit", ("/quit", "")),
        ("/answer 2", ("/answer", "2")),
        ("/stop", ("", "/stop")),
        ("/model  openai/gpt ", ("", "/model  openai/gpt ")),
        ("/etc/hosts is wrong", ("", "/etc/hosts is wrong")),
        ("hello /deny", ("", "hello /deny")),
        ("/denying", ("", "/denying")),
    ],
)
def test_only_what_the_screen_does_itself_is_its_own(text: str, expected: tuple[str, str]) -> None:
    assert slash.parse(text) == expected


def test_a_stop_waits_behind_nothing() -> None:
    assert slash.is_at_once("/stop")
    assert not slash.is_at_once("/model x")
    assert not slash.is_at_once("do not /stop")


def test_everything_of_its_own_is_in_the_help() -> None:
    assert {name.split()[0] for name, _ in slash.HELP} == slash.HERE - {"/quit"}
    assert len(slash.help_lines()) == len(slash.HELP) + len(slash.KEYS)
