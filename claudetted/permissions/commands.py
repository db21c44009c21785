"""Owns the analysis of a command: every part that would run, where, and what it touches."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from claudetted.permissions import paths, wrappers
from claudetted.permissions.feeding import lists_files
from claudetted.permissions.places import Places
from claudetted.permissions.scan import Hazard, Scan, scan
from claudetted.permissions.shell.model import (
    Field,
    Group,
    Node,
    Redirect,
    Script,
    Simple,
    all_problems,
)
from claudetted.permissions.shell.reading import read
from claudetted.permissions.views import simples, substituted, views

Directories = frozenset[str] | None
"""Where a part may run; None when that cannot be told."""

_DEEPEST = 6
_MOST_PARTS = 200
_MOST_WORDS = 400
_TOO_MANY = "It has more parts than are read."
_HARMLESS_FILES = frozenset(
    ("/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty")
)
_OWN_VARIABLE = re.compile(r"(?!\w*_proxy$|npm_config)[a-z_][a-z0-9_]*\+?=.*", re.DOTALL)
"""A variable of the script's own: nobody's environment is spelled like this."""


@dataclass(frozen=True)
class Touch:
    """A real path that a command names, and what it does there."""

    path: str
    access: Literal["read", "write", "either"]


@dataclass(frozen=True)
class Part:
    """One command that would run."""

    text: str
    fields: tuple[Field, ...]
    hazards: tuple[Hazard, ...]
    starts: tuple[int, ...] = (0,)
    """Where a rule may begin to match: at the first word, or behind a wrapper."""
    found: Scan = field(default_factory=Scan)
    free: bool = False
    """Nothing of its own runs: it needs no rule as long as it has no hazards."""
    views: tuple[tuple[Field, ...], ...] = ()
    """The command as a rule that denies may see it: behind wrappers, inside of scripts."""


@dataclass
class Analysis:
    """All that is known of a command line."""

    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    """Real paths below which all may be read."""
    unseen: bool = False
    """Something would run that cannot be seen here."""


def analyse(command: str, cwd: str, workspace: str, temp: str, places: Places) -> Analysis:
    """What a command line would do, started in a real directory."""
    analyst = _Analyst(workspace, temp, places)
    analyst.script(read(command), frozenset((cwd,)))
    return analyst.analysis


class _Analyst:
    def __init__(self, workspace: str, temp: str, places: Places) -> None:
        self.workspace = workspace
        self.temp = temp
        self.places = places
        self.analysis = Analysis()
        self.depth = 0
        self.fed: int | None = None
        """For a command that reads names of files that a listing has found: how many touches
        there were before the listing."""

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
                self._give_up(_TOO_MANY)
                return where, where
            return self._simple(node, where, fed), where
        if node.redirects:
            self._simple(Simple((), (), node.redirects, "redirection"), where, None)
        if node.kind in ("apart", "pipe"):
            before = len(self.analysis.touches)
            for index, item in enumerate(node.items):
                self.fed = before if node.kind == "pipe" and lists_files(node, index) else None
                self._walk(item, where)
            return where, where
        if node.kind in ("and", "or"):
            return self._either(node, where)
        if node.kind in ("loop", "function") and any(_moves(item) for item in node.items):
            where = None
        if node.kind == "maybe":
            where = self._branches(node.items, where)
        else:
            where = self._sequence(node.items, where)
        return where, where

    def _sequence(self, items: Iterable[Node], where: Directories) -> Directories:
        for item in items:
            where = _union(*self._walk(item, where))
        return where

    def _branches(self, items: Iterable[Node], where: Directories) -> Directories:
        for item in items:
            where = _union(where, *self._walk(item, where))
        return where

    def _either(self, node: Group, where: Directories) -> tuple[Directories, Directories]:
        good, bad = where, where
        for index, item in enumerate(node.items):
            if index == 0:
                good, bad = self._walk(item, where)
            elif node.kind == "and":
                good, failed = self._walk(item, good)
                bad = _union(bad, failed)
            else:
                succeeded, bad = self._walk(item, bad)
                good = _union(good, succeeded)
        return good, bad

    def _simple(self, simple: Simple, where: Directories, fed: int | None) -> Directories:
        for script in substituted(simple):
            self.script(script, where)
        known = self._known(where)
        hazards = [
            h for redirect in simple.redirects for h in self._redirect(redirect, known, where)
        ]
        fields: list[Field] = []
        for assignment in simple.assignments:
            value = assignment.value.field(known)
            name = assignment.source.partition("=")[0]
            text = None if value.text is None else f"{name}={value.text}"
            own = not simple.words and _OWN_VARIABLE.match(assignment.source)
            if not own:
                index = None if text is None else len(fields)
                hazards.append(Hazard(index, f"It sets {name.rstrip('+')} for what runs."))
            fields.append(Field(assignment.source, text))
        if len(simple.words) > _MOST_WORDS:
            self._give_up("It has more words than are read.")
            return None
        first = len(fields)
        fields += [word.field(known) for word in simple.words]
        if first == len(fields):
            self._add(Part(simple.text, tuple(fields), tuple(hazards), free=True))
            return where
        self.fed = fed
        return self._command(simple.text, tuple(fields), first, hazards, where)

    def _known(self, where: Directories) -> dict[str, str]:
        """Variables whose values are known."""
        known = {"HOME": self.places.home, "TMPDIR": self.temp}
        if where and len(where) == 1:
            known["PWD"] = next(iter(where))
        return known

    def _command(
        self,
        text: str,
        fields: tuple[Field, ...],
        first: int,
        hazards: list[Hazard],
        where: Directories,
        loose_braces: bool = False,
    ) -> Directories:
        """A command with words. `first` is its program, behind the assignments."""
        starts = [0]
        apart = False
        while (inner := wrappers.passed_on(fields, first)) is not None:
            apart |= fields[first].text not in wrappers.OF_THE_SHELL
            for index in range(first + 1, inner):
                if wrappers.ASSIGNMENT.match(fields[index].text or ""):
                    hazards.append(Hazard(index, f"It sets {fields[index].text} for what runs."))
            first = inner
            starts.append(first)
        script = wrappers.shell_script(fields, first)
        seen = tuple(views(fields, first, self._known(where)))
        if script is not None:
            self._add(Part(text, fields, tuple(hazards), tuple(starts), free=True, views=seen))
            self.script(read(script), where)
            return where
        commands: Sequence[tuple[Field, ...]] = ()
        if fields[first].text == "find" and (split := wrappers.found_commands(fields, first)):
            fields, commands = tuple(split[0]), split[1]
        deep = bool(commands)
        part = self._scanned(text, fields, first, starts, hazards, where, seen, loose_braces, deep)
        self._add(part)
        for command in commands:
            line = " ".join(word.source for word in command)
            loose = bool(part.hazards)
            self._command(line, command, 0, [], where, loose_braces=loose)
        moved = self._moved(fields, first, where)
        return _union(where, moved) if apart else moved

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
    ) -> Part:
        found = scan(fields, first)
        if found.fed:
            if self.fed is None:
                hazards.append(Hazard(None, "What it is fed with is only known when it runs."))
            else:
                self._search(self.fed, where)
        self.analysis.hosts += found.hosts
        self.analysis.unseen |= found.unseen
        access: Literal["read", "either"] = "read" if found.reads else "either"
        before = len(self.analysis.touches)
        for index, mention, glob in found.mentions:
            hazards.extend(self._mention(index, mention, glob, access, where))
        if found.deep or deep:
            self._search(before, where)
        for view in seen[1:]:
            for _, mention, glob in scan(view, 0).mentions:
                files = self._files(mention, glob, where) or ()
                self.analysis.touches += [Touch(path, "either") for path in files]
        if loose_braces and any("{}" in (word.text or "") for word in fields):
            hazards.append(Hazard(None, "It works on whatever is found outside the workspace."))
        outside = [d for d in where or () if not self._inside(d)]
        if where is None:
            hazards.append(Hazard(None, "It cannot be told in which directory it runs."))
        hazards += [
            Hazard(None, f"It runs in {d}, outside the workspace.", path=d) for d in outside
        ]
        together = (*found.hazards, *hazards)
        return Part(text, fields, together, tuple(starts), found, views=seen)

    def _mention(
        self,
        index: int,
        text: str,
        glob: bool,
        access: Literal["read", "either"],
        where: Directories,
    ) -> Iterator[Hazard]:
        """What a word names, if it names a file, is touched; outside it is a hazard."""
        real = self._files(text, glob, where)
        if real is None:
            yield Hazard(None, f"What {text} finds cannot be told.")
            return
        for path in real:
            self.analysis.touches.append(Touch(path, access))
            if path not in _HARMLESS_FILES and not self._inside(path):
                spelled = None if glob else index
                yield Hazard(spelled, f"{path} lies outside the workspace.", path=path)
            elif access == "either" and "/.git/" in path + "/":
                spelled = None if glob else index
                yield Hazard(spelled, f"{path} belongs to the repository itself.", path=path)

    def _redirect(
        self, redirect: Redirect, known: dict[str, str], where: Directories
    ) -> Iterator[Hazard]:
        if redirect.target is None:
            return
        target = redirect.target.field(known)
        reads = redirect.operator == "<"
        real = None
        if target.text is not None:
            real = self._files(target.text, False, where)
        if real is None:
            yield Hazard(None, f"Where {redirect.operator} {target.source} leads cannot be told.")
            return
        for path in real:
            if path in _HARMLESS_FILES:
                continue
            self.analysis.touches.append(Touch(path, "read" if reads else "write"))
            if not reads:
                yield Hazard(None, f"It writes {path}.", path=path, writes=True)
            elif not self._inside(path):
                yield Hazard(None, f"{path} lies outside the workspace.", path=path)

    def _files(self, text: str, glob: bool, where: Directories) -> list[str] | None:
        """The real paths that a word may mean; None when that cannot be told."""
        if text == "~" or text.startswith("~/"):
            text = self.places.home + text[1:]
        if where is None and not text.startswith("/"):
            return None
        bases = sorted(where or ("/",))
        absolute = [posixpath.join(paths.literal(d) if glob else d, text) for d in bases]
        real: list[str] = []
        for path in absolute:
            if not glob:
                real.append(path if path in _HARMLESS_FILES else self.places.disk.real(path))
                continue
            matches = self.places.disk.matches(path)
            if matches is None:
                return None
            real += [self.places.disk.real(paths.fixed_part(path)[0]), *matches]
        return real

    def _moved(self, fields: tuple[Field, ...], first: int, where: Directories) -> Directories:
        """Where the shell is after a command that succeeded."""
        name = fields[first].text
        if name in ("pushd", "popd"):
            return None
        if name != "cd":
            return where
        targets = [word.text for word in fields[first + 1 :] if word.text not in ("-P", "-L", "--")]
        target = targets[0] if len(targets) == 1 else None
        if target is None or target.startswith("-") or (target == "~+"):
            return None
        if where is None and not target.startswith(("/", "~")):
            return None
        logical = [posixpath.normpath(posixpath.join(d, target)) for d in where or ("/",)]
        real = self._files(target, False, where) or []
        return frozenset([*map(self.places.disk.real, logical), *real])

    def _search(self, before: int, where: Directories) -> None:
        """What was touched since then may be read with all below it, or else where it runs."""
        named = [touch.path for touch in self.analysis.touches[before:]]
        self.analysis.searched += named or sorted(where or ())

    def _inside(self, path: str) -> bool:
        return paths.inside(path, self.workspace, self.places)

    def _give_up(self, problem: str) -> None:
        self.analysis.unseen = True
        if problem not in self.analysis.problems:
            self.analysis.problems.append(problem)

    def _add(self, part: Part) -> None:
        self.analysis.parts.append(part)


def _moves(node: Node) -> bool:
    return any(
        word.source in ("cd", "pushd", "popd")
        for simple in simples((node,))
        for word in simple.words
    )


def _union(*states: Directories) -> Directories:
    together: frozenset[str] = frozenset()
    for state in states:
        if state is None:
            return None
        together |= state
    return together
