"""Owns asking Claude's own program how it is signed in. Its tokens are never looked at."""

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from claudetted.providers.claude import QUIET
from claudetted.sidecar.capture import said_by

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
CREDENTIALS = ".credentials.json"
_NO_SUBSCRIPTION = frozenset({"none", "api_key", "api_key_helper", "third_party"})
"""Every other way to be signed in counts as one, also a way that is new."""


class _Status(msgspec.Struct, rename="camel"):
    logged_in: bool
    auth_method: str = "none"


class Silent(Exception):
    """A program that is there and does not say how it is signed in; `program` is its path."""

    def __init__(self, program: str) -> None:
        super().__init__(program)
        self.program = program


def fingerprint(programs: Iterable[str], configurations: Iterable[str]) -> tuple[object, ...]:
    """Changes when a program does, or what one has stored of a sign-in. Contents are not read."""
    stored = [
        Path(directory) / name
        for directory in configurations
        for name in (CREDENTIALS, "settings.json")
    ]
    return tuple((str(path), *_stamp(path)) for path in [*map(Path, programs), *stored])


async def subscription(program: str, env: Mapping[str, str]) -> str:
    """In what way the program is signed in to a subscription; empty when it is to none. Raises
    Silent when it cannot say."""
    argv = [program, "auth", "status", "--json"]
    try:
        said = await said_by(argv, _asked_with(env, program), PATIENCE_SECONDS)
        status = msgspec.json.decode(said, type=_Status)
    except (OSError, msgspec.MsgspecError) as error:
        logger.warning("%s does not tell how it is signed in: %s", program, error)
        raise Silent(program) from None
    method = status.auth_method.lower()
    return method if status.logged_in and method not in _NO_SUBSCRIPTION else ""


def configuration(env: Mapping[str, str]) -> str:
    """The directory in which the program keeps its sign-in."""
    return env.get("CLAUDE_CONFIG_DIR") or os.path.join(env.get("HOME", "/"), ".claude")


def stored_sign_in(configurations: Iterable[str]) -> str:
    """The first file of credentials that is there, or nothing."""
    places = (os.path.join(directory, CREDENTIALS) for directory in configurations)
    return next(filter(os.path.exists, places), "")


def _asked_with(env: Mapping[str, str], program: str) -> dict[str, str]:
    """A key or a cloud in the environment would hide the sign-in that is stored. What runs the
    program may be beside it alone."""
    kept = {
        name: value
        for name, value in env.items()
        if name == "CLAUDE_CONFIG_DIR" or not name.startswith(("ANTHROPIC_", "CLAUDE"))
    }
    path = os.pathsep.join([env.get("PATH", os.defpath), os.path.dirname(program)])
    return {**kept, **QUIET, "PATH": path}


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_mtime_ns, found.st_size
