"""The table of `top`: who stands in it, and what a row says."""

import pytest

from claudette_cli.top.table import Table
from tests.unit.cli.fake_daemon import Json


def chat(chat_id: str, status: str = "idle", **more: object) -> Json:
    return {"id": chat_id, "harness": "pi", "status": {"name": status}, "updatedAt": "2026"} | more


def process(chat_id: str, kind: str = "sidecar", memory: int = 1024, cpu: float = 0.0) -> Json:
    return {"kind": kind, "chatId": chat_id, "memory": memory, "cpu": cpu, "pid": 1, "command": ""}


@pytest.fixture
def table() -> Table:
    table = Table()
    for one in (chat("a"), chat("b", "running"), chat("c", attention=["permission"])):
        table.feed({"subject": "chat", "chat": one})
    return table


def ids(table: Table) -> list[str]:
    return [one["id"] for one in table.rows]


def test_those_that_need_somebody_come_first_and_the_idle_are_left_out(table: Table) -> None:
    assert ids(table) == ["c", "b"]
    table.measured([process("a")], 1.0)
    assert ids(table) == ["c", "b", "a"]
    table.feed({"subject": "deleted", "chatId": "c"})
    assert ids(table) == ["b", "a"]


def test_shares_and_speeds_are_of_the_time_between_two_looks(table: Table) -> None:
    table.measured([process("b", cpu=1.0), process("b", "job", cpu=1.0)], 10.0)
    table.streamed("b", "x" * 400)
    table.measured([process("b", cpu=2.0), process("b", "job", cpu=1.5), process("b", "job")], 12.0)
    told = table.figures(table.chats["b"])
    assert (told["cpu"], told["memory"], told["tokensPerSecond"]) == (0.75, 3072, 50.0)
    table.measured([process("b", cpu=3.5)], 14.0)
    assert table.figures(table.chats["b"])["tokensPerSecond"] == 0
    assert table.sum() == "2 chats, 1 running, 1 needs you · 1 agent, 0% cpu, 1 KiB"


def test_keys_move_the_mark_and_it_stays_with_its_chat(table: Table) -> None:
    assert table.mark() == "c"
    table.move(1)
    table.move(1)
    assert table.mark() == "b"
    table.feed({"subject": "chat", "chat": chat("b", attention=["failed"], updatedAt="2027")})
    assert (ids(table), table.mark()) == (["b", "c"], "b")
    table.feed({"subject": "deleted", "chatId": "b"})
    assert table.mark() == "c"


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_row_fits_and_its_id_is_whole(table: Table, width: int) -> None:
    told = chat("3gq65vbmik4t", "running", title="A long title " * 20, queueLength=2)
    row = table.row(told, width)
    assert len(row) == width and "3gq65vbmik4t" in row and "running +2" in row
    assert "\x1b" not in table.row(chat("b", title="\x1b[2J"), width)
