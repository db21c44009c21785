"""Owns the reading of a whole command: from its text to its form.

The grammar (tree-sitter-bash) says how commands combine; `words` reads every word again. What
either of them does not know for certain becomes a problem, and a command with a problem asks.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from claudetted.permissions.shell.model import (
    Assignment,
    Group,
    GroupKind,
    Node,
    Piece,
    Redirect,
    Script,
    Simple,
    Word,
)
from claudetted.permissions.shell.source import EXPANSIONS, WORDS, GrammarNode, Source
from claudetted.permissions.shell.words import Expansion, Lexer, Unsure

LONGEST = 16 * 1024

_SIMPLE = frozenset(
    [
        "command",
        "test_command",
        "declaration_command",
        "unset_command",
        "variable_assignment",
        "variable_assignments",
    ]
)
_JOINED = frozenset(("list", "pipeline", "redirected_statement"))
_GROUPS: dict[str, GroupKind] = {
    "compound_statement": "then",
    "do_group": "then",
    "negated_command": "then",
    "subshell": "apart",
    "if_statement": "maybe",
    "elif_clause": "maybe",
    "else_clause": "maybe",
    "case_statement": "maybe",
    "case_item": "maybe",
    "for_statement": "loop",
    "while_statement": "loop",
    "function_definition": "function",
}
_STATEMENTS = _SIMPLE | _JOINED | _GROUPS.keys()
_RESERVED = frozenset(
    [
        "if",
        "then",
        "else",
        "elif",
        "fi",
        "do",
        "done",
        "while",
        "until",
        "for",
        "case",
        "esac",
        "in",
        "select",
        "function",
        "{",
        "}",
        "!",
        "]]",
    ]
)
_MISLEADING = re.compile(
    r"[^\S \t\n]|[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Blanks that are none to a shell, what cannot be seen, and what turns the text around."""
_EQUALS = frozenset(("=", "==", "!="))
_DESCRIPTOR = re.compile(r"\d*|-|\d+-")


@lru_cache(maxsize=512)
def read(text: str) -> Script:
    """The form of a command line."""
    if len(text) > LONGEST:
        return Script(problems=("It is too long to be read.",))
    if _MISLEADING.search(text):
        return Script(problems=("It holds characters that cannot be seen, or mislead.",))
    return _Reader(Source(text)).script()


