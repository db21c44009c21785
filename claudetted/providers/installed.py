"""Owns finding a vendor's program: on a PATH, or where installers put it. Nothing is run."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_USUAL_PLACES = (
    ".local/bin",
    ".claude/local",
    ".npm-global/bin",
    ".nvm/versions/node/*/bin",
    ".volta/bin",
    ".bun/bin",
    ".asdf/shims",
    ".local/share/mise/shims",
    ".local/share/mise/installs/*/*/bin",
    ".local/share/fnm/node-versions/*/installation/bin",
    ".fnm/node-versions/*/installation/bin",
    ".nix-profile/bin",
    ".local/state/nix/profile/bin",
    ".local/share/pnpm",
    "Library/pnpm",
)
"""Under the home directory, where installers and version managers put it."""
SYSTEM_PLACES = (
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/run/current-system/sw/bin",
    "/nix/var/nix/profiles/default/bin",
    "/snap/bin",
)


def find(program: str, home: str, paths: Iterable[str]) -> list[str]:
    """Every one of the name that is on one of the PATHs or where an installer puts it, each file
    once. Those of the PATHs come first."""
    usual = (sorted(Path(home).glob(place)) for place in _USUAL_PLACES)
    directories = [
        *(directory for path in paths for directory in path.split(os.pathsep) if directory),
        *(os.fspath(directory) for found in usual for directory in found),
        *SYSTEM_PLACES,
    ]
    programs: dict[str, str] = {}
    for directory in dict.fromkeys(directories):
        if found := shutil.which(program, path=directory):
            programs.setdefault(os.path.realpath(found), found)
    return list(programs.values())
