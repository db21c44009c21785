"""What is typed before the screen is there: how it is shown, kept and sent, and what ends it."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.support.commands import Commands, Terminal

pytestmark = pytest.mark.usefixtures("scripted_stage")

LOADING = """
import os, sys

class Held:
    def find_spec(self, name, *_):
        if name == "prompt_toolkit":
            sys.meta_path.remove(self)
            open(os.environ["HELD"]).close()

sys.meta_path.insert(0, Held())
from claudette_cli.main import main
sys.exit(main())
"""
"""The command, which loads the screen's library once a pipe is opened."""


class Loading:
    """A seat that still loads. Ends with all of it loaded, so that it can end itself."""

    def __init__(self, pipe: Path) -> None:
        self._pipe = pipe
        self._opened: list[int] = []

    def finish(self) -> None:
        self._opened.append(os.open(self._pipe, os.O_RDWR))

    def close(self) -> None:
        for descriptor in self._opened:
            os.close(descriptor)


@pytest.fixture
def chat(commands: Commands) -> str:
    chat = commands.new("--title", "the chat")
    # A line that waits for the screen goes on telling that its turn runs.
    commands.run("send", chat, "-", "--wait", typed="@text an earlier answer")
    return chat


@contextmanager
def opened(commands: Commands, chat: str, home: Home) -> Iterator[tuple[Terminal, Loading]]:
    pipe = home.root / "held"
    os.mkfifo(pipe)
    loading = Loading(pipe)
    program = [sys.executable, "-c", LOADING]
    with commands.terminal("attach", chat, program=program, HELD=str(pipe)) as seat:
        try:
            seat.shows("idle · ")
            yield seat, loading
        finally:
            loading.finish()
    loading.close()


def sent(commands: Commands, chat: str) -> list[str]:
    """The person's messages."""
    items = commands.run("history", chat, "--json").json
    return [item["text"] for item in items if item["kind"] == "user"]


def test_what_is_typed_while_the_screen_loads_is_shown_and_sent(
    commands: Commands, chat: str, home: Home
) -> None:
    with opened(commands, chat, home) as (seat, loading):
        seat.type("nothing of this\x15@text täglixx\x7f\x7fch")
        seat.shows("▸ @text täglich")
        seat.type("\r@text two\ra draft")
        loading.finish()
        seat.shows("▸ a draft")
        seat.expect("done · ")
        seat.expect("done · ")
        seat.type("\x15\x04")
        assert seat.ended()[0] == exits.DONE
    assert sent(commands, chat)[1:] == ["@text täglich", "@text two"]


def test_the_transcript_comes_above_a_line_that_stays(
    commands: Commands, chat: str, home: Home
) -> None:
    with opened(commands, chat, home) as (seat, loading):
        seat.type("a draft")
        seat.shows("▸ a draft")
        loading.finish()
        assert "connecting" not in seat.expect("an earlier answer")
        seat.shows("▸ a draft")
        seat.shows("idle · ")


def test_a_paste_that_has_come_in_part_is_one_draft(
    commands: Commands, chat: str, home: Home
) -> None:
    with opened(commands, chat, home) as (seat, loading):
        seat.type("see \x1b[200~line one\rline")
        seat.shows("▸ see")
        loading.finish()
        seat.shows("an earlier answer")
        seat.type(" two\x1b[201~!")
        seat.shows("line two!")
        seat.type("\r")
        seat.expect("done · ")
        seat.type("\x04")
        assert seat.ended()[0] == exits.DONE
    assert sent(commands, chat)[1:] == ["see line one\nline two!"]


def test_a_draft_that_was_cleared_comes_back_before_anything_is_drawn(
    commands: Commands, chat: str, home: Home
) -> None:
    with opened(commands, chat, home) as (seat, loading):
        seat.type("a draft\x03\x1b[A\r")
        loading.finish()
        seat.expect("done · ")
        seat.type("\x04")
        assert seat.ended()[0] == exits.DONE
    assert sent(commands, chat)[1:] == ["a draft"]


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_a_key_that_leaves_does_so_once_the_screen_is_there(
    commands: Commands, chat: str, home: Home, key: str
) -> None:
    with opened(commands, chat, home) as (seat, loading):
        seat.type(key)
        loading.finish()
        seat.expect("Detached; the chat goes on")
        assert seat.ended()[0] == exits.DONE


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_obeyed_once_nothing_is_half_loaded(
    commands: Commands, chat: str, home: Home, signum: signal.Signals
) -> None:
    with opened(commands, chat, home) as (seat, loading):
        seat.signal(signum)
        loading.finish()
        assert seat.ended(close=False)[0] == 128 + signum
        local = seat.modes[3]
        assert local & termios.ICANON and local & termios.ECHO and local & termios.ISIG
        seat.lacks("idle · ")


@pytest.mark.parametrize("how", ["key", "signal"])
def test_a_pause_is_kept_until_the_screen_can_come_back_from_it(
    commands: Commands, chat: str, home: Home, how: str
) -> None:
    pipe = home.root / "held"
    os.mkfifo(pipe)
    script = home.root / "seat.py"
    script.write_text(LOADING)
    shell = ["bash", "--norc", "--noprofile", "-i"]
    loading = Loading(pipe)
    with commands.terminal(program=shell, PS1="shell> ", HELD=str(pipe)) as terminal:
        terminal.expect("shell> ")
        terminal.enter(f"{sys.executable} {script} attach {chat}")
        try:
            terminal.shows("idle · ")
            terminal.type("a draft")
            terminal.shows("▸ a draft")
            terminal.suspend(how)
        finally:
            loading.finish()
        terminal.expect("Stopped")
        terminal.expect("shell> ")
        terminal.enter("fg")
        terminal.shows("▸ a draft")
        terminal.type("\x15\x04")
        terminal.expect("Detached")
        terminal.expect("shell> ")
        terminal.enter("exit")
        assert terminal.ended()[0] == 0
    loading.close()


def test_ctrl_c_leaves_while_no_daemon_answers(commands: Commands, chat: str, home: Home) -> None:
    pid = commands.run("status", "--json").json["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with commands.terminal("attach", chat) as seat:
            seat.shows("connecting…")
            seat.type("a draft")
            seat.shows("▸ a draft")
            seat.type("\x03")
            assert seat.ended()[0] == exits.INTERRUPTED
            seat.lacks("connecting…")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_what_is_heavy_is_not_loaded_for_the_first_line() -> None:
    text = (
        "import sys, claudette_cli.main, claudette_cli.attach.command\n"
        "import claudette_cli.attach.first_line, claudette_cli.attach.reader\n"
        "print(*sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True).stdout
    heavy = {"asyncio", "dataclasses", "inspect", "msgspec", "prompt_toolkit", "rich", "typing"}
    assert heavy & set(printed.decode().split()) == set()
