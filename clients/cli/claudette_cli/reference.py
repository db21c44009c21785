"""Owns the reference of the command line: the help of every command, as Markdown."""

import argparse
import os
import sys

from claudette_cli.main import COMMANDS, build_parser, parser_of

WIDTH = 96


def markdown() -> str:
    """One section with the overview, then one a command."""
    # argparse wraps at the terminal's width, which must not change a generated text.
    os.environ["COLUMNS"] = str(WIDTH)
    sections = [_section("claudette", build_parser())]
    sections += [_section(f"claudette {name}", parser_of(name)) for name in COMMANDS]
    return "\n".join(sections)


def _section(title: str, parser: argparse.ArgumentParser) -> str:
    return f"### {title}\n\n```\n{parser.format_help().rstrip()}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
