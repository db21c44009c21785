"""A small world for the engine's tests: a home, a workspace, and a disk that only has links."""

import fnmatch
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from claudetted.permissions.engine import judge
from claudetted.permissions.places import Places, Wanted
from claudetted.permissions.rules import parse
from claudetted.permissions.verdict import Verdict
from claudetted.protocol.permissions import Access, Level, Request
from claudetted.protocol.rules import Rule

HOME = "/home/u"
WORKSPACE = "/home/u/work"
DATA = "/home/u/.local/share/claudetted"
RUNTIME = "/run/user/1000/claudetted"
CHAT_DIR = DATA + "/chats/c1"
DOCS = DATA + "/harness/ab12/docs"


@dataclass
class Links:
    """A disk as the engine sees it: symlinks, and the names a pattern finds."""

    links: dict[str, str] = field(default_factory=dict)
    names: dict[str, Sequence[str] | None] = field(default_factory=dict)
    plain: bool = True
    texts: dict[str, str] = field(default_factory=dict)

    def real(self, path: str) -> str:
        done = ""
        for part in path.split("/"):
            if part == "..":
                done = posixpath.dirname(done)
            elif part not in ("", "."):
                done = f"{done.rstrip('/')}/{part}"
                done = self.links.get(done, done)
        return done or "/"

    def is_link(self, path: str) -> bool:
        return path in self.links

    def matches(self, pattern: str) -> Sequence[str] | None:
        if pattern in self.names:
            return self.names[pattern]
        found = [link for link in self.links if fnmatch.fnmatchcase(link, pattern)]
        return [self.real(link) for link in found]

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def is_plain_below(self, directory: str) -> bool:
        return self.plain

    def exists(self, path: str) -> bool:
        return path in self.links

    def below(self, top: str, wanted: Wanted, depth: int | None) -> Sequence[str] | None:
        return [link for link in self.links if link.startswith(f"{top}/") and wanted(link)]

    def repository(self, workspace: str) -> Sequence[str]:
        return ()


DISK = Links(
    {
        WORKSPACE + "/out": "/etc",
        WORKSPACE + "/key": HOME + "/.ssh/id_ed25519",
        WORKSPACE + "/in": WORKSPACE + "/src",
    },
    {WORKSPACE + "/src/": [WORKSPACE + "/src"]},
)
PLACES = Places(HOME, DATA, RUNTIME, DISK, (DOCS,))


def asking(
    tool: str, access: Access, *paths: str, hosts: Sequence[str] = (), text: str = ""
) -> Request:
    return Request(tool, access, "digest", paths=list(paths), hosts=list(hosts), input=text)


def running(command: str, cwd: str = WORKSPACE, tool: str = "bash") -> Request:
    return Request(tool, "run", "digest", command=command, cwd=cwd)


def verdict(
    request: Request,
    *rules: Rule | str,
    level: Level = "standard",
    workspace: str = WORKSPACE,
    places: Places = PLACES,
) -> Verdict:
    drafts = [_parsed(rule) if isinstance(rule, str) else rule for rule in rules]
    return judge(
        request,
        level=level,
        workspace=workspace,
        chat_dir=CHAT_DIR,
        rules=drafts,
        places=places,
    )


_parsed = lru_cache(maxsize=1024)(parse)
"""Most tests judge by the same rules, time and again."""
