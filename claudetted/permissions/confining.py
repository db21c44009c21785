"""Owns what a command that runs unasked is held to: what its verdict took for granted."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from claudetted.permissions import caches, environment, paths
from claudetted.permissions.analysis import Part
from claudetted.permissions.hosts import host_covers
from claudetted.permissions.matching import Call, admitting, base_of, names, path_struck
from claudetted.permissions.places import temp_dir
from claudetted.protocol.permissions import Confinement
from claudetted.protocol.rules import Rule

MOST_HIDDEN = 400
OUTSIDE = frozenset(
    ("sudo", "su", "doas", "pkexec", "run0", "newgrp", "sg", "crontab", "at", "mount", "umount")
)
"""Programs that become another user, which nothing confined can."""

_STARTED_LATER = (
    ".git/hooks",
    ".git/config",
    ".git/config.worktree",
    ".husky",
    ".pi",
    ".claude",
    ".codex",
    ".mcp.json",
    ".vscode",
    ".envrc",
)
"""What other programs run by themselves, later and outside of the box: as Git's hooks and settings,
settings and extensions of agents, tasks of an editor."""
_GIT_READERS = frozenset(
    (
        *("status", "log", "diff", "show", "blame", "grep", "ls-files", "ls-tree", "rev-parse"),
        *("describe", "shortlog", "cat-file", "rev-list", "merge-base", "name-rev", "reflog"),
        *("for-each-ref", "show-ref", "check-ignore", "check-attr", "count-objects", "whatchanged"),
    )
)
_FETCHES = {
    "git": "clone fetch pull push ls-remote submodule remote lfs",
    "npm": "install i ci add update outdated audit view info publish exec",
    "pnpm": "install i add update outdated audit publish dlx exec",
    "yarn": "install add up upgrade outdated audit publish dlx",
    "bun": "install i add update outdated publish",
    "pip": "install download index",
    "pip3": "install download index",
    "uv": "sync add lock pip tool publish",
    "poetry": "install add update lock publish",
    "cargo": "add fetch install publish search update",
    "go": "get install mod",
    "gh": "",
    "ssh": "",
    "scp": "",
    "rsync": "",
    "docker": "",
    "podman": "",
}
"""Programs whose use is the network, and with which first words; all of them with none named."""


class CannotConfine(Exception):
    """The command cannot be held to its verdict here; the message says why, for a person."""


class _Kept(msgspec.Struct):
    """What is kept from the command."""

    hidden: set[str] = msgspec.field(default_factory=set)
    shown: set[str] = msgspec.field(default_factory=set)
    readonly: set[str] = msgspec.field(default_factory=set)


def confinement(call: Call, everything: bool, confined: bool) -> Confinement:
    """What holds a command that is allowed. Raises CannotConfine.

    `everything`: the rule or the level lets it do anything, so only what is denied and what could
    answer for the user is kept from it. `confined`: it is the level's box.
    """
    if outside := next((n for n in map(_name, call.analysis.parts) if n in OUTSIDE), ""):
        raise CannotConfine(f"{outside} cannot work in a box: it runs outside or not at all.")
    kept = _kept(call)
    if everything:
        return _made(kept, None, network=True)
    kept.hidden.update(filter(call.places.disk.exists, _sockets(call)))
    writable = {temp_dir(call.chat_dir), *_written(call)}
    if confined or not all(map(_only_reads, call.analysis.parts)):
        writable.update(_workshop(call))
    if confined:
        kept.readonly.update(_started_later(call))
    held = _made(kept, writable, network=_fetches(call, by_rule=not confined))
    return held if confined else replace(held, environment=settings(call))


def settings(call: Call) -> dict[str, str]:
    """What a command finds in its environment, boxed or not, where rules for commands allow it."""
    gits = [part for part in call.analysis.parts if _name(part) == "git"]
    return environment.for_git(all(map(_only_reads, gits))) if gits else {}


def _made(kept: _Kept, writable: set[str] | None, network: bool) -> Confinement:
    if len(kept.hidden) + len(kept.readonly) > MOST_HIDDEN:
        raise CannotConfine("More files are denied to it than can be kept from it.")
    return Confinement(
        boxed=True,
        writable=None if writable is None else sorted(writable),
        readonly=sorted(kept.readonly),
        hidden=sorted(kept.hidden),
        shown=sorted(kept.shown),
        network=network,
    )


def _kept(call: Call) -> _Kept:
    """From the deny rules, and our own configuration."""
    kept = _Kept()
    if call.places.config_dir and call.places.disk.exists(call.places.config_dir):
        kept.hidden.add(call.places.config_dir)
    for rule in call.speaking("deny"):
        if rule.match != "path" or rule.tool == "@fetch":
            continue
        into = kept.hidden if rule.tool == "@read" or names(rule, call.request) else kept.readonly
        into.update(_covered(rule, call))
        kept.shown.update(_excepted(rule, call))
    return kept


def _covered(rule: Rule, call: Call) -> Iterator[str]:
    """The real paths that a rule is about and that are there, the topmost only."""
    disk, places = call.places.disk, call.places
    pattern = paths.anchored(rule.pattern, base_of(rule, call.workspace), places)
    top, rest = paths.fixed_part(pattern.removesuffix("/**") or "/")
    if not rest and not any(map(_is_many, rule.unless)):
        real = disk.real(top)
        if disk.exists(real):
            yield real
        return
    deep = "**" in rest or pattern.endswith("/**")
    depth = None if deep else rest.count("/")
    found = disk.below(disk.real(top), lambda path: path_struck(rule, path, call), depth)
    if found is None:
        raise CannotConfine(f"There are too many files to keep those from it of: {rule.text}")
    yield from map(disk.real, found)


def _is_many(glob: str) -> bool:
    """Whether it is about more than one file, or one directory with all below it."""
    return paths.is_pattern(glob.removesuffix("/**"))


def _excepted(rule: Rule, call: Call) -> Iterator[str]:
    base = base_of(rule, call.workspace)
    for glob in rule.unless:
        if not _is_many(glob):
            real = paths.start_of(glob, base, call.places)
            if call.places.disk.exists(real):
                yield real


def _sockets(call: Call) -> Iterator[str]:
    """But for those of a program that a rule has allowed."""
    runs_docker = any(_name(part) in ("docker", "podman") for part in call.analysis.parts)
    for path in call.places.sockets:
        if paths.inside(call.workspace, path, call.places):
            continue
        if not (runs_docker and ("docker" in path or "podman" in path)):
            yield path


def _written(call: Call) -> Iterator[str]:
    """Where a rule lets the command write, beside the workspace: the directory of each file."""
    disk = call.places.disk
    for touch in call.analysis.touches:
        if touch.access == "write":
            directory = touch.path.rpartition("/")[0] or "/"
            while directory != "/" and not disk.exists(directory):
                directory = directory.rpartition("/")[0] or "/"
            yield directory


def _workshop(call: Call) -> Iterator[str]:
    """Where a command of the chat's works: workspace, its repository, caches of its programs."""
    yield call.workspace
    yield from call.places.disk.repository(call.workspace)
    for part in call.analysis.parts:
        for path in caches.of(_name(part), call.places.home):
            if call.places.disk.exists(path):
                yield call.places.disk.real(path)


