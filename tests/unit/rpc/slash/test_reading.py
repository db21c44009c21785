"""What a text with a slash in front is."""

import pytest

from claudetted.rpc.slash.reading import is_message, read, unknown


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/stop", "stop", ""),
        ("/model  pi/openai/gpt-5.4 ", "model", "pi/openai/gpt-5.4"),
        ("/compact keep\nthe plan", "compact", "keep\nthe plan"),
        ("/compact\nthe plan", "compact", "the plan"),
        ("/skill:rig a/b", "skill:rig", "a/b"),
        ("/Fix_it now", "Fix_it", "now"),
    ],
)
def test_a_word_behind_a_slash_may_be_a_command(text: str, name: str, argument: str) -> None:
    typed = read(text)
    assert typed is not None
    assert (typed.name, typed.argument) == (name, argument)


@pytest.mark.parametrize(
    "text", ["stop", " /stop", "/usr/bin/foo is broken", "/", "/ x", "//x", "", "x /stop", "/a/"]
)
def test_everything_else_is_a_message(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("name", ["tmp", "2", "Fix_it", "a.b", "ß"])
def test_a_word_that_no_command_could_have_is_text(name: str) -> None:
    assert is_message(name)


@pytest.mark.parametrize("name", ["modle", "skill:nothing", "a-b2"])
def test_a_word_that_looks_like_a_command_is_not_guessed(name: str) -> None:
    assert not is_message(name)


def test_what_was_typed_is_cut_where_nobody_reads_on() -> None:
    typed = read("/title " + "x" * 1000)
    assert typed is not None and len(typed.text) == 200 and len(typed.argument) == 1000


def test_the_nearest_and_the_way_out_are_told() -> None:
    fault = unknown("modle", ["model", "usage"], "")
    assert fault.to_wire()["data"] == {
        "name": "CommandUnknown",
        "command": "/modle",
        "nearest": ["/model"],
    }
    assert "no harness" in unknown("x", [], "no harness").message
