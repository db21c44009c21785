"""When a terminal calls, and how."""

from typing import Any

import pytest
from prompt_toolkit.output import DummyOutput

from claudette_cli.attach import alerts
from claudette_cli.attach.alerts import Alerts
from tests.unit.cli.attach.test_picture import asked, picture

RUNNING: dict[str, Any] = {
    "chat": {"status": {"name": "running"}},
    "turn": {"id": "t", "state": "running"},
}


def test_a_new_card_and_the_end_of_a_long_turn_are_told_once() -> None:
    idle, works = picture(), picture(**RUNNING)
    card = picture(permissions=[asked(1)])
    assert alerts.due(None, card, 0) == ""
    assert "command 1" in alerts.due(idle, card, 0)
    assert alerts.due(card, card, 0) == ""
    assert "command 2" in alerts.due(card, picture(permissions=[asked(2)]), 0)
    assert alerts.due(works, idle, 60) == "the turn has ended"
    assert alerts.due(works, idle, 1) == ""


def test_nothing_in_a_name_reaches_the_terminal_as_a_command() -> None:
    for kind in ("osc9", "osc777"):
        told = alerts.sequence(kind, "t\x1b]0;x\x07", "a;b\nc\x9d")
        assert told.count("\x1b") == 1 and told.count("\a") == 1 and told.endswith("\a")
    assert alerts.sequence("bell", "t", "x") == "\a"
    assert alerts.sequence("none", "t", "x") == ""


class Recorder(DummyOutput):
    def __init__(self) -> None:
        self.written: list[str] = []

    def write_raw(self, data: str) -> None:
        self.written.append(data)


@pytest.mark.parametrize(("term", "told"), [("xterm", 5), ("dumb", 0), ("linux", 0)])
def test_the_title_follows_the_chat_and_is_given_back(
    term: str, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    output = Recorder()
    calls = Alerts(output)
    with calls.titled():
        calls.take(None, picture())
        calls.take(picture(), picture(permissions=[asked(1)]))
    assert len(output.written) == told
    if told:
        assert output.written[0] == "\x1b[22;0t" and output.written[-1] == "\x1b[23;0t"
        assert output.written[1:4] == ["\x1b]2;t\a", "\x1b]2;! t\a", "\a"]
