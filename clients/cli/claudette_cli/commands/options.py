"""Owns the arguments that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

LEVELS = ("readonly", "standard", "full")
THINKING = ("off", "minimal", "low", "medium", "high", "xhigh", "max")


def chat(parser: ArgumentParser) -> None:
    parser.add_argument("chat", help="id of a chat, or the beginning of one")


def chat_or_here(parser: ArgumentParser) -> None:
    """What `choosing.chat_or_here` reads."""
    parser.add_argument(
        "chat",
        nargs="?",
        help="id of a chat, or the beginning of one; without it: the chat of this directory",
    )


def how_many(text: str) -> int:
    """The type of an argument that counts what is shown."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is no number of things to show: give 0 or more")
    return int(text)


def json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def how_to_work(parser: ArgumentParser) -> None:
    """What can be configured about a chat."""
    parser.add_argument("--model", help="provider/model, such as openrouter/openai/gpt-5")
    parser.add_argument("--backend", help="such as ollama; alone: with its own default model")
    parser.add_argument("--level", choices=LEVELS, help="what runs without asking")
    parser.add_argument("--thinking", choices=THINKING, help="how much the model thinks first")
