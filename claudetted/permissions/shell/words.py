"""Owns the reading of one word: quotes, escapes, expansions, globs.

It is a second opinion on what the grammar takes for one word. Where the two disagree nothing is
guessed: `Unsure` is raised.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from claudetted.permissions.shell import arithmetic, braces
from claudetted.permissions.shell.model import Piece, Script, Word

METACHARACTERS = frozenset(" \t\n;&|<>()")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLAIN_NAMES = frozenset(("HOME", "PWD", "TMPDIR"))
"""Variables that may stand without quotes: what they hold is known."""
_NUMBERS = frozenset("?#$")
"""`$?`, `$#` and `$$` are one number, whatever happened."""
_TILDE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=(?:.*:)?~")
_SPECIAL = frozenset("@*#?$!-0123456789")
_ANSI = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_ANSI_CODE = re.compile(r"x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})")


class Unsure(Exception):
    """The command cannot be read with certainty; the message says why."""


class Place(msgspec.Struct, frozen=True):
    """What a word may hold where it stands, beside text and plain names in quotes."""

    braces: bool = False
    """Lists in braces become words of their own."""
    variables: bool = False
    """Without quotes, too, they stay one word that is no file's."""
    substitutions: Literal["none", "quoted", "bare"] = "none"


OPERAND = Place(braces=True, substitutions="quoted")
ASSIGNED = Place(variables=True, substitutions="bare")
LISTED = Place(braces=True)
COMPARED = Place(variables=True)
COMPARED_BY_COMMAND = Place(variables=True, substitutions="quoted")
NAMED = Place()


class Expansion(msgspec.Struct, frozen=True):
    """What the grammar found at a `$`, a backtick, `<(` or `>(`: where it ends, what it runs."""

    kind: str
    end: int
    script: Callable[[], Script]


