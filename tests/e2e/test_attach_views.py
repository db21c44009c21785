"""What a seat shows beside the chat: what was folded, other chats, models, the background."""

from collections.abc import Iterator

import pytest

from claudette_cli import exits
from tests.support.commands import Commands, Terminal

pytestmark = pytest.mark.usefixtures("scripted_stage")


@pytest.fixture
def chat(commands: Commands) -> str:
    return commands.new("--title", "the chat")


@pytest.fixture
def seat(commands: Commands, chat: str) -> Iterator[Terminal]:
    with commands.terminal("attach", chat, columns=80) as terminal:
        terminal.shows("idle · ")
        yield terminal


def test_what_is_folded_opens_and_folds_where_it_is(seat: Terminal) -> None:
    for number in (1, 2):
        seat.enter(f'do\n@tool bash {{"command": "seq {number}00 {number}19"}} @then @text done')
        seat.expect("a allow once")
        seat.type("a")
        seat.expect("done · ")
    seat.type("\x0f")
    seat.shows("▶  1 ✓ bash seq 200 219")
    seat.shows("│ 201")
    seat.type("k\r")
    seat.shows("▶  2 ✓ bash seq 100 119")
    seat.shows("│ 101")
    seat.type("\r")
    seat.lacks("│ 101")
    seat.type("q")
    seat.enter("/show 2")
    seat.expect("│ 101")
    seat.enter("/show 9")
    seat.expect("Name it by its number")


def test_other_chats_that_wait_are_counted_while_they_do(
    seat: Terminal, commands: Commands
) -> None:
    other = commands.new()
    commands.run("send", other, "-", typed='do\n@tool bash {"command": "touch x"}')
    seat.shows("1 chat waits")
    commands.run("delete", other, "--yes")
    seat.lacks("1 chat waits")


def test_a_model_is_picked_and_the_chat_goes_on(seat: Terminal) -> None:
    seat.enter("/model")
    seat.shows("Search:")
    seat.type("large\r")
    seat.shows("Model set to fake/large")
    seat.shows("idle · fake/large")


def test_what_the_terminal_says_of_its_background_is_no_key(commands: Commands, chat: str) -> None:
    with commands.terminal("attach", chat, NO_COLOR="") as seat:
        seat.expect("\x1b]11;?\x1b\\")
        seat.shows("idle · ")
        seat.type("a dr\x1b]11;rgb:ffff/ffff/ffff\x1b\\aft")
        seat.shows("▸ a draft")
        seat.type('\x15do\x0a@tool write {"path": "a.py", "content": "x = 1\\n"}\r')
        seat.expect("48;5;194m+")


def test_a_terminal_that_only_prints_lines_is_not_drawn_on(commands: Commands, chat: str) -> None:
    with commands.terminal("attach", chat, TERM="dumb") as seat:
        seat.expect("This terminal only prints lines.")
        seat.enter('@text hello @tool bash {"command": "echo out"} @then @text done')
        seat.expect("May it run this command?")
        seat.type("/approve\n/answer 1\n/show\n")
        seat.expect("No questions are open.")
        seat.expect("/show needs a terminal")
        seat.expect("│ out")
        seat.expect("done · ")
        seat.type("/deny\n")
        assert "\x1b" not in seat.expect("Nothing waits for a decision.")
        seat.type("/detach\n")
        code, said = seat.ended()
        assert code == exits.DONE and "\x1b" not in said


def test_a_message_that_begins_with_the_letter_of_a_key_decides_nothing(
    seat: Terminal, commands: Commands
) -> None:
    seat.enter('@tool bash {"command": "touch made"} @then @text done')
    seat.expect("a allow once")
    seat.enter("another message")
    seat.shows("queued: another message")
    assert len(commands.run("inbox", "--json").json) == 1
    seat.shows("a allow once")
    seat.type("a")
    seat.expect("allowed once by you")
