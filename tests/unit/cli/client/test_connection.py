"""A connection keeps replies and notifications apart, and what was said in order."""

import os
from typing import Any

import pytest

from claudette_cli.client.connection import Connection
from claudette_cli.exits import NOT_FOUND, Disconnected, Failure, Refused
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Faulty, Line


def connected(daemon: FakeDaemon) -> Connection:
    return Connection(os.fspath(daemon.path), "1")


def test_it_greets_before_anything_else(fake: Fake) -> None:
    daemon = fake(chat_list=lambda params: {"chats": []})
    with connected(daemon) as connection:
        assert connection.request("chat/list", {"limit": 1}) == {"chats": []}
    hello = {"name": "claudette", "kind": "cli", "version": "1"}
    assert daemon.asked == [("daemon/hello", hello), ("chat/list", {"limit": 1})]


def test_what_is_told_before_a_reply_is_kept_in_order(fake: Fake) -> None:
    def subscribe(params: Any, line: Line) -> Any:
        for number in range(3):
            line.tell("event", seq=number)
        return {}

    with connected(fake(event_subscribe=subscribe)) as connection:
        connection.request("event/subscribe")
        assert connection.pending
        told = [frame["params"]["seq"] for frame in connection.arrived()]
        assert told == [0, 1, 2]
        assert not connection.pending


def test_long_lines_in_many_pieces_arrive_whole(fake: Fake) -> None:
    text = "ä" * 3_000_000
    with connected(fake(item_get=lambda params: {"text": text})) as connection:
        assert connection.request("item/get") == {"text": text}


def test_an_error_is_a_refusal_with_an_exit_code(fake: Fake) -> None:
    def get(params: Any) -> Any:
        raise Faulty("ChatNotFound", "There is no such chat.")

    with connected(fake(chat_get=get)) as connection, pytest.raises(Refused) as refused:
        connection.request("chat/get")
    assert (refused.value.message, refused.value.code) == ("There is no such chat.", NOT_FOUND)
    assert refused.value.name == "ChatNotFound"


def test_a_daemon_that_goes_away_is_noticed(fake: Fake) -> None:
    def hang_up(params: Any, line: Line) -> Any:
        line.hang_up()

    with connected(fake(chat_get=hang_up)) as connection, pytest.raises(Disconnected):
        connection.request("chat/get")


def test_another_protocol_level_is_refused_with_what_to_do(fake: Fake) -> None:
    daemon = fake(chat_list=lambda params: {})
    for level, advice in ((0, "claudette restart"), (2, "this command is the older one")):
        daemon.level = level
        with connected(daemon) as connection, pytest.raises(Failure, match=advice):
            connection.request("chat/list")


def test_text_that_is_not_unicode_is_refused_here(fake: Fake) -> None:
    with connected(fake()) as connection, pytest.raises(Failure, match="UTF-8"):
        connection.request("turn/send", {"text": "\udcff"})


def test_a_directory_whose_name_is_not_unicode_is_named(fake: Fake) -> None:
    with connected(fake()) as connection, pytest.raises(Failure) as refused:
        connection.request("chat/create", {"cwd": "/w/b\udcffd", "title": "t"})
    assert "The name of /w/b\\xffd is not UTF-8" in refused.value.message
