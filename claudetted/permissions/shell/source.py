"""Owns the text of a command beside the grammar's tree of it, and the check that they agree."""

import re
from collections.abc import Iterator
from functools import cached_property

import tree_sitter
import tree_sitter_bash

from claudetted.permissions.shell.grammar import GrammarNode
from claudetted.permissions.shell.words import METACHARACTERS, Unsure

_LANGUAGE = tree_sitter.Language(tree_sitter_bash.language())
_DEEPEST = 60
"""Levels of the grammar's tree; nobody writes more by hand."""
_LARGEST = 6000
"""Nodes of the tree, so that no command holds up the daemon."""

WORDS = frozenset(
    [
        "word",
        "number",
        "string",
        "raw_string",
        "ansi_c_string",
        "translated_string",
        "concatenation",
        "simple_expansion",
        "expansion",
        "command_substitution",
        "process_substitution",
        "arithmetic_expansion",
        "brace_expression",
        "extglob_pattern",
        "regex",
        "variable_name",
        "special_variable_name",
        "test_operator",
    ]
)
EXPANSIONS = frozenset(
    ["command_substitution", "process_substitution", "arithmetic_expansion", "expansion"]
)
_BLANK = re.compile(r"(?:[ \t\n]|\\\n)*")


class Source:
    """One text and its tree. Offsets are bytes in the tree and characters here."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._bytes = text.encode()
        self._plain = text.isascii()
        self.root = tree_sitter.Parser(_LANGUAGE).parse(self._bytes).root_node

    def start(self, node: GrammarNode) -> int:
        """Where a node starts, without the blanks the grammar sometimes takes into it."""
        at = self._character(node.start_byte)
        while node.type in EXPANSIONS and self.text.startswith((" ", "\t"), at):
            at += 1
        return at

    def end(self, node: GrammarNode) -> int:
        return self._character(node.end_byte)

    def of(self, node: GrammarNode) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def check_word(self, start: int, end: int) -> None:
        """What the grammar takes for one word must be one: blanks or operators around it."""
        behind = self.text[end : end + 2]
        if not self._starts_word(start) or not (
            not behind or behind[0] in METACHARACTERS or behind[0] == "`" or behind == "\\\n"
        ):
            raise Unsure("words without a blank between them")

    def check(self) -> None:
        """Between what the grammar took there may be nothing but blanks, inside of words too."""
        if self.root.descendant_count > _LARGEST:
            raise Unsure("it is too long to check")
        self._check_region(self.root, 0, len(self.text), 0)

    def _check_region(self, node: GrammarNode, start: int, end: int, depth: int) -> None:
        at = start
        for taken, behind in sorted(
            s for child in node.children for s in self._taken(child, depth)
        ):
            if taken > at and not _BLANK.fullmatch(self.text, at, taken):
                raise Unsure("text that the grammar passes over")
            at = max(at, behind)
        if not _BLANK.fullmatch(self.text, at, end):
            raise Unsure("text that the grammar passes over")

    def _taken(self, node: GrammarNode, depth: int) -> Iterator[tuple[int, int]]:
        if depth > _DEEPEST:
            raise Unsure("more levels than can be read")
        if node.type in WORDS or node.type == "heredoc_body" or not node.children:
            start, end = self.start(node), self.end(node)
            if not node.is_named and self.text[start:end].strip(" \t\n") != node.type.strip("\n"):
                # The grammar takes `-n<<` for the operator.
                raise Unsure("text that the grammar takes into an operator")
            if node.type == "comment":
                self._check_comment(start, end)
            self._check_inside(node, depth + 1)
            yield start, end
            return
        for child in node.children:
            yield from self._taken(child, depth + 1)

    def _check_inside(self, node: GrammarNode, depth: int) -> None:
        """The commands that are substituted in a word are checked like the whole."""
        if depth > _DEEPEST:
            raise Unsure("more levels than can be read")
        if node.type in ("command_substitution", "process_substitution"):
            self._check_region(node, self.start(node), self.end(node), depth)
            return
        for child in node.children:
            self._check_inside(child, depth + 1)

    def _check_comment(self, start: int, end: int) -> None:
        if self.text[start] != "#" or not self._starts_word(start):
            raise Unsure("a comment in an unusual place")
        if "\n" in self.text[start:end]:
            raise Unsure("a comment of many lines")

    def _starts_word(self, at: int) -> bool:
        while at >= 2 and self.text[at - 2 : at] == "\\\n":
            at -= 2
        return at == 0 or self.text[at - 1] in METACHARACTERS or self.text[at - 1] == "`"

    def _character(self, offset: int) -> int:
        return offset if self._plain else self._characters[offset]

    @cached_property
    def _characters(self) -> list[int]:
        """For each byte the character it belongs to."""
        places: list[int] = []
        for place, char in enumerate(self.text):
            places += [place] * len(char.encode())
        return [*places, len(self.text)]