class Lexer(msgspec.Struct):
    """Reads the word in `text[at:end]`. `expansions` are known by where they start.

    `notes` are given what the word holds that nothing may run with. It is read on all the same,
    so that rules that deny see as much of the command as can be seen.
    """

    text: str
    at: int
    end: int
    expansions: Mapping[int, Expansion]
    place: Place
    notes: list[str]
    posix: bool = False
    pieces: list[Piece] = msgspec.field(default_factory=list)
    scripts: list[Script] = msgspec.field(default_factory=list)

    def word(self) -> Word:
        start = self.at
        if self.text.startswith("#", start):
            raise Unsure("a comment in the place of a word")
        if self.text.startswith("~", start):
            self._tilde()
        while self.at < self.end:
            self._unquoted()
        source, pieces = self.text[start : self.end], tuple(self.pieces)
        if _TILDE.match(source) or (self.place is ASSIGNED and ":~" in source):
            self.notes.append("a tilde inside of a word")
        return Word(source, pieces, tuple(self.scripts), tuple(self._spread(pieces)))

    def _spread(self, pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
        try:
            found = braces.spread(pieces)
        except braces.Unlike:
            self.notes.append("braces that shells may expand in different ways")
            return [(Piece("unknown"),)]
        if found and (self.posix or not self.place.braces):
            self.notes.append("a list in braces where not every shell expands it")
        return found

    def document(self) -> tuple[Script, ...]:
        """The text of a here-document whose delimiter is not quoted."""
        while self.at < self.end:
            char = self.text[self.at]
            if char == "\\":
                self.at += 2
            elif char in "$`":
                self._expansion(quoted=True)
            else:
                self.at += 1
        if any(piece.kind != "text" for piece in self.pieces):
            self.notes.append("an expansion in a here-document")
        return tuple(self.scripts)

    def _unquoted(self) -> None:
        char = self.text[self.at]
        following = self.text[self.at + 1 : self.at + 2]
        if char in "<>" and following == "(":
            self._found(quoted=True)
        elif char in METACHARACTERS:
            raise Unsure("a word that holds what separates words")
        elif char == "\\":
            self._escape()
        elif char == "'":
            self._single()
        elif char == '"' or (char == "$" and following == '"'):
            self._double()
        elif char == "$" and following == "'":
            self._ansi()
        elif char in "$`":
            self._expansion(quoted=False)
        else:
            self._plain(char)

    def _plain(self, char: str) -> None:
        self._add("glob" if char in "*?[" else "text", char)
        self.at += 1

    def _add(self, kind: str, text: str, quoted: bool = False) -> None:
        last = self.pieces[-1] if self.pieces else None
        if kind == "glob":
            self.pieces.append(Piece("glob", text))
        elif last and last.kind == "text" and last.quoted == quoted:
            self.pieces[-1] = Piece("text", last.text + text, quoted)
        else:
            self.pieces.append(Piece("text", text, quoted))

    def _escape(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if not following or self.at + 2 > self.end:
            raise Unsure("a backslash at the end")
        if following == "\n":
            raise Unsure("a line that goes on inside of a word")
        self._add("text", following, quoted=True)
        self.at += 2

    def _single(self) -> None:
        closing = self.text.find("'", self.at + 1, self.end)
        if closing < 0:
            raise Unsure("a quote that does not close")
        self._add("text", self.text[self.at + 1 : closing], quoted=True)
        self.at = closing + 1

    def _double(self) -> None:
        if self.text[self.at] == "$":
            self._note("a text to be translated", quoted=True)
            self.at += 1
        self._add("text", "", quoted=True)
        self.at += 1
        while self.at < self.end:
            char = self.text[self.at]
            if char == '"':
                self.at += 1
                return
            if char == "\\":
                self._escape_in_double()
            elif char in "$`":
                self._expansion(quoted=True)
            else:
                self._add("text", char, quoted=True)
                self.at += 1
        raise Unsure("a quote that does not close")

    def _escape_in_double(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following != "\n":
            self._add("text", following if following in '$`"\\' else "\\" + following, quoted=True)
        self.at += 2

    def _ansi(self) -> None:
        if self.posix:
            self.notes.append("quotes that sh does not know")
        self.at += 2
        while self.at < self.end:
            char = self.text[self.at]
            if char == "'":
                self._add("text", "", quoted=True)
                self.at += 1
                return
            if char == "\\":
                self._ansi_escape()
            else:
                self._add("text", char, quoted=True)
                self.at += 1
        raise Unsure("a quote that does not close")

    def _ansi_escape(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        code = _ANSI_CODE.match(self.text, self.at + 1)
        if code:
            digits, base = code.group(0).lstrip("xuU"), 8 if code.group(2) else 16
            number = int(digits, base)
            if not 0 < number < 0x110000 or 0xD800 <= number < 0xE000:
                raise Unsure("a character that is none")
            self._add("text", chr(number), quoted=True)
            self.at = code.end()
        elif following in _ANSI and following:
            self._add("text", _ANSI[following], quoted=True)
            self.at += 2
        else:
            raise Unsure("an escape that is not known")

    def _tilde(self) -> None:
        slash = self.text.find("/", self.at, self.end)
        stop = slash if slash >= 0 else self.end
        user = self.text[self.at + 1 : stop]
        if user:
            self._note("another user's home", quoted=True)
        else:
            self.pieces.append(Piece("variable", "HOME", quoted=True))
        self.at += 1

    def _expansion(self, quoted: bool) -> None:
        name = _NAME.match(self.text, self.at + 1, self.end)
        following = self.text[self.at + 1 : min(self.at + 2, self.end)]
        if self.text.startswith("\\\n", name.end() if name else self.at + 1):
            raise Unsure("a line that goes on inside of an expansion")
        if self.text[self.at] == "`" or following in ("(", "{"):
            self._found(quoted)
        elif name:
            self._variable(name.group(), quoted)
            self.at = name.end()
        elif following in _SPECIAL and following:
            self._special(following, quoted)
            self.at += 2
        elif following == "[":
            raise Unsure("an old form of arithmetic")
        else:
            self._add("text", "$", quoted)
            self.at += 1

    def _variable(self, name: str, quoted: bool) -> None:
        self.pieces.append(Piece("variable", name, quoted))
        if not (quoted or self.place.variables or name in _PLAIN_NAMES):
            self.notes.append(f"${name} without quotes")

    def _special(self, name: str, quoted: bool) -> None:
        if name in _NUMBERS or (quoted and name != "@"):
            self.pieces.append(Piece("unknown", quoted=True))
        elif self.place.variables and name not in "@*":
            self.pieces.append(Piece("unknown"))
        else:
            self._note(f"${name} without quotes" if name != "@" else "$@", quoted=False)

    def _found(self, quoted: bool) -> None:
        """What only the grammar knows the end of."""
        expansion = self.expansions.get(self.at)
        if expansion is None or not self.at < expansion.end <= self.end:
            raise Unsure("an expansion whose end is unclear")
        source = self.text[self.at : expansion.end]
        if whole := _WHOLE_NAME.fullmatch(source):
            self._variable(whole.group(1), quoted)
        elif expansion.kind == "arithmetic_expansion" and (number := _number(source)) is not None:
            self._add("text", str(number), quoted=True)
        elif expansion.kind == "command_substitution" and source.startswith("$("):
            self._substitution(expansion, quoted)
        else:
            self._note("an expansion that is not read", quoted)
            self.scripts.append(expansion.script())
        self.at = expansion.end

    def _substitution(self, expansion: Expansion, quoted: bool) -> None:
        self.pieces.append(Piece("unknown", quoted=quoted))
        self.scripts.append(expansion.script())
        permitted = self.place.substitutions
        if not (permitted == "bare" or (permitted == "quoted" and quoted)):
            self.notes.append("a substitution in a place where it could become anything")

    def _note(self, what: str, quoted: bool) -> None:
        self.pieces.append(Piece("unknown", quoted=quoted))
        self.notes.append(what)


def _number(source: str) -> int | None:
    return arithmetic.value(source[3:-2]) if source.endswith("))") else None
