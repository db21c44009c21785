"""Owns the reading of one command's words: what about them goes beyond harmless operands."""

import re
from collections.abc import Iterator, Sequence

from claudetted.permissions import addresses, conditions, programs
from claudetted.permissions.hazards import NAMING, Hazard, Scan
from claudetted.permissions.hosts import host_of
from claudetted.permissions.options import KINDS, PATHS, SCRIPTS, Arity, Code, Program
from claudetted.permissions.scripts import harmless
from claudetted.permissions.shell.model import Field

_EVALUATED = frozenset(("let", "printf", "wait"))
"""Commands that evaluate indexes in their operands, substitutions in them included."""

_FED = "{}"
"""What `find` and `xargs` put names of files in the place of."""

LATER = "is only known when it runs"


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
        self.doubt = False
        """An option was met that may or may not take the next word."""
        self.suspect = -1
        """The word that such an option may take."""
        self.says_only = False
        """An option was met with which it only says something about itself."""
        self.given: set[str] = set()
        self.at = start + 1

    def run(self) -> None:
        first = self.fields[self.start]
        if first.text is None:
            self.found.unseen = True
            self._never(f"The program's name {LATER}: {first.source}")
            return
        self._become(first.text)
        if "/" in first.text:
            self.found.mentions.append((self.start, Field(first.source, first.text)))
        if self.key in conditions.NAMES:
            self._conditions()
        while self.at < len(self.fields):
            index = self.at
            self.at += 1
            self._word(index, self.fields[index])
        if self.program.stdin and not self.coded and not self.says_only:
            self._reads_code()
        if self.program.needs and not self.says_only and self.program.needs not in self.given:
            for index in range(self.start + 1, len(self.fields)):
                self._hazard(index, f"Without {self.program.needs} it writes what settings say.")
        self.found.idle -= {hazard.index for hazard in self.found.hazards}
        self.found.exact = self.program.exact
        harms = any(not hazard.why.startswith(NAMING) for hazard in self.found.hazards)
        self.found.reads = self.program.reads and not harms
        self.found.deep |= self.program.deep == "always"

    def _become(self, name: str) -> None:
        self.name = name
        self.key, self.program = programs.program(name)
        self.found.fed |= self.program.fed

    def _conditions(self) -> None:
        words = self.fields[self.at :]
        for why in conditions.unread(self.key, words):
            self._never(why)
        for index in conditions.operands(words):
            self._mention(self.at + index, words[index].text or "")
        self.at = len(self.fields)

    def _word(self, index: int, word: Field) -> None:
        text = word.text
        for why in self._against(index):
            self._hazard(index, why)
        if text is None:
            self._loose(index, word)
            return
        if self.key in _EVALUATED and ("$(" in text or "`" in text):
            self._never(f"{self.key} would run what stands in {word.source}.")
        if self.program.dashless and index == self.start + 1 and not text.startswith("-"):
            self._old_style(index, text)
        elif self.ended or self.program.is_operand(text):
            self._operand(index, text)
        elif text == "--":
            self._behind_dashes()
        elif self.program.single or text.startswith("--"):
            name, equals, value = text.partition("=")
            if self.program.single and name[:2] == "--" and name not in self.program.options:
                name = name[1:]
            self._option(index, name, value if equals else None)
        else:
            self._cluster(index, text)

    def _against(self, index: int) -> Iterator[str]:
        """Why a rule has to spell the word, whatever it is."""
        program = self.program
        if program.never:
            yield program.never
        elif not (program.known or program.sub or program.code):
            yield f"There is no table for {self.name}: a rule covers the words it spells."
        if index == self.suspect:
            yield "It may be what the option before it takes."

    def _loose(self, index: int, word: Field) -> None:
        """A word that is a pattern, or that only the running shell knows."""
        if self._may_be_text(word):
            if self._may_be_option(index, word):
                self._never(f"{word.source} could turn out to be an option.")
            if word.glob is not None:
                self.found.listings.append(word)
            return
        named = self.program.sub or self.program.code or not self.program.any_text
        if word.glob is None or named or self._expects_script():
            self.found.unseen |= bool(self.program.code or self.program.never)
            self._never(f"{word.source} {LATER}.")
            return
        self._pattern(index, word)

    def _may_be_text(self, word: Field) -> bool:
        """Whether the program takes it for a text. What is split apart may hold patterns."""
        many = word.glob is not None and self.program.tame
        return self.program.texts == -1 and self.program.any_text and (word.single or many)

    def _pattern(self, index: int, word: Field) -> None:
        """A word that becomes names of files: some number of operands, and never an option."""
        if self.program.output and not word.single:
            self._never(f"Which file {self.name} writes depends on what {word.source} finds.")
        if word.bare.startswith("-") and not self.ended:
            self._never(f"What {word.source} finds could be an option.")
        elif word.glob and word.glob[0] in "*?[" and not self.program.tame and not self.ended:
            self.found.wild.append(index)
        if self.texts < self.program.texts:
            self.texts += 1
            self.found.perhaps_text = True
        self.found.operands.append(index)
        self.found.mentions.append((index, word))

    def _expects_script(self) -> bool:
        """Whether the next operand is a program in a language of its own."""
        return bool(self.program.script) and self.texts < self.program.texts

    def _may_be_option(self, index: int, word: Field) -> bool:
        """Whether a word that is not known could be an option that matters."""
        if self.key == "command":
            return index == self.start + 1
        if self.ended or self.program.tame:
            return False
        if word.bare and not word.bare.startswith(("-", *"*?[")):
            return False
        return index == self.start + 1 if self.key == "printf" else True

    def _cluster(self, index: int, text: str) -> None:
        """Short options in one word, the last one perhaps with its value."""
        if self.program.is_number(text):
            self.found.idle.add(index)
            return
        if text in self.program.options:
            self._option(index, text, None)
            return
        for place, letter in enumerate(text[1:], 1):
            name, rest = "-" + letter, text[place + 1 :]
            if self.program.is_valued(name):
                if rest and self.program.plain_values:
                    self._hazard(index, f"{self.name} may take {rest} for options.")
                self._option(index, name, rest or None)
                return
            self._option(index, name, None)
        self._mention_tail(index, text)

    def _old_style(self, index: int, letters: str) -> None:
        """Options without a dash in the first word: their values follow in words of their own."""
        for letter in letters:
            self._option(index, "-" + letter, None)

    def _mention_tail(self, index: int, text: str) -> None:
        """A path may hang on a letter we know nothing about: `-I/usr/include`."""
        for place in range(2, len(text)):
            if text[place] in "/~" or text.startswith("..", place):
                self._mention(index, text[place:])

    def _option(self, index: int, name: str, attached: str | None) -> None:
        arity = self.program.options.get(name)
        self.replaced |= name in self.program.replacing
        self.says_only |= name in self.program.ending
        self.given.add(name)
        self.found.deep |= name in self.program.deep_options
        if arity is None:
            self._other_option(index, name, attached)
            return
        if arity.kinds != ("program",):
            self.found.idle.add(index)
        if attached is not None:
            self._attached(index, name, attached, arity)
        elif arity.kinds and not arity.optional:
            for place in range(len(arity.kinds)):
                self._next_value(index, name, arity, place)
        elif arity.adopts and any(arity.fits(w.text or "") for w in self.fields[self.at :][:1]):
            self._next_value(index, name, arity, 0)

    def _attached(self, index: int, name: str, value: str, arity: Arity) -> None:
        if len(arity.kinds) == 1:
            self._value(index, name, value, arity)
            return
        self._hazard(index, f"{self.name} {name} is not known to take a value like that.")
        self._mention(index, value)

    def _other_option(self, index: int, name: str, attached: str | None) -> None:
        """One that is not in the table of harmless ones."""
        why = self.program.hazards.get(name)
        if why:
            self._hazard(index, f"{self.name} {name} {why}.")
        elif self.program.known:
            self._hazard(
                index, f"{name} is not among the options of {self.name} that are harmless."
            )
        else:
            self._hazard(index, f"No table says what {self.name} {name} does.")
        if attached is not None:
            self._mention(index, attached)
        elif name in self.program.hazardous_valued:
            self._next_of_hazard(name)
        elif not why:
            self.doubt = True
            self.suspect = self.at

    def _next_of_hazard(self, name: str) -> None:
        if self.at >= len(self.fields):
            return
        index, word = self.at, self.fields[self.at]
        self.at += 1
        if word.text is None:
            self.found.unseen |= self.program.carries
            self._never(f"{word.source} {LATER}.")
            return
        self._hazard(index, f"It is what {name} takes.")
        self._mention(index, word.text)

    def _next_value(self, option: int, name: str, arity: Arity, place: int) -> None:
        """The value of an option in a word of its own."""
        if self.at >= len(self.fields):
            self._hazard(option, f"{self.name} {name} lacks what it takes.")
            return
        index, word = self.at, self.fields[self.at]
        self.at += 1
        if self.program.plain_values and (word.text or "-").startswith("-"):
            self._hazard(index, f"{self.name} may take {word.source} for an option.")
        if word.text is not None:
            self.found.idle.add(index)
            self._value(index, name, word.text, arity, place)
        elif not word.single or not arity.may_vary(word.source, place):
            self._never(f"{word.source} {LATER}.")

    def _value(self, index: int, option: str, value: str, arity: Arity, place: int = 0) -> None:
        kind = arity.kinds[place]
        if not arity.fits(value, place) or (value == _FED and kind not in PATHS):
            self._hazard(index, f"{value} is not known to be harmless for {self.name} {option}.")
            self._mention(index, value)
        if kind == "program":
            self._code(index, value, "program")
            return
        if kind in SCRIPTS:
            self._check_script(index, value, kind)
        orderly = bool(self.program.reads or self.program.script) and not self.program.single
        if kind in PATHS or self.doubt or (orderly and (self.texts or self.found.operands)):
            # Behind operands some take every word for a file.
            self._mention(index, value)

    def _operand(self, index: int, text: str) -> None:
        if self.program.sub:
            self._hazard(index, f"{NAMING} what {self.name} shall do.")
            self.key, self.program = programs.subcommand(self.key, text)
            self.found.named = index + 1
            return
        if self.program.code and not (self.coded and self.program.code == "first"):
            self._code(index, text, self.program.code)
            return
        if self.program.operand:
            self._shaped(index, text)
        if self.program.fixed or self.coded:
            self._hazard(index, f"{NAMING} {text}.")
        if self.program.texts == -1 and not self.doubt:
            return
        if self.texts < self.program.texts and not self._replaced():
            self.texts += 1
            self._text(index, text)
            if not self.doubt:
                return
        self.found.perhaps_text |= self.texts < self.program.texts and not self.replaced
        self._plain(index, text)

    def _text(self, index: int, text: str) -> None:
        """One of the first operands, which are no files."""
        if self.program.script:
            self._check_script(index, text, self.program.script)
            # One that stands behind its operands is an option to some and a file to others.
            if self._replaced_behind():
                self._plain(index, text)

    def _shaped(self, index: int, text: str) -> None:
        shape = self.program.operand
        if re.fullmatch(KINDS.get(shape, shape), text) is None:
            self._hazard(index, f"{text} is not known to be harmless for {self.name}.")

    def _replaced(self) -> bool:
        """Whether an option takes the place of the operands that are text."""
        return self.replaced or (not self.program.script and self._replaced_behind())

    def _replaced_behind(self) -> bool:
        """Whether such an option may stand anywhere."""
        return self.program.replaced_by(w.text for w in self.fields[self.start + 1 :] if w.text)

    def _code(self, index: int, text: str, kind: Code) -> None:
        """An operand that is a program, a script, or what is fetched."""
        if text == "-" and self.program.stdin:
            self._reads_code()
        self._hazard(index, f"{NAMING} what {self.name} runs or fetches.")
        self._mention(index, text)
        self.found.named = index + 1
        self.coded = True
        if kind == "program":
            self._become(text)
            self.coded = self.ended = self.replaced = self.doubt = False
            self.texts = 0
        elif kind == "first" and not self.program.tail:
            self.key, self.program = programs.program("a script")
            self.coded = False

    def _behind_dashes(self) -> None:
        """What stands behind `--` is for another program, or no option any more."""
        if not self.program.tail:
            self.ended = not self.program.single
            return
        self.key, self.program = programs.program(self.program.tail)
        self.coded = self.doubt = False

    def _plain(self, index: int, text: str) -> None:
        hazards = self.program.hazards
        if "VAR" in hazards and "=" in text:
            self._hazard(index, f"{self.name} is told to use other programs or places.")
        if "REF" in hazards and text.startswith(("+", ":")):
            self._hazard(index, f"{self.name} overwrites or removes {text[1:]}.")
        if "@" in hazards and text.startswith("@"):
            self._hazard(index, f"{self.name} reads more options from a file.")
        self.found.operands.append(index)
        if len(self.found.operands) == self.program.output:
            self._hazard(index, f"{self.name} writes it.")
        if self.program.net:
            self._address(index, text)
        else:
            self._mention(index, text)

    def _address(self, index: int, text: str) -> None:
        """Only the plainest form of one: everybody reads the same host in it."""
        full = text if addresses.is_url(text) else f"http://{text}"
        if not addresses.is_plain(full):
            self._hazard(index, f"Which host {self.name} reaches with {text} is not certain.")
        self._mention(index, full)

    def _check_script(self, index: int, text: str, language: str) -> None:
        if text == _FED or not harmless(language, text):
            self._hazard(index, f"What {self.name} is told to do may write or run something.")

    def _mention(self, index: int, text: str) -> None:
        """Whatever in a word may name a file or a host."""
        if addresses.is_url(text) and not text.startswith("file://"):
            host = host_of(text)
            self.found.hosts.append(host)
            self.found.hazards.append(Hazard(index, f"It reaches {host or text}.", host=host))
            return
        if addresses.is_remote(text):
            self._hazard(index, f"It reaches {text}.")
        for name in addresses.file_names(text):
            self.found.mentions.append((index, Field(name, name)))

    def _reads_code(self) -> None:
        self.found.unseen = True
        self._never(f"{self.name} runs what it reads from its input.")

    def _hazard(self, index: int, why: str) -> None:
        self.found.hazards.append(Hazard(None if self.fields[index].text is None else index, why))

    def _never(self, why: str) -> None:
        self.found.hazards.append(Hazard(None, why))
