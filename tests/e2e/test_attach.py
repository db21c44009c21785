"""Sitting in a chat, on a real terminal, against a real daemon with a scripted agent."""

import sys
from collections.abc import Iterator

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support import pictures
from tests.support.commands import Commands, Terminal

COMMAND = '@tool bash {"command": "echo out; seq 30"} @then @text done'


pytestmark = pytest.mark.usefixtures("scripted_stage")


@pytest.fixture
def chat(commands: Commands) -> str:
    return commands.new("--title", "the chat")


@pytest.fixture
def seat(commands: Commands, chat: str) -> Iterator[Terminal]:
    with commands.terminal("attach", chat) as terminal:
        terminal.shows("idle · ")
        yield terminal


def test_a_message_streams_and_its_turn_ends(seat: Terminal) -> None:
    seat.type('@think hm\x1b\r@text "one **bold**\\n\\ntwo"\r')  # Alt-Enter sends nothing yet
    seat.expect('  @text "one')
    seat.expect("∴ hm")
    seat.expect("one bold")
    seat.expect("two")
    seat.expect("done · ")


def test_detaching_leaves_the_agent_at_work(
    seat: Terminal, commands: Commands, chat: str, home: Home
) -> None:
    seat.enter("@text before @hold door @text after")
    home.gates.wait_held("door")
    seat.type("\x03")
    code, said = seat.ended()
    assert code == exits.DONE
    assert f"claudette attach {chat}" in said
    assert commands.run("show", chat, "--json").json["status"]["name"] == "running"
    home.gates.release("door")
    commands.run("wait", chat)


def test_an_image_that_is_named_goes_with_the_message(
    seat: Terminal, commands: Commands, chat: str, home: Home
) -> None:
    (home.work / "shot.png").write_bytes(pictures.PNG)
    (home.work / "bad.png").write_bytes(b"no image")
    seat.enter("@seen @text @bad.png")
    seat.expect("bad.png is no PNG")
    seat.enter("@seen @text @shot.png")
    seat.expect(f"  [image shot.png {len(pictures.PNG)} bytes, 8x6]")
    seat.expect("done · ")
    user, answer = commands.run("history", chat, "--json").json
    assert user["images"][0]["name"] == "shot.png"
    assert answer["text"].startswith("image/png")


def test_history_is_there_when_one_comes_back(commands: Commands, chat: str) -> None:
    commands.run("send", chat, "-", "--wait", typed="@text said **before**")
    with commands.terminal("attach", chat) as seat:
        seat.expect("▸ @text said **before**")
        seat.expect("said before")
        seat.type("\x04")
        assert seat.ended()[0] == exits.DONE


def test_one_key_allows_a_command_and_its_output_is_folded(seat: Terminal) -> None:
    seat.enter(COMMAND)
    seat.expect("run this command")
    seat.expect("$ echo out; seq 30")
    seat.expect("a allow once")
    seat.type("a")
    seat.expect("allowed once by you")
    seat.expect("lines before")
    seat.expect("│ 30")
    seat.expect("done · ")
    seat.type("\x0f")
    seat.expect("│ out")


def test_a_denial_can_carry_a_reason(commands: Commands, chat: str) -> None:
    with commands.terminal("attach", chat, columns=60) as seat:
        seat.shows("idle · ")
        seat.enter(COMMAND)
        seat.expect("a allow once · d deny · r deny with a reason")
        seat.expect("y always")  # on the next line: here is no room for all of it
        seat.type("r")
        seat.expect("why not?")
        seat.enter("use make")
        seat.expect("denied by you (use make)")
    commands.run("wait", chat)
    assert "seq 30" not in commands.run("history", chat, "--limit", "1").out


@pytest.fixture
def slow_seat(commands: Commands, chat: str) -> Iterator[Terminal]:
    """One whose cards take no keys for longer than a test needs to press one."""
    text = (
        "import sys; from claudette_cli.attach import screen; screen.ARM_SECONDS = 5;"
        "from claudette_cli.main import main; sys.exit(main())"
    )
    with commands.terminal("attach", chat, program=[sys.executable, "-c", text]) as terminal:
        terminal.shows("idle · ")
        yield terminal


