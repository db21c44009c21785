"""Commands of a person, and what the agent is told of them."""

import threading
from pathlib import Path

from claudette_cli.attach.shell import MOST, Shell, told


def test_what_ran_goes_with_the_next_message_once(tmp_path: Path) -> None:
    shell = Shell()
    assert shell.run("pwd; exit 3", str(tmp_path), tell=True) == f"{tmp_path}\n(exit code 3)"
    shell.run("echo unseen", str(tmp_path), tell=False)
    sent = shell.with_what_ran("and now?")
    assert sent.startswith(f"I ran `pwd; exit 3` in {tmp_path} (exit code 3):\n```\n{tmp_path}\n")
    assert sent.endswith("```\n\nand now?") and "unseen" not in sent
    assert shell.with_what_ran("again") == "again"


def test_a_command_is_stopped_with_what_it_started(tmp_path: Path) -> None:
    shell = Shell()
    assert not shell.stop()
    said: list[str] = []
    words = ("mkfifo door; cat door", str(tmp_path))
    running = threading.Thread(target=lambda: said.append(shell.run(*words, tell=False)))
    running.start()
    while not shell.stop():
        pass
    running.join()
    assert "SIGTERM" in said[0]


def test_a_long_output_keeps_its_end_and_stays_one_block() -> None:
    text = told("x", "/w", "```" + "y" * MOST, "exit code 0")
    assert "the first 3 characters are left out" in text
    assert "\n````\n" in told("x", "/w", "```", "exit code 0")