def _started_later(call: Call) -> Iterator[str]:
    """What is there of it. A repository's hooks are kept also while there are none."""
    disk = call.places.disk
    repositories = [f"{call.workspace}/.git", *disk.repository(call.workspace)]
    within = (f"{call.workspace}/{name}" for name in _STARTED_LATER)
    shared = (f"{top}/{name}" for top in repositories for name in ("hooks", "config"))
    for path in dict.fromkeys((*within, *shared)):
        bare = path.endswith("/hooks") and disk.exists(path.removesuffix("hooks") + "config")
        if (bare or disk.exists(path)) and not admitting(path, call):
            yield disk.real(path)


def _only_reads(part: Part) -> bool:
    beyond = (h for h in part.hazards if h.index is None or h.index >= part.found.named)
    if any(not hazard.path for hazard in beyond):
        return False
    if part.free or part.found.reads:
        return True
    return _name(part) == "git" and _first_operand(part) in _GIT_READERS


def _fetches(call: Call, by_rule: bool) -> bool:
    """Whether rules let the command reach the network: hosts it names, or what its program is for.

    The kernel knows no hosts: a rule for one opens the network to the command that names it.
    """
    rules = [rule.pattern for rule in call.speaking("allow") if rule.match == "host"]
    hosts = call.analysis.hosts
    allowed = all(any(host_covers(pattern, host) for pattern in rules) for host in hosts)
    if hosts and (by_rule or allowed):
        return True
    return by_rule and any(_is_for_network(part) for part in call.analysis.parts)


def _is_for_network(part: Part) -> bool:
    words = _FETCHES.get(_name(part))
    return words is not None and (not words or _first_operand(part) in words.split())


def _name(part: Part) -> str:
    start = part.starts[-1]
    text = part.fields[start].text if start < len(part.fields) else None
    return (text or "").rsplit("/", 1)[-1]


def _first_operand(part: Part) -> str:
    words = [word.text or "" for word in part.fields[part.starts[-1] + 1 :]]
    return next((word for word in words if not word.startswith("-")), "")
