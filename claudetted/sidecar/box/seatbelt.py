"""Owns the profile with which a Mac's `sandbox-exec` confines a command.

The last rule that matches an operation decides, so what is hidden comes after what is allowed.
"""

import json

from claudetted.protocol.permissions import Confinement

PROGRAM = "/usr/bin/sandbox-exec"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx")


def words(held: Confinement) -> list[str]:
    """The command line up to the command."""
    return [PROGRAM, "-p", profile(held), "--"]


def profile(held: Confinement) -> str:
    """What the command may do, in the language of the system's sandbox."""
    lines = ["(version 1)", "(allow default)"]
    if held.writable is not None:
        lines.append("(deny file-write*)")
        lines += [f"(allow file-write* {_below(path)})" for path in held.writable]
        lines += [f"(allow file-write* (literal {_quoted(path)}))" for path in _DEVICES]
        lines.append('(allow file-write* (regex #"^/dev/ttys[0-9]+$"))')
    lines += [f"(deny file-write* {_below(path)})" for path in held.readonly]
    if not held.network:
        lines += ["(deny network*)", "(allow network* (local unix))"]
    for path in held.hidden:
        lines.append(f"(deny file-read* file-write* {_below(path)})")
        lines.append(f"(deny network-outbound (remote unix-socket {_below(path)}))")
    lines += [f"(allow file-read* file-write* {_below(path)})" for path in held.shown]
    # Nothing denied gets another path by renaming a directory above it.
    lines += [
        f"(deny file-write-unlink (literal {_quoted(above)}))"
        for above in sorted({up for path in (*held.hidden, *held.readonly) for up in _above(path)})
    ]
    lines.append("(deny mach-priv-task-port)")
    return "\n".join(lines)


def _above(path: str) -> list[str]:
    parts = path.split("/")[1:-1]
    return ["/" + "/".join(parts[: n + 1]) for n in range(len(parts))]


def _below(path: str) -> str:
    return f"(subpath {_quoted(path)})"


def _quoted(path: str) -> str:
    return json.dumps(path, ensure_ascii=False)
