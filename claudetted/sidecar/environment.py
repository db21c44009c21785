"""Owns the environment that agents start from: the user's login shell's, asked once.

The shell that happened to start the daemon does not decide: its virtual environment, directory
and terminal are not the agents'. What it exports beyond that stays, unless the login shell
says otherwise.
"""

import logging
import os
import pwd
from collections.abc import Mapping

import trio

from claudetted.sidecar.asking import said_by

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
_MARK = b"\0claudetted\0"
_ASK = r"printf '\0claudetted\0'; exec env -0"

OF_ONE_SHELL = frozenset(
    {
        "_",
        "COLUMNS",
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "DIRENV_DIFF",
        "DIRENV_DIR",
        "LINES",
        "NODE_PATH",
        "OLDPWD",
        "PWD",
        "PYTHONHOME",
        "PYTHONPATH",
        "SHLVL",
        "SSH_CLIENT",
        "SSH_CONNECTION",
        "SSH_TTY",
        "STY",
        "TERM",
        "TMUX",
        "TMUX_PANE",
        "VIRTUAL_ENV",
        "VIRTUAL_ENV_PROMPT",
    }
)
"""What says something about the shell it was set in and nothing about its user."""


class LoginEnvironment:
    """Asks the login shell when it is first wanted, and remembers the answer."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own
        self._asked: dict[str, str] | None = None
        self._lock = trio.Lock()

    async def get(self) -> dict[str, str]:
        """The base of every agent's environment, `HOME` in any case.

        A shell that fails or hangs leaves our own.
        """
        async with self._lock:
            if self._asked is None:
                self._asked = await _ask_login_shell(self._own)
        kept = {name: value for name, value in self._own.items() if name not in OF_ONE_SHELL}
        return {**kept, **self._asked}


async def _ask_login_shell(own: Mapping[str, str]) -> dict[str, str]:
    user = pwd.getpwuid(os.getuid())
    home = own.get("HOME") or user.pw_dir
    shell = own.get("SHELL") or user.pw_shell or "/bin/sh"
    given = {"HOME": home, "USER": user.pw_name, "LOGNAME": user.pw_name, "SHELL": shell}
    try:
        said = await said_by([shell, "-l", "-c", _ASK], given, PATIENCE_SECONDS)
    except OSError as fault:
        logger.warning("the login shell %s cannot be asked: %s", shell, fault)
        said = b""
    _, found, variables = said.partition(_MARK)
    if not found:
        logger.warning("the login shell %s did not tell its environment", shell)
    return {**_read(variables), "HOME": home}


def _read(variables: bytes) -> dict[str, str]:
    pairs = (os.fsdecode(entry).partition("=") for entry in variables.split(b"\0") if entry)
    return {name: value for name, mark, value in pairs if mark and name not in OF_ONE_SHELL}
