"""Owns the reading of one command's words: what about them goes beyond harmless operands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from claudetted.permissions import knowledge
from claudetted.permissions.hosts import host_of
from claudetted.permissions.options import UNKNOWN, Code, Program
from claudetted.permissions.scripts import harmless
from claudetted.permissions.shell.model import Field

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9:_-]*")
"""What could be one: a rule that is offered for a program nobody knows spells it."""
_REMOTE = re.compile(r"(?:ext|fd)::.*|[\w.-]+@[\w.-]+:.*|[\w-]+(\.[\w-]+)+:[^:]*/.*")
_EVALUATED = frozenset(("[[", "[", "test", "let", "printf", "wait"))
"""Commands that evaluate indexes in their operands, substitutions in them included."""

_OPERATORS = "] = == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef -a -o )"
"""What stands behind an operand of `test`, so that the word before it is none of its options."""

LATER = "is only known when it runs"


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that a rule covers only by spelling the word; with no index it never does.

    Where a path or a host is the reason, a rule that allows it lifts the hazard.
    """

    index: int | None
    why: str
    path: str = ""
    writes: bool = False
    host: str = ""


@dataclass(slots=True)
class Scan:
    """What was found. Indexes count the command's fields."""

    hazards: list[Hazard] = field(default_factory=list)
    named: int = 1
    """So many words name what the command does: program, subcommands, script."""
    idle: set[int] = field(default_factory=set)
    operands: list[int] = field(default_factory=list)
    mentions: list[tuple[int, str, bool]] = field(default_factory=list)
    """Index, text and whether it is a pattern, of whatever may name a file."""
    unseen: bool = False
    """It runs what its words do not show."""
    hosts: list[str] = field(default_factory=list)
    exact: bool = False
    reads: bool = False
    fed: bool = False
    """It takes more operands from its input."""
    deep: bool = False
    """It reads all that lies below its operands, or below where it runs."""


def scan(fields: Sequence[Field], start: int) -> Scan:
    """Reads the command whose program is `fields[start]`."""
    scanner = _Scanner(fields, start)
    scanner.run()
    return scanner.found


