"""Owns the little world in which the lines run, and what may happen in it."""

import os
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

from claudetted.permissions import engine
from claudetted.permissions.analysis import Analysis, Part
from claudetted.permissions.disk import RealDisk
from claudetted.permissions.places import Places
from claudetted.permissions.rules import parse
from claudetted.permissions.shell.model import Field
from claudetted.protocol.permissions import Request
from tests.fuzz import recorder
from tests.fuzz.lines import OUTSIDE
from tests.fuzz.recorder import Event, Record

RULES = (
    *("git status", "git log", "git diff", "make test", "rg", "cat", "head", "tail", "wc", "grep"),
    *("find", "sort", "uniq", "ls", "sed", "awk", "echo", "printf", "'['", "'[['", "test", "mkdir"),
    *("touch", "xargs wc", "xargs cat", "true", "false", ":"),
)
PATHS = ("allow @write path out/**", "deny * path secrets/**")
_STUBS = "git make rg frob jq npm pytest"
_MAKERS = frozenset(("mkdir", "touch"))
SECONDS = 2.0


class Box:
    """A home with a workspace, things outside of it, and programs that do nothing."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.home = self.root / "home"
        self.work = self.home / "work"
        self.outside = self.root / "outside"
        self.stubs = self.root / "stubs"
        self.chat_dir = self.root / "data" / "chats" / "c"
        self.temp = self.chat_dir / "tmp"
        self._shell: tuple[str, ...] = ()
        self._dirty = True
        self._make_surroundings()
        self._opened = recorder.Opened()
        self._opened.watch(str(self.outside))
        self._opened.watch(str(self.home))
        self._rules = [*(parse(f"allow bash command {rule}") for rule in RULES), *map(parse, PATHS)]

    def close(self) -> None:
        self._opened.close()

    def _make_surroundings(self) -> None:
        for directory in (self.home, self.outside, self.stubs, self.temp):
            directory.mkdir(parents=True)
        (self.outside / "key").write_text("secret\n")
        true = shutil.which("true") or "/bin/true"
        for name in _STUBS.split():
            (self.stubs / name).symlink_to(true)

    def fresh(self) -> None:
        """The workspace as it was at first, if a line changed it."""
        if not self._dirty:
            return
        shutil.rmtree(self.work, ignore_errors=True)
        for name in ("src/deep", "secrets", "out", "d", "sp ace/sub"):
            (self.work / name).mkdir(parents=True)
        files = (
            "a.txt b.txt list src/a.py src/b.py src/deep/c.py secrets/key d/-delete d/a.txt d/-o"
        )
        for name in (*files.split(), "[ab]x", ".hid", "1e frob", "sp ace/f", "s", "1e"):
            (self.work / name).write_text(f"{self.outside}/key\nx y\n")
        (self.work / "to-secret").symlink_to("secrets/key")
        (self.work / "to-out").symlink_to(self.outside)
        self._opened.watch(str(self.work / "secrets"))
        self._dirty = False

    @cached_property
    def _places(self) -> Places:
        root = str(self.root)
        return Places(str(self.home), root + "/data", root + "/run", RealDisk())

    def analysis(self, line: str, cwd: str) -> Analysis | None:
        """What was read, of a line that runs unasked."""
        request = Request("bash", "run", "digest", command=line, cwd=cwd)
        call = engine.call_of(
            request, str(self.work), str(self.chat_dir), self._rules, self._places
        )
        verdict = engine.judge_call(call, "standard")
        return call.analysis if verdict.effect == "allow" else None

    def places_of(self, line: str) -> str:
        return line.replace(OUTSIDE, str(self.outside))

    def run(self, line: str, cwd: str, analysis: Analysis) -> Record:
        """Runs a line until it does what was not read in it."""
        env = {
            "PATH": f"{self.stubs}:/usr/bin:/bin",
            "HOME": str(self.home),
            "TMPDIR": str(self.temp),
            "LC_ALL": "C.UTF-8",
            "x": "a.txt",
        }
        bash = shutil.which("bash") or "/bin/bash"
        argv = [bash, "--norc", "--noprofile", "-c", line]
        self._shell = tuple(argv)
        self._opened.look()
        record = recorder.run(argv, cwd, env, lambda event: self._refused(event, analysis), SECONDS)
        self._note_changes(record)
        if any(map(self._is_kept, self._opened.look())) and not record.refused:
            # Or another process of the machine did: the line itself is followed into every open.
            self.fresh()
            record = recorder.run(argv, cwd, env, self._refused_open, 4 * SECONDS, every_open=True)
            self._note_changes(record)
        return record

    def _note_changes(self, record: Record) -> None:
        changing = (event for event in record.events if event.what not in ("read", "look"))
        self._dirty |= any(event.path.startswith(f"{self.work}/") for event in changing)

    def _refused_open(self, event: Event) -> str | None:
        return f"opens {event.path}" if event.what == "read" and self._is_kept(event.path) else None

    def _refused(self, event: Event, analysis: Analysis) -> str | None:
        """Why an event is more than was read."""
        if event.argv == self._shell:
            return None
        if event.what == "exec":
            return None if self._was_read(event, analysis) else f"runs {event.argv}"
        if event.what in ("read", "look"):
            return None
        if event.what in ("write", "make", "touch", "remove") and self._may_write(event):
            return None
        if event.what == "make" and f"{self.work}/".startswith(f"{event.path}/"):
            # It is there: `mkdir -p` begins at the top.
            return None
        return f"{event.program}: {event.what} {event.path}"

    def _is_kept(self, path: str) -> bool:
        """Whether nobody may open it: outside the workspace, or denied. What lies in the home
        directory beside it is looked for by programs themselves, and names may be listed."""
        kept = (str(self.outside), f"{self.outside}/key", str(self.home))
        return path in kept or path.startswith(f"{self.work}/secrets/")

    def _may_write(self, event: Event) -> bool:
        if event.path == f"{self.work}/out":
            # Nobody can write a directory.
            return True
        free = (f"{self.temp}/", f"{self.work}/out/", "/dev/null", "/dev/tty", "/dev/std", "/proc/")
        if event.path.startswith(free) and ".." not in event.path:
            return True
        secret = event.path.startswith(f"{self.work}/secrets")
        inside = f"{event.path}/".startswith(f"{self.work}/")
        return event.program in _MAKERS and inside and not secret

    def _was_read(self, event: Event, analysis: Analysis) -> bool:
        if os.path.basename(event.path) != os.path.basename(event.argv[0] if event.argv else ""):
            return False
        # The word `-exec` may be a value of another option, and is then no command's beginning.
        seen = list(event.argv), list(_without_commands(event.argv))
        return any(_is_part(part, argv) for part in analysis.parts for argv in seen)


def _without_commands(argv: Sequence[str]) -> Iterator[str]:
    """A `find` without what it runs, which is a part of its own."""
    inside = False
    for index, word in enumerate(argv):
        if argv[0] == "find" and word == "-exec":
            inside = True
        elif not inside:
            yield word
        elif word == ";" or (word == "+" and argv[index - 1] == "{}"):
            inside = False


def _is_part(part: Part, argv: Sequence[str]) -> bool:
    """From any word on behind which another command may begin, `xargs` adding what it is fed."""
    fed = any(field.text == "xargs" for field in part.fields)
    starts = range(len(part.fields)) if fed else part.starts
    return any(_fits(part.fields[start:], argv, fed) for start in starts)


def _fits(fields: Sequence[Field], argv: Sequence[str], fed: bool) -> bool:
    """Whether words are what fields may become."""
    if not fields:
        return fed or not argv
    first = fields[0]
    if first.text is None and not first.single:
        return any(_fits(fields[1:], argv[taken:], fed) for taken in range(len(argv) + 1))
    if not argv:
        return False
    same = first.text is None or first.text == argv[0] or "{}" in first.text
    many = first.text == "{}" and len(argv) > 1 and _fits(fields, argv[1:], fed)
    return (same and _fits(fields[1:], argv[1:], fed)) or many
