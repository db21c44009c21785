"""Owns the reading of small programs of awk: which of them certainly only compute and print.

A program is read word by word, and what is not listed here is not read. Where two awks could find
different words in it (a slash may divide or begin a regular expression) it is not read either.
"""

import re
from collections.abc import Iterator

import msgspec

_CLASS = r"\[\^?\]?(?:\[:[a-z]+:\]|[^\[\]/\\\n])*\]"
_WORDS = re.compile(
    rf"""(?P<blank>[ \t]+ | \#[^\n]*)
    | (?P<newline>\n)
    | (?P<text>"(?:[^"\\\n]|\\[^\n])*")
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_]\w*)
    | (?P<regex>/(?!=)(?:[^/\\\n\[]|\\[^\n]|{_CLASS})*/)
    | (?P<sign>\|\| | && | \+\+ | -- | \*\* | !~ | [-+*%^=!<]= | == | >= | > (?!>)
        | [-{{}}()\[\];,+*%^!<~?:$=])""",
    re.VERBOSE,
)
_LANGUAGE = (
    "BEGIN END if else while for do in break continue next nextfile exit delete print printf"
)
_CALLS = (
    "length substr index split match sub gsub gensub sprintf tolower toupper int sqrt exp log sin "
    "cos atan2 rand srand strftime mktime systime strtonum and or xor lshift rshift compl asort "
    "asorti patsplit typeof isarray"
)
_CAPITALS = (
    "NR NF FNR FS OFS RS ORS RT FILENAME SUBSEP RSTART RLENGTH CONVFMT OFMT IGNORECASE FPAT "
    "FIELDWIDTHS ENVIRON"
)
_KEYWORDS = frozenset(_LANGUAGE.split())
_CALLED_LIKE = frozenset(("if", "while", "for", "print", "printf", "in", "exit", "delete"))
"""Words of the language behind which a parenthesis may stand."""
_FUNCTIONS = frozenset(_CALLS.split())
"""What awk knows to compute; what runs a program or opens a file is absent on purpose."""
_OF_AWK = frozenset(_CAPITALS.split())
"""Names in capitals with a meaning of their own, none of which opens anything."""
_NO_NAMES = frozenset(("getline", "func", "function", "return", "switch", "case", "default"))


def only_computes(program: str) -> bool:
    """Whether a program reads nothing but its operands, writes nothing but its output and runs
    nothing. In doubt it is not so: what begins with a dash is an option to some."""
    if program.startswith("-"):
        return False
    reader = _Reader()
    return all(reader.takes(kind, text, behind) for kind, text, behind in _words(program))


def _words(program: str) -> Iterator[tuple[str, str, str]]:
    """Each word with its kind and what follows it; one of no kind where there is no word."""
    at, divides = 0, False
    while at < len(program):
        if program[at] == "/" and divides:
            # Whether it is one is known from the word before it.
            yield "sign", "/", program[at + 1 :]
            at, divides = at + 1, False
            continue
        found = _WORDS.match(program, at)
        if found is None:
            yield "", program[at], ""
            return
        kind, at = found.lastgroup or "", found.end()
        yield kind, found.group(), program[at:]
        if kind != "blank":
            operand = kind in ("number", "text") or found.group() in (")", "]")
            divides = operand or (kind == "name" and found.group() not in _KEYWORDS)


class _Reader(msgspec.Struct):
    """Says of one word after the other whether it is read."""

    before: str = ""
    """The word before, blanks aside."""
    brackets: list[str] = msgspec.field(default_factory=list)
    """For each open parenthesis the word in front of it."""
    printing: bool = False
    closed: str = ""
    """The word in front of the parentheses that ended just now."""

    def takes(self, kind: str, text: str, behind: str) -> bool:
        if kind == "blank":
            return True
        taken = bool(kind) and self._is_read(kind, text, behind)
        self._note(text)
        return taken

    def _is_read(self, kind: str, text: str, behind: str) -> bool:
        if kind == "name":
            return _is_name(text, behind)
        if text[0] == "/":
            return not behind.startswith("=") and self._is_clear_slash(kind)
        # Between parentheses it compares; behind `print` it would open a file.
        return text != ">" or bool(self.brackets) or not self.printing

    def _is_clear_slash(self, kind: str) -> bool:
        if kind == "sign":
            condition = self.before == ")" and self.closed in ("if", "while", "for")
            return not condition and self.before not in _FUNCTIONS
        return self.before not in ("++", "--", "$")

    def _note(self, text: str) -> None:
        if text == "(":
            self.brackets.append(self.before)
        elif text == ")":
            self.closed = self.brackets.pop() if self.brackets else ""
        elif text in ("print", "printf"):
            self.printing = True
        elif text in (";", "{", "}"):
            self.printing = False
        self.before = text


def _is_name(text: str, behind: str) -> bool:
    if behind.lstrip().startswith("("):
        return text in _FUNCTIONS or text in _CALLED_LIKE
    if text in _KEYWORDS or text in _FUNCTIONS:
        return True
    capitals = len(text) > 1 and text == text.upper()
    return text in _OF_AWK if capitals else text not in _NO_NAMES
