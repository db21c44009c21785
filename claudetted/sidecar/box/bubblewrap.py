"""Owns the words that make bubblewrap confine a command.

There is no PID namespace, because what a command leaves running goes on after it. An ordinary
user's command is in a user namespace of its own, so that it can trace nobody outside and reach no
`/proc/PID/root`; root's keeps a few capabilities, fewer than any process outside has, which comes
to the same.
"""

import os
import posixpath
from collections.abc import Iterator, Sequence

from claudetted.protocol.permissions import Confinement

_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
"""Without them root could not do what users can: files of others would be closed to it."""
_KERNEL = ("/proc/sys", "/proc/sysrq-trigger", "/sys")
"""Where root would change the machine itself."""


def words(program: str, held: Confinement, as_root: bool, own_users: bool) -> list[str]:
    """The command line up to the command. `own_users` makes root a user namespace, too."""
    line = [program, *_identity(as_root, own_users)]
    if not held.network:
        line.append("--unshare-net")
    if held.writable is None:
        line += [
            "--bind",
            "/",
            "/",
            *(("--dev", "/dev") if as_root else ("--dev-bind", "/dev", "/dev")),
        ]
    else:
        line += ["--ro-bind", "/", "/", "--dev", "/dev"]
    for path in _KERNEL if as_root else ():
        if held.writable is None and os.path.exists(path):
            line += ["--ro-bind", path, path]
    line += _mounts(held)
    return [*line, "--"]


def _identity(as_root: bool, own_users: bool) -> Iterator[str]:
    if own_users:
        yield "--unshare-user"
    if as_root:
        yield from ("--cap-drop", "ALL")
        for name in _CAPABILITIES:
            yield from ("--cap-add", f"CAP_{name}")


def _mounts(held: Confinement) -> list[str]:
    """Outer directories first, each path as its innermost word says."""
    hidden = [path for path in held.hidden if os.path.lexists(path)]
    plan: dict[str, tuple[str, ...]] = {}
    for path in held.writable or ():
        if not any(path == other for other in hidden) and not _inside_any(path, hidden, held.shown):
            plan[path] = ("--bind", path, path)
    for path in _pinned(held, hidden):
        plan.setdefault(path, ("--bind", path, path))
    closed: list[str] = []
    for path in held.readonly:
        if os.path.lexists(path):
            plan[path] = ("--ro-bind", path, path)
        else:
            # An empty directory takes its place, outside of the box too.
            plan[path] = ("--perms", "0755", "--tmpfs", path)
            closed += ["--remount-ro", path]
    for path in hidden:
        if _inside_any(path, [other for other in hidden if other != path], held.shown):
            plan.pop(path, None)
            continue
        if not os.path.isdir(path):
            plan[path] = ("--ro-bind", "/dev/null", path)
            continue
        opens = any(_below(shown, path) for shown in held.shown)
        plan[path] = ("--perms", "0500" if opens else "0000", "--tmpfs", path)
        closed += ["--remount-ro", path]
    for path in held.shown:
        if path in plan or any(_below(path, other) for other in hidden):
            way = "--bind" if _is_writable(path, held) else "--ro-bind"
            plan[path] = (way, path, path)
    ordered = sorted(plan, key=lambda path: (path.count("/") if path != "/" else 0, path))
    return [word for path in ordered for word in plan[path]] + closed


def _pinned(held: Confinement, hidden: Sequence[str]) -> Iterator[str]:
    """Directories on the way to what is hidden or readonly, inside of what is writable: a mount
    cannot be renamed, so nothing denied gets another path by renaming a directory above it."""
    roots = ["/"] if held.writable is None else held.writable
    for path in (*hidden, *held.readonly):
        above = posixpath.dirname(path)
        while above != "/" and any(_below(above, root) for root in roots):
            yield above
            above = posixpath.dirname(above)


def _is_writable(path: str, held: Confinement) -> bool:
    return held.writable is None or any(
        path == root or _below(path, root) for root in held.writable
    )


def _inside_any(path: str, others: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether a path is hidden with a directory above it, and not shown again in between."""
    return any(
        _below(path, other)
        and not any(
            _below(between, other) and (between == path or _below(path, between))
            for between in shown
        )
        for other in others
    )


def _below(path: str, top: str) -> bool:
    return path.startswith(top.rstrip("/") + "/")
