"""Owns the names of a workspace's files, for completion: found once, searched at every Tab."""

from __future__ import annotations

import os
import subprocess

from claudette_cli.attach import job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 200_000
_SKIPPED = {".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"}


def find(workspace: str) -> list[str]:
    """The files below it, as git sees them: what it ignores is left out. Without a repository
    all of them, but for what is never meant."""
    words = ["git", "-C", workspace, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        with job.start(words, errors=subprocess.DEVNULL) as git:
            told, _ = git.communicate()
    except OSError:
        return list(_walked(workspace))
    if git.returncode:
        return list(_walked(workspace))
    names = told.decode(errors="surrogateescape").split("\0")
    return [name for name in dict.fromkeys(names) if name and name.isprintable()][:MOST]


def _walked(workspace: str) -> Iterator[str]:
    count = 0
    for parent, directories, names in os.walk(workspace):
        directories[:] = sorted(one for one in directories if one not in _SKIPPED)
        for name in sorted(names):
            count += 1
            if count > MOST:
                return
            path = os.path.relpath(os.path.join(parent, name), workspace)
            if path.isprintable():
                yield path


def matching(names: list[str], word: str, most: int) -> list[str]:
    """Those that begin so, then those whose own name does, then those that contain it. Pure."""
    wanted = word.lower()
    begin: list[str] = []
    named: list[str] = []
    inside: list[str] = []
    for name in names:
        lower = name.lower()
        if wanted not in lower:
            continue
        if lower.startswith(wanted):
            begin.append(name)
        elif lower.startswith(wanted, lower.rfind("/") + 1):
            named.append(name)
        else:
            inside.append(name)
        if len(begin) >= most:
            break
    return [*begin, *named, *inside][:most]
