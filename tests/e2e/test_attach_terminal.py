"""A seat and the terminal around it: signals, pauses, what is typed too early, what stays."""

import signal
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support import pictures
from tests.support.commands import CLAUDETTE, Commands, Terminal

SHELL = ["bash", "--norc", "--noprofile", "-i"]


pytestmark = pytest.mark.usefixtures("scripted_stage")


@pytest.fixture
def chat(commands: Commands) -> str:
    return commands.new("--title", "the chat")


@pytest.fixture
def seat(commands: Commands, chat: str) -> Iterator[Terminal]:
    with commands.terminal("attach", chat) as terminal:
        terminal.shows("idle · ")
        yield terminal


def cooked(terminal: Terminal) -> bool:
    read, _, _, local, *_ = terminal.modes
    wanted = termios.ICANON | termios.ECHO | termios.ISIG
    return bool(read & termios.ICRNL) and local & wanted == wanted


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("arguments", [("attach",), ("send", "do\n@text half @hold door")])
def test_a_signal_gives_the_terminal_back(
    commands: Commands,
    chat: str,
    home: Home,
    signum: signal.Signals,
    arguments: tuple[str, ...],
) -> None:
    verb, *rest = arguments
    with commands.terminal(verb, chat, *rest) as terminal:
        terminal.shows("half" if rest else "idle · ")
        assert not cooked(terminal)
        terminal.signal(signum)
        assert terminal.ended(close=False)[0] == 128 + signum
        assert cooked(terminal)
    home.gates.release("door")


def test_a_seat_whose_terminal_is_closed_ends(seat: Terminal) -> None:
    seat.hang_up()


def test_ctrl_c_clears_a_draft_first_and_then_leaves(seat: Terminal) -> None:
    seat.type("a long draft")
    seat.shows("▸ a long draft")
    seat.type("\x03")
    seat.lacks("a long draft")
    seat.type("\x1b[A")
    seat.shows("▸ a long draft")
    seat.type("\x03\x03")
    assert seat.ended()[0] == exits.DONE


def test_leaving_keeps_what_was_streamed(seat: Terminal, home: Home) -> None:
    seat.enter("@text half_an_answer @hold door")
    home.gates.wait_held("door")
    seat.shows("half_an_answer")
    seat.type("\x03")
    seat.shows("Detached; the chat goes on")
    seat.shows("half_an_answer")
    assert seat.ended()[0] == exits.DONE
    home.gates.release("door")


@pytest.mark.parametrize("how", ["key", "signal"])
def test_a_seat_is_suspended_and_comes_back(commands: Commands, chat: str, how: str) -> None:
    with commands.terminal(program=SHELL, PS1="shell> ", HISTFILE="") as terminal:
        terminal.expect("shell> ")
        terminal.enter(f"{' '.join(CLAUDETTE)} attach {chat}")
        terminal.shows("idle · ")
        terminal.type("a draft")
        terminal.shows("▸ a draft")
        terminal.suspend(how)
        terminal.expect("Stopped")
        terminal.expect("shell> ")
        terminal.enter("echo in the $((6 * 7))")
        terminal.expect("in the 42")
        terminal.enter("fg")
        terminal.shows("▸ a draft")
        terminal.type("\x15@text still here\r")
        terminal.expect("still here")
        terminal.expect("done · ")
        terminal.type("\x04")
        terminal.expect("Detached")
        terminal.expect("shell> ")
        terminal.enter("exit")
        assert terminal.ended()[0] == 0


def test_what_is_typed_too_early_is_kept_and_enter_sends(commands: Commands, chat: str) -> None:
    with commands.terminal("attach", chat) as seat:
        seat.enter("@text first answer")
        seat.enter("@text second answer")
        seat.type("a draft")
        seat.expect("done · ")
        seat.expect("done · ")
        seat.shows("▸ a draft")
    history = commands.run("history", chat).out
    assert "▸ @text first answer\n\nfirst answer\n\n▸ @text second answer\n" in history


def test_what_is_piped_in_is_asked(commands: Commands, chat: str) -> None:
    assert commands.run(typed="@text an answer").out == "an answer\n"
    assert commands.run(typed=b"\xff", code=exits.USAGE).err.count("\n") == 1
    assert len(commands.run("ls", "--json").json) == 1


def test_a_chat_that_nobody_used_is_not_kept(commands: Commands) -> None:
    with commands.terminal() as seat:
        seat.shows("idle · ")
        assert len(commands.run("ls", "--json").json) == 1
        seat.type("\x03")
        assert seat.ended()[0] == exits.DONE
    assert commands.run("ls", "--json").json == []
    with commands.terminal() as seat:
        seat.enter("@text used")
        seat.expect("done · ")
        seat.type("\x03")
        assert seat.ended()[0] == exits.DONE
    assert len(commands.run("ls", "--json").json) == 1


