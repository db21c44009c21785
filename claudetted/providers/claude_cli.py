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
_USUAL_PLACES = (
    ".local/bin/claude",
    ".claude/local/claude",
    ".npm-global/bin/claude",
    ".nvm/versions/node/*/bin/claude",
    ".volta/bin/claude",
    ".bun/bin/claude",
    ".local/share/pnpm/claude",
)
"""Where installers put it. What a shell adds to PATH for its prompt alone is not on ours."""
_NO_SUBSCRIPTION = frozenset({"none", "api_key", "api_key_helper", "third_party"})
"""Every other way to be signed in counts as one, also a way that is new."""


class _Status(msgspec.Struct, rename="camel"):
    logged_in: bool
    auth_method: str = "none"


def find(env: Mapping[str, str]) -> str | None:
    """On the user's own PATH, or where its installer puts it."""
    if found := shutil.which("claude", path=env.get("PATH", os.defpath)):
        return found
    home = Path(env.get("HOME", "/"))
    usual = (os.fspath(path) for place in _USUAL_PLACES for path in sorted(home.glob(place)))
    return next(filter(None, map(shutil.which, usual)), None)


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
        said = await said_by(argv, _asked_with(env, program), PATIENCE_SECONDS)
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


def _asked_with(env: Mapping[str, str], program: str) -> dict[str, str]:
    """A key or a cloud in the environment would hide the sign-in that is stored. What runs the
    program may be beside it alone."""
    kept = {
        name: value
        for name, value in env.items()
        if name == "CLAUDE_CONFIG_DIR" or not name.startswith(("ANTHROPIC_", "CLAUDE"))
    }
    path = os.pathsep.join([env.get("PATH", os.defpath), os.path.dirname(program)])
    return {**kept, **_QUIET, "PATH": path}


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
