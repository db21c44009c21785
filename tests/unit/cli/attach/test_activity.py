"""What an agent does, and for how long."""

from typing import Any

import pytest

from tests.unit.cli.attach.test_picture import picture

BEGAN = "2026-01-01T00:00:00.000Z"
NOW = 1767225600.0 + 62


def line(clock: float, *items: dict[str, Any], **snapshot: Any) -> str:
    turn = {"id": "t", "state": "running", "startedAt": BEGAN}
    running = {"status": {"name": "running"}}
    drawn = picture(chat=running, turn=turn, open=list(items), **snapshot)
    assert drawn.activity
    return drawn.activity.line(clock, NOW)


@pytest.mark.parametrize(
    ("item", "clock", "said"),
    [
        (None, 52, "waits for the first token, 52 s"),
        ({"kind": "message"}, 1, "writes"),
        ({"kind": "reasoning"}, 1, "thinks"),
        ({"kind": "message"}, 70, "stalled: nothing for 1 min 10 s"),
        ({"kind": "tool", "tool": {"name": "bash"}}, 1, "runs bash"),
        ({"kind": "tool", "tool": {"name": "bash"}}, 30, "runs bash, no output for 30 s"),
    ],
)
def test_it_says_what_is_waited_for(item: dict[str, Any] | None, clock: float, said: str) -> None:
    items = [{"id": "i", "turnId": "t", "text": "", **item}] if item else []
    assert line(clock, *items) == f"1 min 2 s · {said}"


def test_after_something_was_heard_it_is_the_model_that_is_waited_for() -> None:
    heard = {"id": "i", "turnId": "t", "kind": "tool", "text": ""}
    assert line(3, items=[heard]) == "1 min 2 s · waits for the model, 3 s"


def test_an_idle_chat_has_none() -> None:
    assert picture().activity is None
