"""Owns what is found in whole directories: files that a rule is about, a workspace's repository."""

import os
from collections.abc import Sequence

from claudetted.permissions.places import Wanted

MOST_LOOKED_AT = 30_000
"""Names below a directory: more of them take too long for one call."""
_GIT_DIR = "gitdir: "


def below(top: str, wanted: Wanted, depth: int | None) -> Sequence[str] | None:
    """As `places.Disk` says."""
    found: list[str] = []
    left, waiting = MOST_LOOKED_AT, [(top, depth)]
    while waiting:
        directory, deeper = waiting.pop()
        for entry in _entries(directory):
            left -= 1
            if wanted(entry.path):
                found.append(entry.path)
            elif deeper != 1 and entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, deeper and deeper - 1))
        if left < 0:
            return None
    return found


def repository(workspace: str) -> Sequence[str]:
    """As `places.Disk` says."""
    link = os.path.join(workspace, ".git")
    named = _line(link)
    if not named.startswith(_GIT_DIR):
        return ()
    own = os.path.realpath(os.path.join(workspace, named.removeprefix(_GIT_DIR)))
    common, kind = os.path.split(os.path.dirname(own))
    # Whoever writes in the workspace writes `.git`: the repository has to name it in turn.
    if kind != "worktrees" or _line(os.path.join(own, "gitdir")) != link:
        return ()
    return (common,)


def _line(path: str) -> str:
    """The first line of a file; empty when there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline(4096).strip()
    except OSError:
        return ""


def _entries(directory: str) -> list[os.DirEntry[str]]:
    """Nothing of a directory that is not there, or that even its user cannot list."""
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []
