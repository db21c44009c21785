"""Owns the analysis of a command: every part that would run, where, and what it touches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from claudetted.permissions import directories, environment, repositories, variables, wrappers
from claudetted.permissions.analysis import Analysis, Part, Touch
from claudetted.permissions.budget import Budget, SpentError
from claudetted.permissions.directories import Directories, union
from claudetted.permissions.hazards import Hazard
from claudetted.permissions.pipe_input import lists_files
from claudetted.permissions.places import Places
from claudetted.permissions.scan import scan
from claudetted.permissions.shell.model import (
    Field,
    Group,
    Node,
    Script,
    Simple,
    all_problems,
)
from claudetted.permissions.shell.reading import LONGEST, read
from claudetted.permissions.touching import Toucher
from claudetted.permissions.views import substituted, views

_DEEPEST = 6
_MOST_PARTS = 200
_MOST_WORDS = 400
_TOO_MANY = "It is too long to check."
_LOOK_STEPS = 200
"""What one look at all below a directory costs in comparison to other steps."""
_FED = (Field("{}", "{}"), Field("{}", "{}"))
"""What stands for the words that a command is fed with."""
_TOO_MUCH = "It would take too long to judge."


def analyse(command: str, cwd: str, workspace: str, temp: str, places: Places) -> Analysis:
    """What a command line would do, started in a real directory."""
    analyst = _Analyst(workspace, temp, places)
    try:
        analyst.whole(command, cwd)
    except SpentError:
        analyst.give_up(_TOO_MUCH)
        analyst.analysis.spent = True
    return analyst.analysis


class _Analyst:
    def __init__(self, workspace: str, temp: str, places: Places) -> None:
        self.temp = temp
        self.places = places
        self.analysis = Analysis()
        self.budget = Budget()
        self.toucher = Toucher(workspace, places, self.budget, self.analysis.touches)
        self.depth = 0
        self.fed: int | None = None
        """For a command that reads names of files that a listing has found: how many touches
        there were before the listing."""
        self.followed: frozenset[str] = frozenset()
        self.values: dict[str, Field] = {}
        """Variables of the loops around, as far as they are followed."""
        self.beside = 0
        """So many shells of their own are around."""
        self.changed = False
        """Something so far may change files."""
        self.wild: list[str] = []
        """Patterns that must not find what begins with `-`."""

    def whole(self, command: str, cwd: str) -> None:
        self._text(command, frozenset((cwd,)), posix=False)
        if self.wild and self.changed:
            problem = f"What {self.wild[0]} finds may change before it is looked for."
            self.analysis.problems.append(problem)

    def _text(self, command: str, where: Directories, posix: bool) -> None:
        """A script of its own: what is known of variables around it is not known inside."""
        # What is too long is not read.
        self.budget.take(1 + min(len(command), LONGEST) // 16)
        script = read(command, posix)
        around = self.followed, self.values
        self.followed, self.values = variables.followed(script.items), {}
        self.script(script, where)
        self.followed, self.values = around

    def script(self, script: Script, where: Directories) -> None:
        problems = list(all_problems(script))
        self.depth += 1
        if self.depth > _DEEPEST:
            problems.append("It is nested too deep to be read.")
        else:
            self._sequence(script.items, where)
        self.depth -= 1
        self.analysis.problems += problems
        self.analysis.unseen |= bool(problems)

    def _walk(self, node: Node, where: Directories) -> tuple[Directories, Directories]:
        """Where the shell is afterwards: when the command succeeds, and when it fails."""
        fed, self.fed = self.fed, None
        if isinstance(node, Simple):
            if len(self.analysis.parts) >= _MOST_PARTS:
                self.give_up(_TOO_MANY)
                return where, where
            return self._simple(node, where, fed)
        if node.redirects:
            self._simple(Simple((), (), node.redirects, "redirection"), where, None)
        if node.kind in ("apart", "pipe"):
            self._apart(node, where)
            return where, where
        if node.kind in ("and", "or"):
            return self._either(node, where)
        if node.kind in ("loop", "function") and any(map(directories.moves, node.items)):
            where = None
        if node.kind == "maybe":
            where = self._branches(node.items, where)
        elif node.kind == "loop":
            where = self._loop(node, where)
        else:
            where = self._sequence(node.items, where)
        return where, where

    def _apart(self, node: Group, where: Directories) -> None:
        before = len(self.analysis.touches)
        self.beside += 1
        for index, item in enumerate(node.items):
            self.fed = before if node.kind == "pipe" and lists_files(node, index) else None
            self._walk(item, where)
        self.beside -= 1

    def _loop(self, node: Group, where: Directories) -> Directories:
        """Once for each value of its variable, where the values are known."""
        known = self._known(where)
        fields = [field for word in node.values for field in word.fields(known)]
        self._listed(fields, where)
        values = variables.values(node, fields) if node.variable in self.followed else []
        for value in values:
            self.values[node.variable] = value
            where = self._sequence(node.items, where)
        self.values.pop(node.variable, None)
        return where if values else self._sequence(node.items, where)

    def _listed(self, fields: Sequence[Field], where: Directories) -> None:
        """The names that a loop is over: the shell looks for those that are patterns."""
        hazards: list[Hazard] = []
        for field in fields:
            if field.glob is not None:
                hazards += self.toucher.listing(field, where)
            elif field.text is None and not field.single:
                hazards.append(Hazard(None, f"What {field.source} becomes is only known then."))
        if hazards:
            self._add(
                Part(" ".join(field.source for field in fields), (), tuple(hazards), free=True)
            )

    def _sequence(self, items: Iterable[Node], where: Directories) -> Directories:
        for item in items:
            where = union(*self._walk(item, where))
        return where

    def _branches(self, items: Iterable[Node], where: Directories) -> Directories:
        for item in items:
            where = union(where, *self._walk(item, where))
        return where

    def _either(self, node: Group, where: Directories) -> tuple[Directories, Directories]:
        good, bad = where, where
        for index, item in enumerate(node.items):
            if index == 0:
                good, bad = self._walk(item, where)
            elif node.kind == "and":
                good, failed = self._walk(item, good)
                bad = union(bad, failed)
            else:
                succeeded, bad = self._walk(item, bad)
                good = union(good, succeeded)
        return good, bad

    def _simple(
        self, simple: Simple, where: Directories, fed: int | None
    ) -> tuple[Directories, Directories]:
        """Where the shell is when it succeeded, and when it failed."""
        self.budget.take(1 + len(simple.words))
        self.beside += 1
        for script in substituted(simple):
            self.script(script, where)
        self.beside -= 1
        known = self._known(where)
        hazards = self._redirections(simple, known, where)
        fields: list[Field] = []
        words = [word.field(known).text for word in simple.words[:3]]
        for assignment in simple.assignments:
            value = assignment.value.field(known)
            name = assignment.source.partition("=")[0]
            text = None if value.text is None else f"{name}={value.text}"
            harmless = text is not None and environment.is_harmless(text, words)
            if not (harmless if simple.words else variables.is_own(assignment.source)):
                index = None if text is None else len(fields)
                hazards.append(Hazard(index, f"It sets {name.rstrip('+')} for what runs."))
            fields.append(Field(assignment.source, text))
        if len(simple.words) > _MOST_WORDS:
            self.give_up("It has more words than are read.")
            return None, None
        first = len(fields)
        fields += [field for word in simple.words for field in word.fields(known)]
        if len(fields) > _MOST_WORDS:
            self.give_up("It has more words than are read.")
            return None, None
        if first == len(fields):
            self._add(Part(simple.text, tuple(fields), tuple(hazards), free=True))
            return where, where
        self.fed = fed
        return self._command(simple.text, tuple(fields), first, hazards, where)

    def _redirections(
        self, simple: Simple, known: dict[str, Field], where: Directories
    ) -> list[Hazard]:
        hazards: list[Hazard] = []
        for redirect in simple.redirects:
            if redirect.target is not None:
                target = redirect.target.field(known)
                hazards += self.toucher.redirection(redirect.operator, target, where)
        self.changed |= any(hazard.writes for hazard in hazards)
        return hazards

    def _known(self, where: Directories) -> dict[str, Field]:
        """Variables whose values are known."""
        known = {"HOME": Field("", self.places.home), "TMPDIR": Field("", self.temp)}
        if where and len(where) == 1:
            known["PWD"] = Field("", next(iter(where)))
        return {**known, **self.values}

    def _command(
        self,
        text: str,
        fields: tuple[Field, ...],
        first: int,
        hazards: list[Hazard],
        where: Directories,
        loose_braces: bool = False,
        filled: bool = False,
    ) -> tuple[Directories, Directories]:
        """A command with words. `first` is its program, behind the assignments."""
        starts = list(dict.fromkeys((0, first)))
        apart = fed = False
        while (inner := wrappers.passed_on(fields, first)) is not None:
            apart |= fields[first].text not in wrappers.OF_THE_SHELL
            fed |= fields[first].text == "xargs"
            hazards += _assigned(fields, first + 1, inner)
            first = inner
            starts.append(first)
        script = wrappers.shell_script(fields, first)
        if (fed or filled) and (script is not None or _is_mixed(fields[first:])):
            hazards.append(Hazard(None, "It inserts its input into other words."))
        wrapping = tuple(fields[start:] for start in starts[:-1])
        seen = (*views(fields, first, self._known(where), self.budget), *wrapping)
        if script is not None:
            self._add(Part(text, fields, tuple(hazards), tuple(starts), free=True, views=seen))
            self._text(script, where, posix=fields[first].text != "bash")
            return where, where
        commands: Sequence[tuple[Field, ...]] = ()
        if fields[first].text == "find" and (split := wrappers.found_commands(fields, first)):
            fields, commands = tuple(split[0]), split[1]
        deep = bool(commands)
        part = self._scanned(
            text, fields, first, starts, hazards, where, seen, loose_braces, deep, fed
        )
        self._add(part)
        for command in commands:
            line = " ".join(word.source for word in command)
            loose = bool(part.hazards)
            self._command(line, command, 0, [], where, loose_braces=loose, filled=True)
        return self._moved(fields[first:], apart, where)

    def _moved(
        self, fields: tuple[Field, ...], apart: bool, where: Directories
    ) -> tuple[Directories, Directories]:
        moved = directories.moved(fields, where, self.places)
        if apart:
            return union(where, moved), where
        # What is a directory now is one still when nothing before or beside this changes files.
        undisturbed = not self.changed and not self.beside
        sure = undisturbed and directories.is_there(fields, where, self.places)
        return moved, moved if sure else where

    def _scanned(
        self,
        text: str,
        fields: tuple[Field, ...],
        first: int,
        starts: list[int],
        hazards: list[Hazard],
        where: Directories,
        seen: tuple[tuple[Field, ...], ...],
        loose_braces: bool,
        deep: bool,
        fed: bool,
    ) -> Part:
        found = scan((*fields, *_FED) if fed and not _is_filled(fields[first:]) else fields, first)
        if found.fed or fed:
            hazards += self._fed_with(where)
        self.analysis.hosts += found.hosts
        self.analysis.unseen |= found.unseen
        before = len(self.analysis.touches)
        access: Literal["read", "either"]
        for index, word in found.mentions:
            access = "read" if found.reads or _is_run(fields, first, index) else "either"
            hazards.extend(self.toucher.mention(index, word, access, where))
        for word in found.listings:
            hazards.extend(self.toucher.listing(word, where))
        if found.deep or deep:
            self._search(before, where)
            if len(found.operands) <= found.perhaps_text:
                self.analysis.searched += sorted(where or ())
        for view in seen[1:]:
            for _, word in scan(view, 0).mentions:
                files = self.toucher.files(word, where) or ()
                self.analysis.touches += [Touch(path, "either") for path in files]
        if (fields[first].text or "").rpartition("/")[2] == "git":
            hazards += repositories.hazards(sorted(where or ()), found.reads, self.places.disk)
        for index in found.wild:
            self.wild.append(fields[index].source)
            if self.toucher.could_find_an_option(where):
                why = f"A file that {fields[index].source} finds could be named like an option."
                hazards.append(Hazard(None, why))
        self.changed |= not found.reads
        if loose_braces and any("{}" in (word.text or "") for word in fields):
            hazards.append(Hazard(None, "It works on whatever is found outside the workspace."))
        outside = [d for d in where or () if not self.toucher.inside(d)]
        if where is None:
            hazards.append(Hazard(None, "It cannot be told in which directory it runs."))
        hazards += [
            Hazard(None, f"It runs in {d}, outside the workspace.", path=d) for d in outside
        ]
        together = (*found.hazards, *hazards)
        return Part(text, fields, together, tuple(starts), found, views=seen)

    def _fed_with(self, where: Directories) -> Iterator[Hazard]:
        if self.fed is None:
            yield Hazard(None, "Its input is only known at run time.")
            return
        before = len(self.analysis.searched)
        self._search(self.fed, where)
        for directory in self.analysis.searched[before:]:
            self.budget.take(_LOOK_STEPS)
            if not self.places.disk.is_plain_below(directory):
                yield Hazard(None, f"Names below {directory} could be read as something else.")
        self.wild.append("the listing")

    def _search(self, before: int, where: Directories) -> None:
        """What was touched since then may be read with all below it, or else where it runs."""
        named = [touch.path for touch in self.analysis.touches[before:]]
        self.analysis.searched += named or sorted(where or ())

    def give_up(self, problem: str) -> None:
        self.analysis.unseen = True
        if problem not in self.analysis.problems:
            self.analysis.problems.append(problem)

    def _add(self, part: Part) -> None:
        # A loop that is followed value by value may say the same again.
        if not self.values or part not in self.analysis.parts:
            self.analysis.parts.append(part)


def _is_run(fields: Sequence[Field], first: int, index: int) -> bool:
    """Whether a word names the program, or a script that the shell itself reads: no writing."""
    return index == first or fields[first].text in ("source", ".")


def _is_filled(fields: Sequence[Field]) -> bool:
    """Whether words are put in the place of `{}`, and not behind the others."""
    return any("{}" in (field.text or "") for field in fields)


def _is_mixed(fields: Sequence[Field]) -> bool:
    """Whether `{}` stands for more or less than one whole word that is no option's."""
    return any("{}" in (field.text or "") and field.text != "{}" for field in fields)


def _assigned(fields: Sequence[Field], start: int, end: int) -> Iterator[Hazard]:
    """What `env` sets for the command that begins at `end`."""
    words = [field.text for field in fields[end : end + 3]]
    for index in range(start, end):
        text = fields[index].text or ""
        if wrappers.ASSIGNMENT.match(text) and not environment.is_harmless(text, words):
            yield Hazard(index, f"It sets {text} for what runs.")