def test_a_letter_of_a_message_never_answers_a_card(
    slow_seat: Terminal, commands: Commands, chat: str
) -> None:
    seat = slow_seat
    seat.enter(COMMAND)
    seat.expect("run this command")
    seat.type("a")  # before the card takes keys, as when somebody is typing
    seat.shows("clear the line to answer")
    seat.type("dr")
    assert len(commands.run("inbox", "--json").json) == 1
    seat.type("\x15")  # clears the line
    seat.shows("a allow once")
    seat.type("d")
    seat.expect("denied by you")
    commands.run("wait", chat)


def test_a_card_decided_elsewhere_closes_and_says_who(
    seat: Terminal, commands: Commands, chat: str
) -> None:
    seat.enter(COMMAND)
    seat.expect("a allow once")
    commands.run("deny", chat, "--reason", "from afar")
    seat.expect("denied by claudette/cli")
    seat.expect("(from afar)")


def test_two_seats_see_the_same_card(seat: Terminal, commands: Commands, chat: str) -> None:
    with commands.terminal("attach", chat) as other:
        other.shows("idle · ")
        seat.enter(COMMAND)
        seat.expect("a allow once")
        other.expect("a allow once")
        other.type("a")
        other.expect("allowed once by you")
        seat.expect("allowed once by claudette/cli")
        seat.expect("done · ")
        other.expect("done · ")


def test_escape_stops_and_the_queue_is_kept(seat: Terminal, commands: Commands, chat: str) -> None:
    seat.enter("@hold door")
    seat.shows("running · ")
    seat.enter("a later message")
    seat.expect("queued: a later message")
    seat.enter("/steer left")
    seat.expect("steers: it goes in")
    seat.type("\x1b")
    seat.expect("stopped · ")
    seat.expect("the queue is paused")
    assert "The queue is paused" in commands.run("queue", "list", chat).out


def test_a_killed_daemon_is_started_again_and_nothing_is_missed(
    seat: Terminal, commands: Commands, chat: str, home: Home
) -> None:
    seat.enter('@text "part one\\n\\n" @hold door @text "part two"')
    seat.expect("part one")
    home.gates.wait_held("door")
    commands.kill9_daemon()
    home.gates.release("door")
    seat.expect("part two")
    seat.expect("done · ")
    seat.enter("@text still here")
    seat.expect("still here")
    seat.expect("done · ")


def test_a_daemon_shut_down_in_order_is_waited_for(
    seat: Terminal, commands: Commands, chat: str
) -> None:
    commands.run("restart")
    seat.enter("@text hello again")
    seat.expect("hello again")
    seat.expect("done · ")


def test_commands_of_the_seat(seat: Terminal, commands: Commands, chat: str) -> None:
    seat.enter("/help")
    seat.expect("/detach")
    seat.enter("/title a better name")
    seat.expect("! title: a better name")
    seat.enter("/level full")
    seat.expect("! level: full")
    seat.expect("▸ /level full")
    seat.enter("/retry")
    seat.expect("! ")
    seat.enter("/titel x")
    seat.expect("Did you mean /title")
    seat.expect("/say")
    seat.enter("/say /usage @text literally")
    seat.expect("▸ /usage @text literally")
    seat.expect("done · ")
    seat.enter("/detach")
    assert seat.ended()[0] == exits.DONE
    assert commands.run("show", chat, "--json").json["title"] == "a better name"


def test_tab_completes_a_command_and_what_it_takes(commands: Commands, chat: str) -> None:
    commands.run("model", "--refresh")
    with commands.terminal("attach", chat) as seat:
        seat.shows("idle · ")
        seat.type("/re\t")
        seat.shows("lets a paused queue go on")
        seat.type("\x15/model \t")
        seat.shows("fake/thinker")
        seat.type("\t\t\r")
        seat.expect("▸ /model fake/large")
        seat.expect("The model is fake/large")


