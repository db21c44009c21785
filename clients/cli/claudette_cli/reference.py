"""Owns the reference of the command line: the help of every command, as Markdown."""

import argparse
import os
import sys
from collections.abc import Iterator

from claudette_cli.help.topics import TOPICS
from claudette_cli.main import COMMANDS
from claudette_cli.parsing import build_parser, parser_of

WIDTH = 96
MAN_WIDTH = 76


def markdown() -> str:
    """One section with the overview, then one a command."""
    # argparse wraps at the terminal's width, which must not change a generated text.
    os.environ["COLUMNS"] = str(WIDTH)
    sections = [_section("claudette", build_parser())]
    for name in COMMANDS:
        sections += _sections(f"claudette {name}", parser_of(name))
    sections += [f"### {name}: {about}\n\n{text}" for name, (about, text) in TOPICS.items()]
    return "\n".join(sections)


def man(version: str) -> str:
    """The same as a page for `man`."""
    os.environ["COLUMNS"] = str(MAN_WIDTH)
    parts = [
        f'.TH CLAUDETTE 1 "" "claudetted {version}" "User commands"',
        ".SH NAME\nclaudette \\- keeps coding agents alive, and talks to them",
        f".SH SYNOPSIS\n{_verbatim(build_parser().format_help())}",
        *(f".SH {name.upper()}\n{_verbatim(text)}" for name, (_, text) in TOPICS.items()),
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        for title, parser in _parsers(f"claudette {name}", parser_of(name)):
            parts.append(f".SS {title}\n{_verbatim(parser.format_help())}")
    return "\n".join(parts) + "\n"


def _verbatim(text: str) -> str:
    """Lines as they are: a dot or an apostrophe in front would be a request of roff."""
    escaped = text.rstrip().replace("\\", "\\e").replace("-", "\\-")
    lines = [f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.split("\n")]
    return "\n".join([".nf", *lines, ".fi"])


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers below, by the word that chooses each; none for most commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _sections(title: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    for below, one in _parsers(title, parser):
        yield _section(below, one)


def _parsers(
    title: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield title, parser
    for name, below in subcommands(parser).items():
        yield from _parsers(f"{title} {name}", below)


def _section(title: str, parser: argparse.ArgumentParser) -> str:
    return f"### {title}\n\n```\n{parser.format_help().rstrip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
