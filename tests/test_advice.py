"""Every command that a message or a document advises exists, with its options."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudette_cli.main import COMMANDS
from claudette_cli.parsing import parser_of
from claudette_cli.reference import subcommands
from tests.house import House, reading

CHECKOUT = Path(__file__).parents[1]
# Beside the other tests that read every module.
pytestmark = pytest.mark.xdist_group("tidy")
ADVICE = re.compile(r"`claudette ([a-z][^`\n]*)`")
DOCUMENTS = (".md", ".service", ".plist", ".yml")


def texts(house: House) -> Iterator[tuple[str, str]]:
    """What a user may read: the strings of the programs, and the documents."""
    for path in house.files:
        if path.startswith(("claudetted/", "clients/cli/")) and path.endswith(".py"):
            for node in house.nodes(path):
                if isinstance(node, ast.JoinedStr):
                    yield path, "".join(map(_shown, node.values))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield path, node.value
        elif path.endswith(DOCUMENTS) or (path.startswith("harness/src/") and path.endswith(".ts")):
            yield path, house.text(path)


def _shown(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "X"


def wrong(advice: str) -> str:
    """What of it does not exist; empty if all does."""
    name, *words = advice.split()
    if name not in COMMANDS:
        return name
    parser = parser_of(name)
    for word in words:
        below = subcommands(parser)
        if word.startswith("--"):
            if word.partition("=")[0] not in parser._option_string_actions:
                return word
        elif word in below:
            parser = below[word]
        elif below and word.islower() and word.isalpha() and not _takes_words(parser):
            return word
    return ""


def _takes_words(parser: argparse.ArgumentParser) -> bool:
    return any(
        not action.option_strings and not isinstance(action, argparse._SubParsersAction)
        for action in parser._actions
    )


def complaints(house: House) -> list[str]:
    found = []
    for path, text in texts(house):
        for match in ADVICE.finditer(text):
            if unknown := wrong(match[1]):
                found.append(f"{path}: claudette {match[1]} ({unknown})")
    return sorted(set(found))


def test_every_command_that_is_advised_exists() -> None:
    with reading():
        assert complaints(House.checkout(CHECKOUT)) == []


@pytest.mark.parametrize(
    ("advice", "unknown"),
    [
        ("serfdom stop", "serfdom"),
        ("shutdown --everything", "--everything"),
        ("backend set x --no-such", "--no-such"),
        ("backend sing", "sing"),
        ("backend set ollama --url URL", ""),
        ("model X", ""),
        ("shutdown --agents", ""),
    ],
)
def test_what_does_not_exist_is_noticed(advice: str, unknown: str) -> None:
    assert wrong(advice) == unknown