def test_a_pipe_makes_no_chat(commands: Commands) -> None:
    assert "claudette ls" in commands.run("attach", code=exits.NOT_FOUND).err
    assert commands.run("ls", "--json").json == []


def test_a_daemon_of_another_version_is_remarked_upon_above_the_message(
    commands: Commands, chat: str
) -> None:
    text = (
        "import sys, claudetted; claudetted.__version__ = '9.9.9';"
        "from claudette_cli.main import main; sys.exit(main())"
    )
    with commands.terminal("attach", chat, program=[sys.executable, "-c", text]) as seat:
        seat.shows("! The daemon is of version ")
        seat.type("a draft")
        seat.shows("▸ a draft")


def test_a_card_of_a_send_takes_keys_after_a_pause(commands: Commands, chat: str) -> None:
    message = 'do\n@tool bash {"command": "echo out"} @then @text done'
    with commands.terminal(program=SHELL, PS1="shell> ", MESSAGE=message) as terminal:
        terminal.expect("shell> ")
        terminal.enter(f'{" ".join(CLAUDETTE)} send {chat} "$MESSAGE"')
        terminal.expect("a allow once")
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.expect("shell> ")
        terminal.enter("fg")
        terminal.expect("a allow once")
        terminal.type("a")
        terminal.expect("allowed once by you")
        terminal.expect("done · ")


def test_the_line_meets_the_habits_of_a_shell(commands: Commands, chat: str, home: Home) -> None:
    (home.work / "notes.md").touch()
    (home.work / ".gitignore").write_text("secret.md\n")
    (home.work / "secret.md").touch()
    editor = home.root / "editor"
    editor.write_text("#!/bin/sh\nprintf '@text edited' > \"$1\"\n")
    editor.chmod(0o700)
    subprocess.run(["git", "init", "-q", home.work], check=True)
    with commands.terminal("attach", chat, EDITOR=str(editor), SHELL="/bin/sh") as seat:
        seat.shows("idle · ")
        seat.enter("!echo from the shell; exit 3")
        seat.shows("(exit code 3)")
        seat.shows("goes with your next message")
        seat.type("\x18\x05")
        seat.shows("▸ @text edited")
        seat.type("\x15see @ote\t")
        seat.shows("▸ see @notes.md")
        seat.type("\x15@secr\t")
        seat.shows("▸ @secr")
        (home.work / "my shot.png").write_bytes(pictures.PNG)
        seat.type("\x15look at @'my shot.png'")
        seat.shows(f"[image my shot.png {len(pictures.PNG)} bytes]")
        pasted = "\n".join(f"line {number}" for number in range(40))
        seat.type("\x15\x1b[200~" + pasted + "\x1b[201~")
        seat.shows("[paste 1: 40 lines]")
        seat.type("\r")
        seat.shows("line 39")
        seat.type("\x04")
        seat.ended()
    sent, *_ = commands.run("history", chat, "--json").json
    assert "I ran `echo from the shell; exit 3`" in sent["text"] and "line 39" in sent["text"]
    with commands.terminal("attach", chat) as seat:
        seat.shows("idle · ")
        seat.type("\x12from the")
        seat.shows("echo from the shell")
        seat.type("\r")
        seat.shows("▸ !echo from the shell; exit 3")


def test_a_person_goes_from_chat_to_chat_and_leaves_no_empty_one(
    commands: Commands, chat: str, seat: Terminal
) -> None:
    seat.enter("@text from the first")
    seat.shows("from the first")
    seat.shows("idle · ")
    seat.enter("/new")
    seat.lacks("from the first · ")
    seat.lacks("the chat")
    seat.enter("/chats the")
    seat.shows("the chat")
    seat.type("\x07")
    seat.shows("Search:")
    seat.shows("(no title)")
    seat.type("the ch\r")
    seat.shows(f"{chat} the chat")
    seat.type("\x04")
    assert seat.ended()[0] == exits.DONE
    assert [one["id"] for one in commands.run("ls", "--json").json] == [chat]


def test_all_that_waits_is_allowed_once_it_was_listed(seat: Terminal) -> None:
    calls = [f'@tool bash {{"command": "echo call-{number}"}}' for number in range(3)]
    seat.enter(" ".join([*calls, "@then @text all done"]))
    seat.shows("A all 3")
    seat.type("A")
    seat.shows("Allow these once?")
    seat.shows("  bash echo call-2")
    seat.type("A")
    seat.shows("all done")
