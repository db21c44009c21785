"""The line: what was entered before is there at any time, drawn or not."""

from prompt_toolkit.history import InMemoryHistory

from claudette_cli.attach.completion import Offered
from claudette_cli.attach.draft import Draft


def draft() -> Draft:
    return Draft(Offered(), lambda _: False)


def test_what_was_cleared_is_one_line_up_at_once() -> None:
    line = draft().buffer
    line.text = "first"
    line.reset(append_to_history=True)
    line.history_backward()
    assert line.text == "first"
    line.history_forward()
    assert line.text == ""


def test_what_is_typed_goes_on_when_the_history_is_known() -> None:
    made = draft()
    made.buffer.text = "cleared"
    made.buffer.reset(append_to_history=True)
    made.buffer.insert_text("typed")
    kept = InMemoryHistory()
    made.history.keep_in(kept, ["newest", "oldest"])
    made.buffer.reset(made.buffer.document)
    seen = [(made.buffer.text, made.buffer.cursor_position)]
    for _ in range(4):
        made.buffer.history_backward()
        seen.append((made.buffer.text, made.buffer.cursor_position))
    assert seen == [
        ("typed", 5),
        ("cleared", 7),
        ("newest", 6),
        ("oldest", 6),
        ("oldest", 6),
    ]
    assert list(kept.load_history_strings()) == ["cleared"]
