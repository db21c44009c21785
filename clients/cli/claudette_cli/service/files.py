"""Owns the texts of the service files: where they come from, and what they say of this machine."""

from __future__ import annotations

import os
import plistlib
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import escape

import claudetted
from claudette_cli.exits import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = "%h/.local/bin/"
_SHELL_PLACE = '"$HOME/.local/bin/'
_PINNED = (
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "PI_CODING_AGENT_DIR",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
)
"""Directories that a shell may move and a service manager knows nothing of."""
_INSTANCE = ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR")


def refuse_other_instances() -> None:
    """The service is one a user, for the usual data directory."""
    if name := names_other_instance():
        raise Failure(
            f"The service is for your usual data directory, and {name} names another one: "
            f"unset it, or run the daemon of that directory yourself."
        )


def names_other_instance() -> str:
    """The variable that names another instance than the service's, if there is one."""
    return next((name for name in _INSTANCE if os.environ.get(name)), "")


def programs() -> Path:
    """The directory with `claudetted` and `claudetted-keeper` of this installation."""
    place = Path(sys.executable).parent
    for name in ("claudetted", "claudetted-keeper"):
        if not (place / name).is_file():
            raise Failure(
                f"{place / name} is missing: install claudetted with pipx, uv tool or pip, which "
                "bring it, and run this command of that installation."
            )
    return place


def pinned(environ: Mapping[str, str]) -> dict[str, str]:
    """What the service needs of this environment to find the same directories as this shell."""
    return {name: environ[name] for name in _PINNED if environ.get(name)}


def template(manager: str, name: str) -> str:
    """The file as it is shipped; `manager` is systemd or launchd."""
    beside = Path(claudetted.__file__).parents[1] / manager / name
    shipped = Path(sys.prefix) / "share/claudetted" / manager / name
    for path in (beside, shipped):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise Failure(f"{shipped} is missing; install claudetted again.")


def write(path: Path, text: str) -> None:
    """Whole or not at all: a unit cut short by a full disk would be read as one."""
    draft = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as fault:
        with suppress(OSError):
            draft.unlink()
        raise Failure(f"{path} cannot be written: {fault.strerror}.") from None


def remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as fault:
        raise Failure(f"{path} cannot be removed: {fault.strerror}.") from None


def unit(text: str, place: Path, variables: Mapping[str, str]) -> str:
    """A systemd unit for this installation. Pure."""
    lines = []
    for line in text.splitlines():
        command = f"ExecStart={_PLACE}"
        if line.startswith(command):
            lines.append(f"ExecStart={_quoted(f'{place}/{line.removeprefix(command)}')}")
            lines += [
                f"Environment={_quoted(f'{key}={value}')}" for key, value in variables.items()
            ]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """As systemd reads a word: percent signs double, and no variable is put in."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{safe}"' if safe != word or " " in word or "'" in word else word


def plist(text: str, place: Path, variables: Mapping[str, str]) -> str:
    """A launchd job for this installation. Pure."""
    lines = []
    for line in text.splitlines():
        if _SHELL_PLACE in line:
            name = line.partition(_SHELL_PLACE)[2].partition('"')[0]
            lines.append(f"    <string>exec {escape(shlex.quote(f'{place}/{name}'))}</string>")
        elif line == "  <key>RunAtLoad</key>" and variables:
            lines += ["  <key>EnvironmentVariables</key>", "  <dict>"]
            for key, value in variables.items():
                lines += [f"    <key>{key}</key>", f"    <string>{escape(value)}</string>"]
            lines += ["  </dict>", line]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def differences(installed: str, wanted: str) -> list[str]:
    """What an installed file says otherwise than it would if it were written now. Pure."""
    has, should = _said(installed), _said(wanted)
    gone = [line for line in should if line not in has]
    extra = [line for line in has if line not in should]
    return [*(f"lacks {line}" for line in gone), *(f"has {line}" for line in extra)]


def _said(text: str) -> list[str]:
    """Its lines without comments; those of a job one a key."""
    if text.startswith("<?xml"):
        return [f"{key} = {value}" for key, value in plistlib.loads(text.encode()).items()]
    return [line.strip() for line in text.splitlines() if line.strip() and line[0] not in "#;"]
