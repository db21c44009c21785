"""`top` on a terminal and in a pipe, beside a daemon that follows a scenario."""

import json
import threading
from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.main import main
from tests.support.commands import Terminal
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Json, Line
from tests.unit.cli.top.test_table import chat, process

A, B = "a" * 12, "b" * 12


class Feed:
    def __init__(self) -> None:
        self.all: Line | None = None
        self.streams: Line | None = None
        self.stopped = threading.Event()

    def subscribe(self, params: Json, line: Line) -> Json:
        if params.get("all"):
            self.all = line
            return {"chats": [chat(A, "running", title="One"), chat(B, "waiting", title="Two")]}
        self.streams = line
        line.tell("delta", chatId=A, itemId="i", offset=0, text="word " * 10)
        return {"snapshot": {"chat": {"id": A}, "seq": 1, "cursor": "j.1"}}

    def stop(self, params: Json) -> Json:
        assert self.all
        self.all.tell("feed", subject="chat", chat=chat(params["chatId"], "failed", title="One"))
        return {"stopped": True}


def serve(fake: Fake, feed: Feed) -> FakeDaemon:
    return fake(
        event_subscribe=feed.subscribe,
        event_unsubscribe=lambda params: {},
        process_list=lambda params: {"processes": [process(A, memory=3 << 20)]},
        turn_stop=feed.stop,
    )


def test_into_a_pipe_it_is_one_table(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    serve(fake, Feed())
    assert main(["top"]) == exits.DONE
    total, head, *rows = capsys.readouterr().out.splitlines()
    assert total.startswith("2 chats, 1 running, 0 need you · 1 agent,")
    assert head.split() == ["state", "chat", "agent", "cpu", "memory", "≈", "t/s", "cost", "title"]
    assert [row.split()[1] for row in rows] == [B, A]
    assert "3.0 MiB" in rows[1] and rows[1].endswith("One")
    assert main(["top", "--json"]) == exits.DONE
    told = json.loads(capsys.readouterr().out)
    assert [one["chat"]["id"] for one in told] == [B, A]
    assert told[1]["memory"] == 3 << 20


def test_on_a_terminal_it_lives_and_obeys_keys(fake: Fake, tmp_path: Path) -> None:
    daemon = serve(fake, Feed())
    with Terminal(tmp_path, "top", columns=80) as terminal:
        terminal.shows("q quit")
        terminal.shows("3.0 MiB")
        terminal.type("j")
        terminal.type("s")
        terminal.shows("failed")
        terminal.shows(f"{A}: stopped")
        terminal.type("q")
        assert terminal.ended()[0] == exits.DONE
    assert daemon.called("turn/stop") == [{"chatId": A}]
