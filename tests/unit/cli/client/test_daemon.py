"""Calls outlive the daemon where a repetition is harmless, and only there."""

import sys

import pytest

from claudette_cli.client import daemon as calling, versions
from claudette_cli.client.daemon import Daemon, connect
from claudette_cli.exits import Failure
from claudette_cli.terminal.output import Terminal
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Json, Line


class Flaky:
    """Goes away the first times it is asked."""

    def __init__(self, faults: int) -> None:
        self.faults = faults

    def answer(self, params: Json, line: Line) -> Json:
        if self.faults:
            self.faults -= 1
            line.hang_up()
        return {"faults": self.faults}


def test_what_only_reads_is_asked_again(fake: Fake) -> None:
    fake(chat_get=Flaky(2).answer)
    with Daemon() as daemon:
        assert daemon.call("chat/get", {"chatId": "c"}) == {"faults": 0}


def test_what_has_a_key_is_asked_again_with_the_same(fake: Fake) -> None:
    running = fake(turn_send=Flaky(1).answer)
    with Daemon() as daemon:
        daemon.call("turn/send", {"text": "x", "key": "k"})
    assert [params["key"] for params in running.called("turn/send")] == ["k", "k"]


def test_what_might_happen_twice_is_not(fake: Fake) -> None:
    running = fake(turn_stop=Flaky(1).answer)
    with Daemon() as daemon, pytest.raises(Failure, match="run the command again"):
        daemon.call("turn/stop", {"chatId": "c"})
    assert len(running.called("turn/stop")) == 1


@pytest.mark.parametrize(
    ("own", "advice"), [("8.10.0", "this command is the older one"), ("9.1", "claudette restart")]
)
def test_a_daemon_of_another_version_is_mentioned_once_to_a_person(
    fake: Fake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    own: str,
    advice: str,
) -> None:
    fake(chat_get=lambda params: {})
    monkeypatch.setattr(versions, "__version__", own)
    monkeypatch.setattr(calling, "_mentioned", set())
    for _ in range(2):
        with Daemon() as daemon:
            daemon.call("chat/get")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(Terminal, "__init__", interactive)
    for _ in range(2):
        with Daemon() as daemon:
            daemon.call("chat/get")
    assert capsys.readouterr().err.count(advice) == 1


def interactive(terminal: Terminal, stream: object) -> None:
    terminal.__dict__.update(_stream=stream, interactive=True, colour=False)


def test_reconnecting_without_its_installation_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when another installation has taken this one's place while the client was attached."""
    monkeypatch.setattr("claudette_cli.client.finding.running", lambda: None)
    monkeypatch.setitem(sys.modules, "claudette_cli.client.starting", None)
    monkeypatch.delattr("claudette_cli.client.starting", raising=False)
    with pytest.raises(Failure, match="was replaced or removed"):
        connect()
