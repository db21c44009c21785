"""Owns the form of what is known of a program: its harmless options, and what its operands are.

Only what a program's own documentation shows to be harmless is listed. Whatever else stands in a
command, an abbreviation included, has to be spelled by the rule that allows it.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

import msgspec

Code = Literal["", "first", "all", "program"]

KINDS: dict[str, str] = {
    "num": r"[+-]?\d+(?:[.,:]\d+)*[A-Za-z%]{0,3}",
    "name": r"[A-Za-z0-9_][A-Za-z0-9_-]*",
    "word": r"[A-Za-z0-9_][\w.,:+@%^-]*",
    "ref": r"(?!.*\.\.)[A-Za-z0-9@][\w./@{}^~-]*",
    "text": r"[\s\S]*",
    "path": r"[\s\S]*",
    "local": r"[^:@]*",
    "null": r"/dev/null|-",
    "stdin": r"-",
    "no": r"no:[\w.-]+",
    "header": r"[^@][^\r\n]*",
    "report": r"(?!@)(?:[^%]|%%|%\{[a-z0-9_.]+\}|%header\{[\w-]+\})*",
    "variable": r"[A-Za-z_]\w*=[\s\S]*",
    "warning": r"[a-z]+(?:::[A-Z]\w*)?",
    "fields": r"(?:wide|yaml|json|name|(?:jsonpath|custom-columns|go-template)=[^@]*)",
    "sed": r"[\s\S]*",
    "awk": r"[\s\S]*",
    "jq": r"[\s\S]*",
    "own": r"(?!\w*_proxy\b|npm_config)[a-z_][a-z0-9_]*"
    r"|[A-Z]|FILES?|DIRS?|OUT(?:PUT)?|RESULTS?|COUNT|TOTAL",
    "module": r"[A-Za-z_][\w.]*",
    "program": r"[A-Za-z_][\w.]*",
}
"""What the value of an option may be. `path` and `local` name a file that is read, `sed`, `awk`
and `jq` are small programs, `program` is one of the table that runs with the words behind it. `own`
is a variable that nobody's environment has, so that no program is told anything by it."""
PATHS = frozenset(("path", "local"))
SCRIPTS = frozenset(("sed", "awk", "jq"))

_OPTION = re.compile(r"(-[^\s=\[\]]+)(?:=(.+)|\[([=?])(.+)\])?")


class Arity(msgspec.Struct, frozen=True):
    """What one option takes: nothing, values in order, or one that may be missing."""

    kinds: tuple[str, ...] = ()
    optional: bool = False
    adopts: bool = False
    """A value that may be missing is taken from the next word, too, where it is one."""

    def fits(self, value: str, place: int = 0) -> bool:
        kind = self.kinds[place]
        return re.fullmatch(KINDS.get(kind, kind), value) is not None

    def may_vary(self, source: str, place: int = 0) -> bool:
        """Whether a value that only the running shell knows is harmless whatever it is."""
        kind = self.kinds[place]
        named = kind == "variable" and re.match(r"[A-Za-z_]\w*=", source)
        return kind == "text" or bool(named)


def options_of(text: str) -> dict[str, Arity]:
    """A table of options from its text: `-i --color[=always|never] -n=num --arg=text+text`.

    `-o=KIND` takes a value, in the same word or the next one; `-o[=KIND]` has one only in the
    same word, and `-o[?KIND]` in the next one, too. A kind is a name in `KINDS` or the values
    themselves, separated by `|`.
    """
    table: dict[str, Arity] = {}
    for token in text.split():
        found = _OPTION.fullmatch(token)
        if found is None:
            raise ValueError(token)
        name, kinds, how, optional = found.groups()
        if kinds:
            table[name] = Arity(tuple(kinds.split("+")))
        elif optional:
            table[name] = Arity((optional,), optional=True, adopts=how == "?")
        else:
            table[name] = Arity()
    return table


