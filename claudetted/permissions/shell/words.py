"""Owns the reading of one word: quotes, escapes, expansions, globs.

It is a second opinion on what the grammar takes for one word. Where the two disagree nothing is
guessed: `Unsure` is raised.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from claudetted.permissions.shell.model import Piece, Script, Word

METACHARACTERS = frozenset(" \t\n;&|<>()")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WHOLE_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLAIN_EXPANSION = re.compile(
    r"\$\{#?[A-Za-z_][A-Za-z0-9_]*(?:(?::?[-+]|%|\#|/|,|\^)[^\[`$]*)?\}"
    r"|\$\(\([\d\s()+*/%<>=!&|^~?:-]*\)\)",
    re.DOTALL,
)
"""Neither indexes nor names of variables, which the shell would evaluate once more."""
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


@dataclass(frozen=True)
class Expansion:
    """What the grammar found at a `$`, a backtick, `<(` or `>(`: where it ends, what it runs."""

    end: int
    script: Callable[[], Script]


@dataclass
class Lexer:
    """Reads the word in `text[at:end]`. `expansions` are known by where they start."""

    text: str
    at: int
    end: int
    expansions: Mapping[int, Expansion]
    pieces: list[Piece] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    braces: str = ""
    """Unquoted braces, commas and dots, in order: enough to see a brace expansion."""

    def word(self) -> Word:
        start = self.at
        if self.text.startswith("#", start):
            raise Unsure("a comment in the place of a word")
        if self.text.startswith("~", start):
            self._tilde()
        while self.at < self.end:
            self._unquoted()
        if re.search(r"\{[^}]*(,|\.\.)", self.braces):
            self.pieces.append(Piece("unknown"))
        return Word(self.text[start : self.end], tuple(self.pieces), tuple(self.scripts))

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
        if char in "{},":
            self.braces += char
        elif char == "." and self.text.startswith("..", self.at):
            self.braces += ".."
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
        if following != "\n":
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
            self.pieces.append(Piece("unknown", quoted=True))
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
            self.pieces.append(Piece("unknown", quoted=True))
        else:
            self.pieces.append(Piece("variable", "HOME", quoted=True))
        self.at += 1

    def _expansion(self, quoted: bool) -> None:
        name = _NAME.match(self.text, self.at + 1, self.end)
        following = self.text[self.at + 1 : min(self.at + 2, self.end)]
        if self.text[self.at] == "`" or following in ("(", "{"):
            self._found(quoted)
        elif name:
            self.pieces.append(Piece("variable", name.group(), quoted))
            self.at = name.end()
        elif following in _SPECIAL and following:
            loose = not quoted or following == "@"
            self.pieces.append(Piece("unknown", quoted=not loose))
            self.at += 2
        elif following == "[":
            raise Unsure("an old form of arithmetic")
        else:
            self._add("text", "$", quoted)
            self.at += 1

    def _found(self, quoted: bool) -> None:
        """What only the grammar knows the end of."""
        expansion = self.expansions.get(self.at)
        if expansion is None or not self.at < expansion.end <= self.end:
            raise Unsure("an expansion whose end is unclear")
        source = self.text[self.at : expansion.end]
        whole = _WHOLE_NAME.fullmatch(source)
        if whole:
            self.pieces.append(Piece("variable", whole.group(1), quoted))
        elif source.startswith(("${", "$((")):
            if not _PLAIN_EXPANSION.fullmatch(source):
                raise Unsure("an expansion that may run something")
            self.pieces.append(Piece("unknown", quoted=quoted))
        else:
            self.pieces.append(Piece("unknown", quoted=quoted))
            self.scripts.append(expansion.script())
        self.at = expansion.end
