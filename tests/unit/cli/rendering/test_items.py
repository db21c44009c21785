"""Items as lines: folded or whole, and harmless to a terminal."""

import io
from typing import Any

import pytest

from claudette_cli.rendering.items import Painter
from claudette_cli.terminal.output import Terminal


def lines(item: dict[str, Any], *, whole: bool = False) -> list[str]:
    return Painter(Terminal(io.StringIO()), whole=whole).item({"id": "i", "status": "done"} | item)


def tool(**more: Any) -> dict[str, Any]:
    return {"kind": "tool", "tool": {"name": "bash", "phase": "ended", "title": "make", **more}}


def test_output_is_folded_to_its_end() -> None:
    text = "".join(f"line {number}\n" for number in range(40))
    folded = lines(tool() | {"text": text})
    assert folded[0] == "✓ bash make"
    assert "34 lines before" in folded[1]
    assert folded[-1].endswith("line 39")
    assert len(lines(tool() | {"text": text}, whole=True)) == 41


def test_a_failed_command_tells_its_exit_code() -> None:
    assert "exit 2" in lines(tool(exitCode=2) | {"status": "failed"})[0]


def test_an_error_stands_for_the_output() -> None:
    assert lines(tool(error="not found") | {"text": "x"})[1:] == ["  not found"]


def test_a_diff_is_cut_unless_it_is_asked_for() -> None:
    diff = "".join(f"+{number}\n" for number in range(100))
    assert "40 more lines" in lines(tool(diff=diff))[-1]
    assert lines(tool(diff=diff), whole=True)[-1] == "  +99"


def test_reasoning_is_one_line() -> None:
    item = {"kind": "reasoning", "text": "first\nsecond\nthird"}
    assert lines(item) == ["∴ first (+2 lines)"]


def test_a_withdrawn_message_says_so() -> None:
    assert lines({"kind": "message", "status": "discarded", "text": "gone"}) == [
        "↺ withdrawn: gone"
    ]


def test_a_message_that_was_stopped_says_so() -> None:
    item = {"kind": "message", "status": "stopped", "text": "half", "textBytes": 4}
    assert lines(item) == ["half", "■ stopped here"]


def test_a_cut_text_says_how_much_is_missing() -> None:
    item = {"kind": "message", "text": "x", "textBytes": 2049}
    assert lines(item)[-1] == "  … 2 KiB more in item i"


@pytest.mark.parametrize(
    ("trigger", "why"),
    [("manual", "asked for"), ("threshold", "by itself"), ("overflow", "context was full")],
)
def test_a_compaction_shows_both_counts_and_why(trigger: str, why: str) -> None:
    told = {"trigger": trigger, "before": 136_000, "after": 20_000, "durationMs": 3200}
    assert lines({"kind": "compaction", "compaction": told}) == [
        f"── compacted ({why}): 136k → 20k tokens, 3.2 s ──"
    ]
    assert lines({"kind": "compaction", "compaction": {"trigger": trigger}}) == [
        f"── compacted ({why}) ──"
    ]


def test_output_cannot_move_the_cursor() -> None:
    item = tool() | {"text": "a\x1b[2Jb\rc"}
    assert "".join(lines(item)).count("\x1b") == 0


def test_the_end_of_a_turn() -> None:
    turn = {"reason": "failed", "error": "no luck", "durationMs": 1500, "usage": {"output": 3}}
    assert Painter(Terminal(io.StringIO())).turn(turn) == "failed: no luck · 1.5 s · 0 in, 3 out"


def test_a_message_of_a_person_tells_its_images() -> None:
    small = {"id": "a", "mimeType": "image/png", "bytes": 70}
    shot = {"id": "b", "mimeType": "image/png", "bytes": 2_340_000, "name": "s\x1b.png"}
    told = lines(
        {"kind": "user", "text": "look", "images": [small, {**shot, "width": 8, "height": 6}]}
    )
    assert told == ["▸ look", "  [image 70 bytes]", "  [image s\\x1b.png 2.3 MB, 8x6]"]
