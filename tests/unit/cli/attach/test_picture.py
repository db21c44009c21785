"""The lower part of the screen, as values."""

from typing import Any

import pytest

from claudette_cli.attach.picture import Picture
from claudette_cli.client.fold import Fold


def picture(*, connected: bool = True, **snapshot: Any) -> Picture:
    fold = Fold()
    chat = {"id": "c", "title": "t", "level": "standard", **snapshot.pop("chat", {})}
    fold.snapshot({"snapshot": {"chat": chat, "seq": 0, "cursor": "j.0", **snapshot}})
    return Picture(fold, [], connected=connected)


def entry(number: int, when: str = "queue") -> dict[str, Any]:
    return {"turnId": f"t{number}", "text": f"message {number}", "when": when}


def asked(number: int) -> dict[str, Any]:
    request = {"tool": "bash", "command": f"command {number}"}
    return {"id": f"p{number}", "chatId": "c", "request": request}


def test_the_status_line_tells_state_model_meter_and_cost() -> None:
    chat = {
        "status": {"name": "running"},
        "modelUsed": "fake/small",
        "context": {"used": 10, "window": 100},
        "totals": {"costUsd": 0.5, "costSource": "provider"},
    }
    expected = "running · fake/small · ▰▱▱▱▱▱▱▱▱▱ context 10% of 100 · $0.5000 · standard · c t"
    assert picture(chat=chat).status_at()[0] == expected
    assert picture(chat=chat, connected=False).status_at()[0].startswith("reconnecting…")


FULL = {
    "id": "3gigjrqpbmxq",
    "title": "Find out why the test of the parser fails",
    "modelUsed": "openrouter/anthropic/claude-sonnet",
    "context": {"used": 10, "window": 100},
    "totals": {"costUsd": 0.5, "costSource": "provider"},
}


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (22, "idle · 2! · 10%"),
        (40, "idle · 2 chats wait · 10% · Find out …"),
        (
            80,
            "idle · 2 chats wait · claude-sonnet · 10% · $0.5000 · standard · Find out why…",
        ),
        (
            120,
            "idle · 2 chats wait · openrouter/anthropic/claude-sonnet · 10% of 100 · $0.5000 · "
            "standard · Find out why the test of…",
        ),
    ],
)
def test_a_status_line_fits_and_tells_first_what_matters(columns: int, shown: str) -> None:
    fold = Fold()
    fold.snapshot({"snapshot": {"chat": FULL, "seq": 0, "cursor": "j.0"}})
    status = Picture(fold, [], connected=True, others=2).status_at(columns - 2)[0]
    assert status == shown
    assert len(status) <= columns - 2


@pytest.mark.parametrize("columns", range(20, 200, 7))
def test_a_status_line_fits_every_width(columns: int) -> None:
    fold = Fold()
    fold.snapshot({"snapshot": {"chat": FULL, "seq": 0, "cursor": "j.0"}})
    shown = Picture(fold, [], connected=True).status_at(columns - 2)[0]
    assert len(shown) <= columns - 2 and shown.startswith("idle")


def test_the_status_line_tells_what_is_left() -> None:
    fold = Fold()
    fold.snapshot({"snapshot": {"chat": {"id": "c"}, "seq": 0, "cursor": "j.0"}})
    fold.told_balance({"balance": {"of": "key", "usedUsd": 3.0, "remainingUsd": 7.0}})
    assert "· OpenRouter $7.00 left ·" in Picture(fold, [], connected=True).status_at()[0]
    fold.told_balance({"balance": {"of": "key", "usedUsd": 3.0}})
    assert "· OpenRouter $3.00 used ·" in Picture(fold, [], connected=True).status_at()[0]
    fold.told_balance({"balance": {"of": "account", "usedUsd": 3.0, "exhausted": True}})
    assert "· OpenRouter exhausted ·" in Picture(fold, [], connected=True).status_at()[0]
    fold.told_balance({})
    assert "OpenRouter" not in Picture(fold, [], connected=True).status_at()[0]


def test_a_failed_chat_says_why() -> None:
    assert (
        picture(chat={"status": {"name": "failed", "why": "no disk"}})
        .status_at()[0]
        .startswith("failed: no disk ·")
    )


def test_the_queue_is_shown_and_cut() -> None:
    lines = picture(queue=[entry(n, "steer" if n == 0 else "queue") for n in range(6)]).queue
    assert lines[0] == "steers: message 0"
    assert lines[3] == "queued: message 3"
    assert lines[4] == "… and 2 more"


def test_a_paused_queue_says_how_it_goes_on() -> None:
    assert "/resume" in picture(queue=[entry(1)], queuePaused=True).queue[-1]
    assert picture(queuePaused=True).queue == []


def test_the_first_card_is_the_question() -> None:
    both = picture(permissions=[asked(1), asked(2)])
    assert both.question == "waits for you (1 of 2): bash command 1"
    assert both.permission is not None
    assert both.permission["id"] == "p1"
    assert picture().question == ""


def test_a_message_that_waits_shows_its_images() -> None:
    image = {"id": "i", "mimeType": "image/png", "bytes": 34_400, "name": "shot.png"}
    told = picture(queue=[{**entry(1), "images": [{**image, "width": 8, "height": 6}]}])
    assert told.queue == ["queued: message 1 [image shot.png 34 kB, 8x6]"]
    assert not told.sees
    assert picture(chat={"capabilities": {"images": True}}).sees
