"""Owns the reading of a whole command: from its text to its form.

The grammar (tree-sitter-bash) says how commands combine; `grammar` lists the forms that are read
at all, and `words` reads every word again. Whatever else there is becomes a problem, and a command
with a problem asks. It is read on all the same, for the rules that deny.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec.structs import replace

from claudetted.permissions.shell.grammar import GrammarNode, begins_otherwise, unread
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
from claudetted.permissions.shell.source import EXPANSIONS, WORDS, Source
from claudetted.permissions.shell.words import (
    ASSIGNED,
    COMPARED,
    COMPARED_BY_COMMAND,
    LISTED,
    NAMED,
    OPERAND,
    Expansion,
    Lexer,
    Place,
    Unsure,
)

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
_MISLEADING = re.compile(
    r"[^\S \t\n]|[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Blanks that are none to a shell, what cannot be seen, and what turns the text around."""
_BRACKETS = frozenset(("[", "[[", "]", "]]"))
_COMPARING = {
    "[": frozenset(("=", "==", "!=", "!", "-a", "-o")),
    "[[": frozenset(("=", "==", "!=", "=~", "<", ">", "!", "&&", "||", "(", ")", "-a", "-o")),
}
"""Signs that are words of a condition and no operators of the shell."""
_SUBSTITUTED = re.compile(r"`([^`]*)`|[$<>]\((.*)\)", re.DOTALL)
_DESCRIPTOR = re.compile(r"\d*|-|\d+-")


@lru_cache(maxsize=512)
def read(text: str, posix: bool = False) -> Script:
    """The form of a command line. `posix`: a shell that may be less than bash runs it."""
    if len(text) > LONGEST:
        return Script(problems=("It is too long to be read.",))
    if _MISLEADING.search(text):
        return Script(problems=("It holds characters that cannot be seen, or mislead.",))
    return _Reader(Source(text), posix).script()


class _Reader:
    """Reads one text."""

    def __init__(self, source: Source, posix: bool) -> None:
        self.source = source
        self.posix = posix
        self.problems: list[str] = []
        self.notes: list[str] = []
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
        kinds = [f"a form that is not read ({kind.replace('_', ' ')})" for kind in unread(root)]
        self.problems += [f"It holds {note}." for note in (*kinds, *self.notes)]
        return Script(items, tuple(dict.fromkeys(self.problems)))

    def _index(self, node: GrammarNode) -> None:
        """Notes every expansion by where it starts, for the reader of words."""
        if node.type in EXPANSIONS:
            start, end = self.source.start(node), self.source.end(node)
            text = self.source.text[start:end]
            if text.startswith("`") and "\\" in text:
                raise Unsure("a backslash between backticks")
            self.expansions[start] = Expansion(node.type, end, lambda: self._inner(node))
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
        if node.type == "for_statement":
            return self._loop(node)
        return Group(_GROUPS[node.type], tuple(self._parts(node)))

    def _loop(self, node: GrammarNode) -> Group:
        variable = node.child_by_field_name("variable")
        if variable is None:
            raise Unsure("a loop without a variable")
        values = tuple(self._word(c, LISTED) for c in node.children_by_field_name("value"))
        parts = tuple(self._parts(node))
        return Group("loop", parts, (), self.source.of(variable), values)

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
        if node.type != "for_statement":
            word = self._word(child, COMPARED)
        elif child != node.child_by_field_name("variable"):
            word = self._word(child, LISTED)
        else:
            word = self._word(child, NAMED)
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
            first = replace(inner, redirects=together)
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
                words.append(self._word(child, OPERAND))
            else:
                raise _unread(child)
        if begins_otherwise([word.source for word in words]):
            raise Unsure("a reserved word in the place of a command")
        return Simple(tuple(words), tuple(assignments), tuple(redirects), self.source.of(node))

    def _test(self, node: GrammarNode) -> Simple:
        text = self.source.of(node)
        if text.startswith("(("):
            raise Unsure("arithmetic")
        name = "[[" if text.startswith("[[") else "["
        if name == "[[" and self.posix:
            self.notes.append("a form that sh does not know")
        place = COMPARED_BY_COMMAND if name == "[[" else OPERAND
        words = [_literal(name)]
        for child in _operands(node):
            if not child.is_named and child.type not in _COMPARING[name]:
                raise Unsure("what separates commands inside of a condition")
            words.append(self._word(child, place) if child.is_named else _literal(child.type))
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
        value = self._lexer(equals + 1, end, ASSIGNED).word() if equals + 1 < end else Word("", ())
        return Assignment(self.source.of(name), value, text[start:end])

    def _redirect(self, node: GrammarNode) -> Redirect:
        for child in node.children:
            if child.type == "file_descriptor" and not self.source.of(child).isdigit():
                raise Unsure("a word that hangs on a redirection")
        if node.type == "heredoc_redirect":
            return self._document(node)
        targets = [child for child in node.children if child.type in WORDS]
        operator = next(child.type for child in node.children if not child.is_named)
        if operator in (">&-", "<&-") and not targets:
            return Redirect(">&")
        if len(targets) != 1:
            raise Unsure("a redirection without one target")
        word = self._word(targets[0], COMPARED if operator == "<<<" else NAMED)
        if self.posix and operator in ("<<<", "&>", "&>>", ">&"):
            self.notes.append("a redirection that sh may read otherwise")
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
        text, delimiter = self.source.text, self._word(start, NAMED)
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
        scripts = self._lexer(first, last, NAMED).document()
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
        """What a substitution runs, and what may run in an expansion that is not read."""
        if node.type not in ("command_substitution", "process_substitution"):
            found = tuple(one for child in node.named_children for one in self._salvage(child))
            return Script(found or tuple(self._guessed(self.source.of(node))))
        redirects = [child for child in node.children if child.type.endswith("_redirect")]
        if redirects:
            read = tuple(self._redirect(child) for child in redirects)
            return Script((Simple((), (), read, self.source.of(node)),))
        return Script(tuple(self._items(node.children)))

    def _guessed(self, text: str) -> Iterator[Node]:
        """What looks like a substitution where the grammar sees none."""
        for match in _SUBSTITUTED.finditer(text, 2):
            yield from read(match.group(1) or match.group(2) or "").items

    def _word(self, node: GrammarNode, place: Place) -> Word:
        start, end = self.source.start(node), self.source.end(node)
        self.source.check_word(start, end)
        word = self._lexer(start, end, place).word()
        if word.source[:1] == "{" and self.source.text[end : end + 1] in ("<", ">"):
            raise Unsure("a variable for a descriptor")
        return word

    def _lexer(self, start: int, end: int, place: Place) -> Lexer:
        text, expansions = self.source.text, self.expansions
        return Lexer(text, start, end, expansions, place, self.notes, self.posix)


def _operands(node: GrammarNode) -> Iterator[GrammarNode]:
    for child in node.children:
        if child.type in WORDS or (not child.is_named and child.type not in _BRACKETS):
            yield child
        elif child.is_named:
            yield from _operands(child)


def _literal(text: str) -> Word:
    return Word(text, (Piece("text", text),))


def _unread(node: GrammarNode) -> Unsure:
    return Unsure(f"a form that is not read ({node.type.replace('_', ' ')})")