class _Scanner:
    def __init__(self, fields: Sequence[Field], start: int) -> None:
        self.fields = fields
        self.start = start
        self.found = Scan(named=start + 1)
        self.key, self.program = "", Program()
        self.name = ""
        self.coded = False
        self.ended = False
        self.texts = 0
        self.replaced = False
        self.at = start + 1

    def run(self) -> None:
        first = self.fields[self.start]
        if first.text is None:
            self.found.unseen = True
            self._never(f"The program's name {LATER}: {first.source}")
            return
        self._become(first.text)
        if "/" in first.text:
            self.found.mentions.append((self.start, first.text, False))
        while self.at < len(self.fields):
            index = self.at
            self.at += 1
            self._word(index, self.fields[index])
        if self.program.stdin and not self.coded:
            self._reads_code()
        self.found.exact, self.found.reads = self.program.exact, self.program.reads
        self.found.deep |= self.program.deep == "always"

    def _become(self, name: str) -> None:
        self.name = name
        self.key, self.program = knowledge.program(name)
        self.found.fed |= self.program.fed

    def _word(self, index: int, word: Field) -> None:
        text = word.text
        if self.program.never:
            self._hazard(index if text is not None else None, self.program.never)
        if text is None:
            self._loose(index, word)
            return
        if self.key in _EVALUATED and ("$(" in text or "`" in text):
            self._never(f"{self.key} would run what stands in {word.source}.")
        if self.program.dashless and index == self.start + 1 and not text.startswith("-"):
            self._cluster(index, "-" + text)
        elif self.ended or not text.startswith("-") or text == "-":
            self._operand(index, text)
        elif text == "--":
            self.ended = not self.program.single
        elif self.program.single or text.startswith("--"):
            name, equals, value = text.partition("=")
            if self.program.single and name.startswith("--"):
                name = name[1:]
            self._option(index, name, value if equals else None)
        else:
            self._cluster(index, text)

    def _loose(self, index: int, word: Field) -> None:
        """A word that is a pattern, or that only the running shell knows."""
        if self.program.texts == -1 and (word.single or not self.program.hazards):
            if self._may_be_option(index):
                self._never(f"{word.source} could turn out to be an option.")
            return
        if word.glob is None or self.program.sub or self.program.code:
            self.found.unseen |= bool(self.program.code or self.program.never)
            self._never(f"{word.source} {LATER}.")
            return
        if word.glob[0] in "*?[" and self.program.hazards and not self.ended:
            self._never(f"A file that {word.source} finds could be named like an option.")
        self.found.operands.append(index)
        self.found.mentions.append((index, word.glob, True))

    def _may_be_option(self, index: int) -> bool:
        """Whether a word that is not known could be an option that matters."""
        if self.key == "command":
            return index == self.start + 1
        if self.ended or not self.program.hazards:
            return False
        if self.key == "printf":
            return index == self.start + 1
        if self.key in ("test", "["):
            behind = self.fields[index + 1 :][:1]
            return any(word.text not in _OPERATORS.split() for word in behind)
        return True

    def _cluster(self, index: int, text: str) -> None:
        """Short options in one word, the last one perhaps with its value."""
        for place, letter in enumerate(text[1:], 1):
            name, rest = "-" + letter, text[place + 1 :]
            if name in self.program.valued:
                self._option(index, name, rest or None)
                return
            self._option(index, name, None)
        self._mention_tail(index, text)

    def _mention_tail(self, index: int, text: str) -> None:
        """A path may hang on a letter we know nothing about: `-I/usr/include`."""
        for place in range(2, len(text)):
            if text[place] in "/~" or text.startswith("..", place):
                self._mention(index, text[place:])

    def _option(self, index: int, name: str, attached: str | None) -> None:
        why = self.program.hazard(name)
        if why:
            self._hazard(index, f"{self.name} {name} {why}.")
        elif self.program.script and self.program.shortens(name):
            self._hazard(index, f"What {self.name} {name} is told is not looked into.")
        self.replaced |= name in self.program.replacing
        self.found.deep |= name in self.program.deep_options
        if name in self.program.idle_options and not self.ended:
            self.found.idle.add(index)
        text = name in self.program.text_options
        if attached is not None:
            self._value(index, attached, text, name)
        elif name in self.program.valued and self.at < len(self.fields):
            self._next_value(name, text, bool(why))

    def _next_value(self, name: str, text: bool, hazardous: bool) -> None:
        """The value of an option in a word of its own."""
        index, word = self.at, self.fields[self.at]
        self.at += 1
        if word.text is None:
            if not (text and word.single) or self._is_script(name):
                self.found.unseen |= hazardous and self.program.carries
                self._never(f"{word.source} {LATER}.")
        elif name in self.program.modules:
            self._code(index, word.text, "program")
        else:
            if hazardous:
                self._hazard(index, f"It is what {name} takes.")
            self._value(index, word.text, text, name)

    def _value(self, index: int, value: str, text: bool, option: str) -> None:
        orderly = self.program.reads or self.program.script
        behind = bool(orderly and (self.texts or self.found.operands) and not self.program.single)
        if text and self._is_script(option):
            self._check_script(index, value)
        if not text or behind:
            # Behind operands some take every word for a file.
            self._mention(index, value)

    def _is_script(self, option: str) -> bool:
        return bool(self.program.script) and option in self.program.replacing

    def _operand(self, index: int, text: str) -> None:
        if self.program.sub:
            self._hazard(index, f"A rule has to name what {self.name} shall do.")
            self.key, self.program = knowledge.subcommand(self.key, text)
            self.found.named = index + 1
        elif self.program.code and not (self.coded and self.program.code == "first"):
            self._code(index, text, self.program.code)
        elif self.program.texts == -1:
            return
        elif self.texts < self.program.texts and not self._replaced():
            self.texts += 1
            if self.program.script:
                self._check_script(index, text)
                # One that stands behind its operands is an option to some and a file to others.
                if self._replaced_behind():
                    self._plain(index, text)
        else:
            self._plain(index, text)

    def _replaced(self) -> bool:
        """Whether an option takes the place of the operands that are text."""
        return self.replaced or (not self.program.script and self._replaced_behind())

    def _replaced_behind(self) -> bool:
        """Whether such an option may stand anywhere."""
        options = [word.text for word in self.fields[self.start + 1 :] if word.text]
        for name in self.program.replacing:
            for text in options:
                long = text.startswith("--") and name.startswith(text.partition("=")[0])
                short = text[:1] == "-" != text[1:2] and len(name) == 2 and name[1] in text
                if long or short or text == name:
                    return True
        return False

    def _code(self, index: int, text: str, kind: Code) -> None:
        """An operand that is a program, a script, or what is fetched."""
        if text == "-" and self.program.stdin:
            self._reads_code()
        self._hazard(index, f"A rule has to name what {self.name} runs or fetches.")
        self._mention(index, text)
        self.found.named = index + 1
        self.coded = True
        if kind == "program":
            self._become(text)
            self.coded = self.ended = self.replaced = False
            self.texts = 0
        elif kind == "first":
            self.key, self.program = "", knowledge.program("")[1]

    def _plain(self, index: int, text: str) -> None:
        hazards = self.program.hazards
        if "VAR" in hazards and "=" in text:
            self._hazard(index, f"{self.name} is told to use other programs or places.")
        if "REF" in hazards and text.startswith(("+", ":")):
            self._hazard(index, f"{self.name} overwrites or removes {text[1:]}.")
        if "@" in hazards and text.startswith("@"):
            self._hazard(index, f"{self.name} reads more options from a file.")
        unknown = self.program is UNKNOWN and not self.coded and not self.found.operands
        if unknown and _SUBCOMMAND.fullmatch(text):
            self.found.named = index + 1
        self.found.operands.append(index)
        if len(self.found.operands) == self.program.output:
            self._hazard(index, f"{self.name} writes it.")
        bare = self.program.net and not _URL.match(text)
        self._mention(index, f"http://{text}" if bare else text)

    def _check_script(self, index: int, text: str) -> None:
        if not harmless(self.program.script, text):
            self._hazard(index, f"What {self.name} is told to do may write or run something.")

    def _mention(self, index: int, text: str) -> None:
        """Whatever in a word may name a file or a host."""
        if _URL.match(text) and not text.startswith("file://"):
            host = host_of(text)
            self.found.hosts.append(host)
            self.found.hazards.append(Hazard(index, f"It reaches {host or text}.", host=host))
            return
        if _REMOTE.fullmatch(text):
            self._hazard(index, f"It reaches {text}.")
        self.found.mentions.append((index, text.removeprefix("file://"), False))
        for piece in re.split(r"[=:,@\"']", text):
            if piece != text and (piece.startswith(("/", "~")) or ".." in piece):
                self.found.mentions.append((index, piece, False))

    def _reads_code(self) -> None:
        self.found.unseen = True
        self._never(f"{self.name} runs what it reads from its input.")

    def _hazard(self, index: int | None, why: str) -> None:
        self.found.hazards.append(Hazard(index, why))

    def _never(self, why: str) -> None:
        self.found.hazards.append(Hazard(None, why))
