"""Owns the commands that a screen carries out itself; all others are the daemon's."""

from __future__ import annotations

HELP = (
    ("/approve", "allow what waits, once (also the key a)"),
    ("/deny [REASON]", "refuse it (also the keys d and r)"),
    ("/answer TEXT", "answer what is asked: a number, a name or a text"),
    ("/queue", "show the whole messages that wait"),
    ("/say TEXT", "send TEXT as a message, whatever it begins with"),
    ("/unfold", "show the whole output of the last tool call (also Ctrl-O)"),
    ("/detach", "leave; the agent goes on (also /quit and Ctrl-C)"),
)

KEYS = (
    ("Ctrl-J", "begin a new line of the message (also Alt-Enter)"),
    ("Esc", "stop what runs (also /stop)"),
)

HERE = {name.split()[0] for name, _ in HELP} | {"/quit"}

AT_ONCE = {"/stop"}
"""Not behind the messages that are on their way."""


def parse(text: str) -> tuple[str, str]:
    """The command of ours and its argument; an empty command for what the daemon reads."""
    word, _, rest = text.partition(" ")
    return (word, rest.strip()) if word in HERE else ("", text)


def is_at_once(text: str) -> bool:
    return text.split(maxsplit=1)[0] in AT_ONCE


def help_lines() -> list[str]:
    return [f"  {name:<18} {what}" for name, what in (*HELP, *KEYS)]
