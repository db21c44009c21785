"""Owns the commands that a screen carries out itself; all others are the daemon's."""

from __future__ import annotations

HELP = (
    ("/approve", "allow what waits, once (also the key a)"),
    ("/deny [REASON]", "refuse it (also the keys d and r)"),
    ("/view", "show all of a request that is longer than its card (also the key v)"),
    ("/answer TEXT", "answer what is asked: a number, a name or a text"),
    ("/queue", "show the whole messages that wait"),
    ("/say TEXT", "send TEXT as a message, whatever it begins with"),
    (
        "/show [N]",
        "open what is folded (also Ctrl-O); N prints one, counted from the last",
    ),
    ("/new [AGENT]", "start another chat in this directory"),
    ("/key [PROVIDER]", "store a provider's key, without showing it"),
    ("/chats [NAME]", "go to another chat: pick it, or name it (also Ctrl-G)"),
    ("/detach", "leave; the agent goes on (also /quit, Ctrl-D and Ctrl-C)"),
)

KEYS = (
    ("!COMMAND", "run a command of yours here; it goes with your next message (!! keeps it)"),
    ("@", "Tab completes a file of the workspace; an image by @ or its whole path goes along"),
    ("Ctrl-R", "search what you entered in this workspace"),
    ("Ctrl-X Ctrl-E", "edit the message in $EDITOR"),
    ("A", "list all requests that wait, and allow them when pressed again"),
    ("Ctrl-J", "begin a new line of the message (also Alt-Enter)"),
    ("Esc", "stop what runs (also /stop)"),
    ("Ctrl-C", "clear what is typed; leave when nothing is"),
    ("Ctrl-Z", "suspend; fg comes back"),
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
