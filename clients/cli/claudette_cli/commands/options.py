"""Owns the arguments that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

LEVELS = ("readonly", "standard", "confined", "full")
THINKING = ("off", "minimal", "low", "medium", "high", "xhigh", "max")


def chat(parser: ArgumentParser) -> None:
    parser.add_argument(
        "chat", help="a chat by its id, its number in ls, or the beginning of its id or title"
    )


def chat_or_here(parser: ArgumentParser) -> None:
    """What `choosing.chat_or_here` reads."""
    parser.add_argument(
        "chat",
        nargs="?",
        help="a chat by its id, its number in ls, or the beginning of its id or title; without it: "
        "the chat of this directory",
    )


def how_many(text: str) -> int:
    """The type of an argument that counts what is shown."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a valid count: give 0 or more")
    return int(text)


def at_least_one(text: str) -> int:
    """The type of an argument that says how many run at once."""
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a valid count: give 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """The type of an argument that is a time."""
    try:
        wanted = float(text)
    except ValueError:
        wanted = -1.0
    if not 0 < wanted < 1e7:
        raise ArgumentTypeError(f"{text!r} is not a time: give seconds, such as 60")
    return wanted


def json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def image(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="PATH",
        help="send an image (PNG, JPEG, GIF or WebP) with the message; may be given several times",
    )


def patient(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--patient",
        action="store_true",
        help="keep waiting while a permission waits, for somebody to decide elsewhere",
    )


def how_to_work(parser: ArgumentParser) -> None:
    """What can be configured about a chat."""
    parser.add_argument("--model", help="provider/model, such as openrouter/openai/gpt-5")
    parser.add_argument("--agent", help="such as claude; a chat keeps the one it began with")
    parser.add_argument("--backend", help="such as ollama; alone: with its own default model")
    parser.add_argument("--level", choices=LEVELS, help="what runs without asking")
    parser.add_argument("--thinking", choices=THINKING, help="how much the model thinks first")
