"""Owns asking Claude's own program how it is signed in. Its tokens are never looked at."""

import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from claudetted.sidecar.asking import said_by

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}
_USUAL_PLACES = (".local/bin/claude", ".claude/local/claude")
_NO_SUBSCRIPTION = frozenset({"none", "api_key", "api_key_helper", "third_party"})
"""Every other way to be signed in counts as one, also a way that is new."""


class _Status(msgspec.Struct, rename="camel"):
    logged_in: bool
    auth_method: str = "none"


def find(env: Mapping[str, str]) -> str | None:
    """On the user's own PATH, or where its installer puts it."""
    home = Path(env.get("HOME", "/"))
    usual = [os.fspath(home / place) for place in _USUAL_PLACES]
    found = shutil.which("claude", path=env.get("PATH", os.defpath))
    return found or next(filter(None, map(shutil.which, usual)), None)


def fingerprint(env: Mapping[str, str]) -> tuple[object, ...]:
    """Changes when the program does, or what it has stored of a sign-in. Contents are not read."""
    directory = _configuration(env)
    program = find(env)
    places = [directory / ".credentials.json", directory / "settings.json"]
    return program, *map(_stamp, [Path(program), *places] if program else places)


async def subscription(env: Mapping[str, str]) -> str | None:
    """In what way a subscription is signed in to; empty when none is; None when it cannot say."""
    program = find(env)
    if program is None:
        return ""
    argv = [program, "auth", "status", "--json"]
    try:
        said = await said_by(argv, _asked_with(env), PATIENCE_SECONDS)
        status = msgspec.json.decode(said, type=_Status)
    except (OSError, msgspec.MsgspecError) as error:
        logger.warning("%s does not tell how it is signed in: %s", program, error)
        return None
    method = status.auth_method.lower()
    return method if status.logged_in and method not in _NO_SUBSCRIPTION else ""


def has_stored_sign_in(env: Mapping[str, str]) -> bool:
    """Whether there is a file of credentials, for when the program cannot say."""
    return (_configuration(env) / ".credentials.json").exists()


def _configuration(env: Mapping[str, str]) -> Path:
    return Path(env.get("CLAUDE_CONFIG_DIR") or Path(env.get("HOME", "/")) / ".claude")


def _asked_with(env: Mapping[str, str]) -> dict[str, str]:
    """A key or a cloud in the environment would hide the sign-in that is stored."""
    kept = {
        name: value
        for name, value in env.items()
        if name == "CLAUDE_CONFIG_DIR" or not name.startswith(("ANTHROPIC_", "CLAUDE"))
    }
    return kept | _QUIET


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