def test_a_question_is_a_card_and_is_answered_in_the_seat_or_elsewhere(
    commands: Commands, home: Home
) -> None:
    (home.work / ".pi/prompts").mkdir(parents=True)
    asking, other = commands.new("--model", "fake/small"), commands.new("--model", "fake/small")
    assert "2 questions are open" in commands.run("inbox").out
    shown = commands.run("questions").out
    assert "Trust the instructions" in shown and f"claudette answer {asking}.q" in shown
    assert f"asked        {home.work}  claudette answer {asking}.q" in commands.run("trust").out
    with commands.terminal("attach", asking) as seat:
        seat.expect("Trust the instructions")
        seat.expect("2  Yes")
        seat.expect("asks: Trust the instructions")
        seat.expect("(its number answers)")
        seat.enter("2")
        seat.expect("Yes")
        seat.type("\x04")
        seat.ended()
    assert commands.run("questions", other).out == "No questions are open.\n"
    assert commands.run("trust").out == f"trusted      {home.work}\n"
    assert "asked again" in commands.run("trust", "revoke", str(home.work)).out
    assert "No project is trusted" in commands.run("trust", "list").out
    third = commands.new("--model", "fake/small")
    answered = commands.run("answer", third, "no").out
    assert answered.startswith("No (answered by claudette/cli")
    assert commands.run("answer", third, "no", code=exits.NOT_FOUND).out == ""
    assert commands.run("trust").out == f"not trusted  {home.work}\n"
    assert "Trust the instructions" in commands.run("history", third).out


def test_a_command_is_sent_from_a_script(commands: Commands, chat: str) -> None:
    assert "level is full" in commands.run("send", chat, "/permissions full").out
    assert commands.run("send", chat, "/usage", "--json").json["command"] == "/usage"
    unknown = commands.run("send", chat, "/usgae", code=exits.FAILED)
    assert "/usage" in unknown.err and "literal" in unknown.err


def test_a_deleted_chat_ends_the_seat(seat: Terminal, commands: Commands, chat: str) -> None:
    commands.run("delete", chat)
    code, said = seat.ended()
    assert code == exits.DONE
    assert "deleted" in said


def test_a_chat_that_is_not_there_is_no_seat(commands: Commands) -> None:
    with commands.terminal("attach", "zzz") as terminal:
        code, said = terminal.ended()
    assert code == exits.NOT_FOUND
    assert "claudette ls --all" in said


def test_without_a_command_one_sits_in_the_chat_of_the_directory(
    commands: Commands, chat: str
) -> None:
    with commands.terminal() as terminal:
        terminal.expect(chat)
        terminal.type("\x03")
        assert terminal.ended()[0] == exits.DONE


def test_sending_on_a_terminal_streams_and_takes_the_answer_to_a_card(
    commands: Commands, chat: str
) -> None:
    with commands.terminal("send", chat, COMMAND.replace("@tool", "do\n@tool")) as terminal:
        terminal.expect("run this command")
        terminal.expect("a allow once")
        terminal.type("x")
        terminal.type("a")
        terminal.expect("allowed once by you")
        terminal.expect("done · ")
        assert terminal.ended()[0] == exits.DONE


@pytest.mark.parametrize("where", ["attach", "send"])
def test_a_request_longer_than_its_card_is_shown_whole_before_it_is_allowed(
    commands: Commands, chat: str, home: Home, where: str
) -> None:
    content = "".join(f"{'x' * 150} {number}\\n" for number in range(500))
    script = f'do\n@tool write {{"path": "a.txt", "content": "{content}"}} @then @text fine'
    if where == "attach":
        commands.run("send", chat, "-", typed=script)
    arguments = ["attach", chat] if where == "attach" else ["send", chat, script]
    with commands.terminal(*arguments) as terminal:
        terminal.expect("v show all of it")
        terminal.type("a")
        terminal.expect("are not shown yet: v shows all of it")
        terminal.type("v")
        terminal.expect("xxx 499")
        terminal.expect("a allow once")
        terminal.type("a")
        terminal.expect("allowed once by you")
        terminal.expect("done · ")
        if where == "attach":
            terminal.type("\x04")
        assert terminal.ended()[0] == exits.DONE
    assert (home.work / "a.txt").read_text().endswith("xxx 499\n")


def test_interrupting_a_send_leaves_the_agent_at_work(
    commands: Commands, chat: str, home: Home
) -> None:
    with commands.terminal("send", chat, "do\n@text x @hold door") as terminal:
        home.gates.wait_held("door")
        terminal.type("\x03")
        assert terminal.ended()[0] == exits.INTERRUPTED
    assert commands.run("show", chat, "--json").json["status"]["name"] == "running"
    commands.run("stop", chat)