class _Reader:
    """Reads one text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[str] = []
        self.expansions: dict[int, Expansion] = {}

    def script(self) -> Script:
        root = self.source.root
        if root.has_error:
            self.problems.append("It is no valid shell, or too unusual to be read.")
        try:
            self.source.check()
            self._index(root)
        except Unsure as unsure:
            self.problems.append(f"It holds {unsure}.")
            return Script(problems=tuple(self.problems))
        items = tuple(self._items(root.children))
        return Script(items, tuple(dict.fromkeys(self.problems)))

    def _index(self, node: GrammarNode) -> None:
        """Notes every expansion by where it starts, for the reader of words."""
        if node.type in EXPANSIONS:
            start, end = self.source.start(node), self.source.end(node)
            text = self.source.text[start:end]
            if text.startswith("`") and "\\" in text:
                raise Unsure("a backslash between backticks")
            self.expansions[start] = Expansion(end, lambda: self._inner(node))
        for child in node.children:
            self._index(child)

    def _items(self, children: list[GrammarNode]) -> list[Node]:
        """Statements one after the other; what `&` follows runs in a shell of its own."""
        items: list[Node] = []
        for child in children:
            if child.type == "&" and items:
                items[-1] = Group("apart", (items[-1],))
            elif child.is_named and child.type != "comment":
                items += self._statement(child)
        return items

    def _statement(self, node: GrammarNode) -> list[Node]:
        try:
            return [self._node(node)]
        except Unsure as unsure:
            self.problems.append(f"It holds {unsure}.")
            return [found for child in node.named_children for found in self._salvage(child)]

    def _salvage(self, node: GrammarNode) -> list[Node]:
        """Commands inside of what could not be read, for the rules that deny."""
        if node.type in _STATEMENTS:
            return self._statement(node)
        return [found for child in node.named_children for found in self._salvage(child)]

    def _node(self, node: GrammarNode) -> Node:
        if node.type in _SIMPLE:
            return self._simple(node)
        if node.type == "redirected_statement":
            return self._redirected(node)
        if node.type in ("list", "pipeline"):
            return self._joined(node)
        if node.type == "function_definition":
            self.problems.append("It defines a function.")
        if node.type not in _GROUPS:
            raise _unread(node)
        return Group(_GROUPS[node.type], tuple(self._parts(node)))

    def _parts(self, node: GrammarNode) -> list[Node]:
        """What is inside a compound command: statements, and words that may run something."""
        parts: list[Node] = []
        for child in node.children:
            if child.type in _STATEMENTS:
                parts += self._statement(child)
            elif child.type == "&" and parts:
                parts[-1] = Group("apart", (parts[-1],))
            elif child.type in WORDS:
                parts += self._aside(node, child)
            elif child.is_named and child.type != "comment":
                raise _unread(child)
        return parts

    def _aside(self, node: GrammarNode, child: GrammarNode) -> list[Node]:
        """A word of `for`, `case` and the like: it is no command, but it may run one."""
        word = self._word(child)
        if node.type == "for_statement" and child == node.child_by_field_name("variable"):
            assigned = Assignment(word.source, Word("", ()), word.source + "=")
            return [Simple((), (assigned,), text=f"for {word.source}")]
        return [Group("apart", script.items) for script in word.scripts]

    def _joined(self, node: GrammarNode) -> Group:
        items = tuple(self._items([child for child in node.children if child.is_named]))
        if node.type == "pipeline":
            return Group("pipe", items)
        return Group("and" if any(child.type == "&&" for child in node.children) else "or", items)

    def _redirected(self, node: GrammarNode) -> Node:
        body = node.child_by_field_name("body")
        redirects: list[Redirect] = []
        behind: list[Node] = []
        for child in node.children:
            if child.type.endswith("_redirect"):
                redirects.append(self._redirect(child))
                behind += self._behind_document(child)
        inner = self._node(body) if body else Simple(())
        together = (*inner.redirects, *redirects)
        first: Node
        if isinstance(inner, Simple):
            text = self.source.of(node)
            first = Simple(inner.words, inner.assignments, together, text)
        else:
            first = Group(inner.kind, inner.items, together)
        return Group("then", (first, *behind)) if behind else first

    def _simple(self, node: GrammarNode) -> Simple:
        if node.type == "test_command":
            return self._test(node)
        if node.type == "variable_assignment":
            return Simple((), (self._assignment(node),), text=self.source.of(node))
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        for child in node.children:
            if child.type.endswith("_redirect"):
                redirects.append(self._redirect(child))
            elif child.type == "variable_assignment" and node.type != "declaration_command":
                assignments.append(self._assignment(child))
            elif (
                child.type in WORDS
                or child.type in ("command_name", "variable_assignment")
                or not child.is_named
            ):
                words.append(self._word(child))
            else:
                raise _unread(child)
        if words and words[0].source in _RESERVED:
            raise Unsure("a reserved word in the place of a command")
        return Simple(tuple(words), tuple(assignments), tuple(redirects), self.source.of(node))

    def _test(self, node: GrammarNode) -> Simple:
        text = self.source.of(node)
        if text.startswith("(("):
            raise Unsure("arithmetic")
        name = "[[" if text.startswith("[[") else "["
        words = [_literal(name)]
        for child in _operands(node):
            words.append(_literal(child.type) if child.type in _EQUALS else self._word(child))
        return Simple(tuple(words), text=text)

    def _assignment(self, node: GrammarNode) -> Assignment:
        name = node.child_by_field_name("name")
        if name is None or name.type != "variable_name":
            raise Unsure("an assignment to a part of a variable")
        text, start, end = self.source.text, self.source.start(node), self.source.end(node)
        self.source.check_word(start, end)
        equals = text.index("=", start, end)
        if (
            text[start:equals].rstrip("+") != self.source.of(name)
            or text[equals + 1 : end][:1] == "("
        ):
            raise Unsure("an assignment of many values")
        if equals + 1 == end:
            value = Word("", ())
        else:
            value = Lexer(text, equals + 1, end, self.expansions).word()
        return Assignment(self.source.of(name), value, text[start:end])

    def _redirect(self, node: GrammarNode) -> Redirect:
        if node.type == "heredoc_redirect":
            return self._document(node)
        targets = [child for child in node.children if child.type in WORDS]
        operator = next(child.type for child in node.children if not child.is_named)
        if operator in (">&-", "<&-") and not targets:
            return Redirect(">&")
        if len(targets) != 1:
            raise Unsure("a redirection without one target")
        word = self._word(targets[0])
        duplicates = operator in (">&", "<&") and _DESCRIPTOR.fullmatch(word.source)
        if operator == "<<<" or duplicates:
            return Redirect(operator, None, word.scripts)
        return Redirect(operator, word)

    def _document(self, node: GrammarNode) -> Redirect:
        """A here-document. That it ends where the grammar says is checked here."""
        parts = {child.type: child for child in node.children}
        start, end = parts.get("heredoc_start"), parts.get("heredoc_end")
        if start is None or end is None:
            raise Unsure("a here-document without an end")
        text, delimiter = self.source.text, self._word(start)
        plain = delimiter.field({}).text
        first = text.find("\n", self.source.end(start)) + 1
        last = self.source.line_start(self.source.end(end))
        tabs = "\t" if "<<-" in parts else ""
        lines = [line.lstrip(tabs) if tabs else line for line in text[first:last].split("\n")]
        closing = text[last : self.source.end(end)]
        if plain is None or first == 0 or plain in lines[:-1]:
            raise Unsure("a here-document whose end is unclear")
        if (closing.lstrip(tabs) if tabs else closing) != plain:
            raise Unsure("a here-document whose end is unclear")
        if any(piece.quoted for piece in delimiter.pieces):
            return Redirect("<<")
        scripts = Lexer(text, first, last, self.expansions).document()
        return Redirect("<<", None, scripts)

    def _behind_document(self, node: GrammarNode) -> list[Node]:
        """What follows on the line that opens a here-document is in the grammar's node of it."""
        if node.type != "heredoc_redirect":
            return []
        behind: list[Node] = []
        for child in node.named_children:
            if child.type.endswith("_redirect"):
                text = self.source.of(child)
                behind.append(Simple((), (), (self._redirect(child),), text))
            elif child.type in _STATEMENTS:
                behind += self._statement(child)
            elif not child.type.startswith("heredoc_") and child.type != "file_descriptor":
                raise _unread(child)
        return behind

    def _inner(self, node: GrammarNode) -> Script:
        """What a substitution runs."""
        redirects = [child for child in node.children if child.type.endswith("_redirect")]
        if redirects:
            read = tuple(self._redirect(child) for child in redirects)
            return Script((Simple((), (), read, self.source.of(node)),))
        return Script(tuple(self._items(node.children)))

    def _word(self, node: GrammarNode) -> Word:
        start, end = self.source.start(node), self.source.end(node)
        self.source.check_word(start, end)
        return Lexer(self.source.text, start, end, self.expansions).word()


def _operands(node: GrammarNode) -> Iterator[GrammarNode]:
    for child in node.children:
        if child.type in WORDS or child.type in _EQUALS:
            yield child
        elif child.is_named:
            yield from _operands(child)


def _literal(text: str) -> Word:
    return Word(text, (Piece("text", text),))


def _unread(node: GrammarNode) -> Unsure:
    return Unsure(f"a form that is not read ({node.type.replace('_', ' ')})")
