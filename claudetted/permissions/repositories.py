"""Owns what a repository's own settings and hooks could start when git works in it.

What a setting of the environment switches off is in `environment.py`. Names of drivers and filters
cannot be known there: the settings are read, and only those listed here are harmless.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator

from claudetted.permissions import paths
from claudetted.permissions.hazards import Hazard
from claudetted.permissions.places import Disk

_HEADER = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\](.*)')
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?")
_BLANK = re.compile(r"\s*(?:[#;].*)?")
_IGNORE = re.compile(r"(?mi)^\s*ignore\s*=")
_HARMLESS = {
    "core": "repositoryformatversion filemode bare logallrefupdates ignorecase precomposeunicode "
    "symlinks autocrlf eol safecrlf quotepath untrackedcache sparsecheckout sparsecheckoutcone "
    "longpaths abbrev compression preloadindex whitespace sharedrepository commentchar checkstat "
    "protecthfs protectntfs trustctime splitindex bigfilethreshold multipackindex commitgraph "
    "fsmonitor pager alternaterefscommand",
    "remote": "url fetch push pushurl tagopt prune prunetags promisor partialclonefilter mirror "
    "skipfetchall gh-resolved followremotehead",
    "branch": "remote merge rebase description pushremote vscode-merge-base gh-merge-base "
    "github-pr-owner-number autosetupmerge autosetuprebase sort",
    "submodule": "url active branch recurse fetchrecursesubmodules",
    "user": "name email signingkey useconfigonly",
    "extensions": "objectformat partialclone refstorage noop",
    "init": "defaultbranch",
    "pull": "rebase ff",
    "push": "default autosetupremote followtags recursesubmodules",
    "fetch": "prune prunetags parallel recursesubmodules writecommitgraph",
    "merge": "ff conflictstyle renames renamelimit",
    "rebase": "autosquash autostash updaterefs",
    "diff": "algorithm renames renamelimit colormoved mnemonicprefix noprefix submodule "
    "ignoresubmodules context trustexitcode",
    "log": "date decorate follow abbrevcommit showsignature",
    "status": "short branch showuntrackedfiles submodulesummary",
    "gc": "auto autodetach",
    "gpg": "format",
    "maintenance": "auto strategy",
    "rerere": "enabled autoupdate",
    "lfs": "repositoryformatversion access locksverify",
    "color": "ui diff status branch interactive grep",
    "index": "version threads",
    "pack": "threads windowmemory",
    "advice": "detachedhead statushints",
    "safe": "barerepository",
}
"""Settings that start nothing, and those that the environment of the command switches off."""


def hazards(where: Iterable[str], only_reads: bool, disk: Disk) -> Iterator[Hazard]:
    """What git could start where it runs. A rule that allows the file of a hazard lifts it."""
    for directory in where:
        repository = _repository(directory, disk)
        if repository is None:
            continue
        top, files = repository
        yield from _settings(f"{files}/config", disk)
        if _IGNORE.search(disk.text(f"{top}/.gitmodules") or ""):
            path = f"{top}/.gitmodules"
            yield Hazard(None, f"{path} says to look into submodules.", path=path)
        if not only_reads:
            yield from _hooks(f"{files}/hooks", disk)


def _settings(path: str, disk: Disk) -> Iterator[Hazard]:
    text = disk.text(path)
    if text is None:
        yield Hazard(None, f"{path} cannot be read, or is very long.", path=path)
    for name in _unknown(text or ""):
        yield Hazard(None, f"{path} sets {name}, which could start a program.", path=path)


def _hooks(directory: str, disk: Disk) -> Iterator[Hazard]:
    found = disk.matches(paths.literal(directory) + "/*")
    if found is None:
        yield Hazard(None, f"There are too many files in {directory} to look at.", path=directory)
    for path in found or ():
        if not path.endswith(".sample"):
            why = f"It may start the hook {path}; a rule that allows bash this path lets it."
            yield Hazard(None, why, path=path)


def _repository(directory: str, disk: Disk) -> tuple[str, str] | None:
    """The top of the working tree and the directory of git's own files; None outside of any."""
    at = directory
    while True:
        own = f"{at.rstrip('/')}/.git"
        if pointer := disk.text(own):
            own = posixpath.join(at, pointer.removeprefix("gitdir:").strip())
        if disk.text(f"{own}/HEAD") is not None or disk.text(f"{own}/config") is not None:
            shared = disk.text(f"{own}/commondir")
            return at, posixpath.normpath(posixpath.join(own, shared.strip())) if shared else own
        if at == "/":
            return None
        at = posixpath.dirname(at)


def _unknown(text: str) -> Iterator[str]:
    """Settings in a file of git's that are not known to be harmless, and lines that are none."""
    section = ""
    for line in text.split("\n"):
        if header := _HEADER.fullmatch(line):
            section = header.group(1).lower()
            line = header.group(3)
        if _BLANK.fullmatch(line):
            continue
        key = _KEY.fullmatch(line)
        name = key.group(1).lower() if key else line.strip()
        value = (key.group(2) or "") if key else ""
        harmless = key and name in _HARMLESS.get(section, "").split() and "::" not in value
        if not harmless or value.endswith("\\"):
            yield f"{section}.{name}"
