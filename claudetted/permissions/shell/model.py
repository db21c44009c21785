"""Owns the form of a read shell command: words, redirections, and how simple commands combine."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

_CLASS = re.compile(r"[!^]?(?:[A-Za-z0-9_]-[A-Za-z0-9_]|[A-Za-z0-9_.,])+\]")
"""The rest of a `[...]` that every reader of patterns takes for the same."""

PieceKind = Literal["text", "glob", "variable", "unknown"]


class Piece(msgspec.Struct, frozen=True):
    """A stretch of a word. `text` is the literal text, the glob characters or a variable's name."""

    kind: PieceKind
    text: str = ""
    quoted: bool = False


class Field(msgspec.Struct, frozen=True):
    """What becomes of a word when the shell expands it.

    `text` is its value where that can be known before it runs, `glob` a pattern of file names
    instead, and `bare` what the pattern is where it finds nothing. Without text and pattern only
    the running shell knows; `single` then says that it stays one word.
    """

    source: str
    text: str | None = None
    glob: str | None = None
    single: bool = True
    bare: str = ""


Values = Mapping[str, Field]
"""Variables whose values are known: a text, or one of the names that a pattern finds."""


class Word(msgspec.Struct, frozen=True):
    """A word as it is written. `scripts` are the commands substituted in it, `spread` the words
    that braces make of it."""

    source: str
    pieces: tuple[Piece, ...]
    scripts: tuple["Script", ...] = ()
    spread: tuple[tuple[Piece, ...], ...] = ()

    def fields(self, known: Values) -> tuple[Field, ...]:
        """Its expansion where braces are expanded, where the values of some variables are known."""
        if not self.spread:
            return (self.field(known),)
        return tuple(Word(self.source, pieces).field(known) for pieces in self.spread)

    def field(self, known: Values) -> Field:
        """Its expansion to one word."""
        if self.spread:
            return Field(self.source, single=False)
        values = [_value(piece, known) for piece in self.pieces]
        if any(value is None for value in values):
            loose = any(p.kind in ("unknown", "variable") and not p.quoted for p in self.pieces)
            return Field(self.source, single=not loose)
        found = [value for value in values if value is not None]
        bare = "".join(value.text or value.bare for value in found)
        wild = any(piece.kind == "glob" for piece in self.pieces)
        if wild or any(value.glob is not None for value in found):
            pattern = _pattern(self.pieces, found)
            return Field(self.source, glob=pattern, single=not wild, bare=bare)
        return Field(self.source, bare)


def _pattern(pieces: tuple[Piece, ...], values: list[Field]) -> str | None:
    """With what is not meant as a wildcard made literal. None when only a shell knows what
    it would find."""
    parts = []
    within = False
    for piece, value in zip(pieces, values, strict=True):
        text = value.text or ""
        if within:
            plain = piece.kind == "text" and not piece.quoted
            if not plain or not _CLASS.match(text):
                return None
            text = text.replace("^", "!", 1) if text[0] == "^" else text
        within = (piece.kind, text) == ("glob", "[")
        if value.glob is not None:
            parts.append(value.glob)
        else:
            parts.append(text if piece.kind == "glob" else literal(text))
    return None if within else "".join(parts)


def _value(piece: Piece, known: Values) -> Field | None:
    if piece.kind == "unknown":
        return None
    if piece.kind != "variable":
        return Field("", piece.text)
    value = known.get(piece.text)
    if value is None or piece.quoted:
        return value
    return value if value.text is not None and not set(value.text) & set(" \t\n*?[\\") else None


def literal(text: str) -> str:
    """A pattern that finds this name alone."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


class Redirect(msgspec.Struct, frozen=True):
    """One redirection. Here-documents have their substitutions in `scripts` and no target."""

    operator: str
    target: Word | None = None
    scripts: tuple["Script", ...] = ()


class Assignment(msgspec.Struct, frozen=True):
    """`NAME=value`. Before a command it is the command's environment."""

    name: str
    value: Word
    source: str


class Simple(msgspec.Struct, frozen=True):
    """One command with its words."""

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    text: str = ""


GroupKind = Literal["then", "and", "or", "apart", "pipe", "loop", "function", "maybe"]


class Group(msgspec.Struct, frozen=True):
    """Commands together. `apart` is what runs in shells of its own: `( )`, `&`, and `pipe`;
    `maybe` is a branch that need not run. A loop over `values` gives them to its `variable`."""

    kind: GroupKind
    items: tuple["Node", ...]
    redirects: tuple[Redirect, ...] = ()
    variable: str = ""
    values: tuple[Word, ...] = ()


Node = Simple | Group


class Script(msgspec.Struct, frozen=True):
    """A whole command line. `problems` say what about it could not be read with certainty."""

    items: tuple[Node, ...] = ()
    problems: tuple[str, ...] = ()


def all_problems(script: Script) -> Iterator[str]:
    """Those of the script and of everything substituted in it."""
    yield from script.problems
    for item in script.items:
        for inner in _scripts(item):
            yield from all_problems(inner)


def _scripts(node: Node) -> Iterator[Script]:
    for redirect in node.redirects:
        yield from redirect.scripts
        if redirect.target:
            yield from redirect.target.scripts
    if isinstance(node, Group):
        for item in node.items:
            yield from _scripts(item)
        return
    for word in (*node.words, *(assignment.value for assignment in node.assignments)):
        yield from word.scripts