class Program(msgspec.Struct, frozen=True, dict=True):
    """What is known of one program, or of one of its subcommands."""

    version: str = ""
    """The version whose documentation the table was read from. Without one there is no table: a
    rule covers the exact words it spells."""
    harmless: str = ""
    """Options that neither write, run or load anything nor change where it works; see
    `options_of`. `-NUM` stands for a number with a dash, `-ANY` for any other word with one."""
    runs: str = ""
    """Options that run a program or load code or settings; a trailing `=` says that it takes a
    value. These and the next two say why a person is asked; what is in no table asks as well.
    `VAR=` stands for every operand that sets a variable, `@` for every one that names a file of
    more options, `REF` for every one that forces or removes a branch."""
    writes: str = ""
    """Options that write, or change or remove what is there."""
    moves: str = ""
    """Options that change what it works on."""
    texts: int = 0
    """How many of the first operands are text and no paths; -1 for all."""
    texts_unless: str = ""
    """Options that stand in for those operands."""
    operand: str = ""
    """What every operand has to be: a name in `KINDS` or a regular expression."""
    fixed: bool = False
    """Its operands have to be spelled by a rule."""
    needs: str = ""
    """An option without which the exact words have to be spelled."""
    ends: str = ""
    """Options with which it says something about itself and does nothing else."""
    sub: bool = False
    """Its first operand is a subcommand: a rule has to name it."""
    code: Code = ""
    """Whether operands are a program or name code to run or to fetch, which a rule has to name:
    the first one (a script), all of them, or the rest as another program with its words."""
    tail: str = ""
    """What takes the words behind `--`: a key of the table."""
    carries: bool = False
    """Somewhere in its words another command may begin."""
    carries_behind: str = ""
    """The options behind which alone such a command begins."""
    fed: bool = False
    """It takes more operands from its input."""
    stdin: bool = False
    """Without an operand it runs what it reads from its input."""
    net: bool = False
    """Its operands are addresses, also without `https://`."""
    exact: bool = False
    """Its operands are what it changes: a rule that names some of them covers no others."""
    reads: bool = False
    """With nothing but harmless options it only reads."""
    tame: bool = False
    """No option of it does any harm, whatever a word turns out to be."""
    deep: str = ""
    """Options that make it read all below the directories it is given; `always` if it does."""
    single: bool = False
    """Long options start with one dash, and two mean the same. Nothing ends the options."""
    plain_values: bool = False
    """A value stands behind `=`, or in a word of its own that does not begin with a dash: such a
    word is another option, and so is each letter behind a short one."""
    output: int = 0
    """Which of its operands is a file that it writes, counted from 1."""
    dashless: bool = False
    """Its first operand may be short options without a dash, as in `tar xzf`."""
    script: str = ""
    """The first operand is a small program in this language: `sed`, `awk`, `jq` or `mode`."""
    never: str = ""
    """Why every one of its words has to be spelled by a rule; empty when they need not."""

    @property
    def known(self) -> bool:
        return bool(self.version)

    @cached_property
    def options(self) -> dict[str, Arity]:
        return options_of(self.harmless)

    @cached_property
    def hazards(self) -> dict[str, str]:
        """Each option that is known to be hazardous, and why."""
        reasons = (
            (self.runs, "runs a program or loads code"),
            (self.writes, "writes, changes or removes files"),
            (self.moves, "changes what it works on"),
        )
        return {name.rstrip("="): why for names, why in reasons for name in names.split()}

    @cached_property
    def hazardous_valued(self) -> frozenset[str]:
        """Hazardous options that take the next word when no value is attached."""
        marked = f"{self.runs} {self.writes} {self.moves}".split()
        return frozenset(name[:-1] for name in marked if name.endswith("="))

    @cached_property
    def deep_options(self) -> frozenset[str]:
        return frozenset(self.deep.split())

    @cached_property
    def replacing(self) -> frozenset[str]:
        return frozenset(self.texts_unless.split())

    def is_operand(self, word: str) -> bool:
        """Whether a word is no option, or is one of those that are only text."""
        if not word.startswith("-") or word == "-":
            return True
        letters = all("-" + letter in self.options for letter in word[1:])
        return "-ANY" in self.options and not letters

    def is_number(self, word: str) -> bool:
        """Whether a word is a number behind a dash, where that is an option."""
        return "-NUM" in self.options and re.fullmatch(r"-\d+", word) is not None

    def is_valued(self, name: str) -> bool:
        """Whether an option takes the rest of its word, or the next one."""
        arity = self.options.get(name)
        return bool(arity.kinds) if arity else name in self.hazardous_valued

    def replaced_by(self, words: Iterable[str]) -> bool:
        """Whether a word may be such an option, abbreviated or among others too."""
        return any(_may_mean(word, name) for word in words for name in self.replacing)

    @property
    def any_text(self) -> bool:
        """Whether an operand may be any text."""
        return not (self.operand or self.fixed)

    @cached_property
    def ending(self) -> frozenset[str]:
        return frozenset(self.ends.split())


def _may_mean(word: str, option: str) -> bool:
    long = word[:2] == "--" != word and option.startswith(word.partition("=")[0])
    short = word[:1] == "-" != word[1:2] and len(option) == 2 and option[1] in word
    return long or short or word == option


UNKNOWN = Program()
"""A program that is not in the table."""

CARRIES = Program(carries=True, code="all")
"""A program that runs what its operands say."""
