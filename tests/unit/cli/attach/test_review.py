"""Looking through a chat: what is folded opens where it is."""

import io
from typing import Any

import pytest

from claudette_cli.attach.review import Review, counted
from claudette_cli.terminal.output import Terminal

Json = dict[str, Any]


def tool(number: int, lines: int = 20) -> Json:
    text = "".join(f"out {number}.{line}\n" for line in range(lines))
    called = {"name": "bash", "title": f"command {number}"}
    return {"id": f"t{number}", "kind": "tool", "status": "done", "tool": called, "text": text}


def user(text: str) -> Json:
    return {"id": text, "kind": "user", "status": "done", "text": text}


ITEMS = [user("first"), tool(1), tool(2), user("second"), tool(3)]


def review(*items: Json) -> Review:
    return Review(list(items or ITEMS), Terminal(io.StringIO()))


def test_the_last_is_chosen_and_all_are_counted_from_there() -> None:
    assert review().rows(10, 60) == [
        "     ▸ first",
        "   3 ✓ bash command 1",
        "   2 ✓ bash command 2",
        "     ▸ second",
        "▶  1 ✓ bash command 3",
    ]


def test_it_opens_where_it_is_and_folds_again() -> None:
    looked = review()
    looked.move(-1)
    item = looked.chosen
    assert item is not None and item["id"] == "t2"
    folded = looked.rows(40, 60)
    looked.open(item, item["text"])
    rows = looked.rows(40, 60)
    assert rows[2:5] == ["▶  2 ✓ bash command 2", "       │ out 2.0", "       │ out 2.1"]
    assert rows[-1] == "   1 ✓ bash command 3"
    looked.fold(item)
    assert looked.rows(40, 60) == folded


@pytest.mark.parametrize("height", [3, 10, 24])
def test_the_chosen_one_is_on_the_screen_and_the_rest_is_scrolled_to(height: int) -> None:
    looked = review(*(tool(number, 50) for number in range(20)))
    for _ in range(20):
        item = looked.chosen
        assert item is not None
        looked.open(item, item["text"])
        rows = looked.rows(height, 60)
        assert len(rows) == height
        assert any("▶" in row for row in rows)
        looked.move(-1)
    looked.scroll(-10_000)
    assert "command 0" in looked.rows(height, 60)[0]
    looked.scroll(10_000)
    assert "out 19.49" in looked.rows(height, 60)[-1]


def test_a_chat_without_tools_has_nothing_to_choose() -> None:
    assert review(user("only")).chosen is None
    assert counted([user("only")], 1) is None


def test_one_is_named_by_its_number() -> None:
    assert counted(ITEMS, 1) == ITEMS[4]
    assert counted(ITEMS, 3) == ITEMS[1]
    assert counted(ITEMS, 0) is None and counted(ITEMS, 4) is None
