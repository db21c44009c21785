"""Printing events: which ones, and where it begins."""

import json

import pytest

from claudette_cli import exits
from claudette_cli.main import main
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Json, Line

ID = "c" * 12


def test_a_line_of_another_chat_is_none_of_its_events(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    def subscribe(params: Json, line: Line) -> Json:
        if "after" not in params:
            return {"snapshot": {"cursor": "j.3"}}
        assert params["after"] == "j.1"
        for chat, seq in ((ID, 2), ("other", 9), (ID, 3)):
            event = {"type": "chat/renamed"}
            line.tell("event", chatId=chat, seq=seq, at="", event=event)
        return {"resumed": True}

    fake(event_subscribe=subscribe)
    assert main(["events", ID, "--after", "1"]) == exits.DONE
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["cursor"] for event in told] == ["j.2", "j.3"]
    assert main(["events", ID, "--after", "k.1"]) == exits.USAGE


def test_following_goes_on_after_a_break_and_ends_with_the_chat(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    def subscribe(params: Json, line: Line) -> Json | None:
        if "after" not in params:
            return {"snapshot": {"cursor": "j.0"}}
        seq = int(params["after"].rpartition(".")[2]) + 1
        kind = "chat/deleted" if seq == 3 else "chat/renamed"
        line.tell("event", chatId=ID, seq=seq, at="", event={"type": kind})
        if seq < 3:
            line.tell("lagging", cursors={})
        return {"resumed": True}

    fake(event_subscribe=subscribe)
    assert main(["events", ID, "-f"]) == exits.DONE
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["seq"] for event in told] == [1, 2, 3]
