"""Owns the environment that agents start from: the user's login shell's, asked until it answers.

The shell that happened to start the daemon does not decide: its virtual environment, directory
and terminal are not the agents'. What it exports beyond that stays, unless the login shell
says otherwise.
"""

import logging
import math
import os
import pwd
from collections.abc import Mapping

import trio

from claudetted.sidecar.capture import said_by

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
AGAIN_SECONDS = 60.0
"""So long a shell that gave no answer is left alone: nothing starts while it is asked."""
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


class _Shell:
    """The user's shell with one option: asked until it answers, and not again."""

    def __init__(self, own: Mapping[str, str], option: str) -> None:
        self._own = own
        self._option = option
        self._told: dict[str, str] | None = None
        self._asked_at = -math.inf
        self.trouble = ""
        """Why it gave no answer; empty when it did, or was not asked yet."""

    async def exports(self, given: Mapping[str, str]) -> dict[str, str]:
        """What it exports when it begins with `given`; nothing while it does not tell."""
        if self._told is None and trio.current_time() >= self._asked_at + AGAIN_SECONDS:
            self._told = await self._ask(given)
            self._asked_at = trio.current_time()
        return self._told or {}

    def ask_again(self) -> None:
        """One that gave no answer is asked the next time, however soon that is."""
        self._asked_at = -math.inf

    async def _ask(self, given: Mapping[str, str]) -> dict[str, str] | None:
        shell = self._own.get("SHELL") or pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
        words, env = [shell, self._option, "-c", _ASK], {**given, "SHELL": shell}
        started = trio.current_time()
        self.trouble = ""
        try:
            _, found, variables = (await said_by(words, env, PATIENCE_SECONDS)).partition(_MARK)
        except OSError as fault:
            self.trouble = f"the shell {shell} cannot be asked: {fault}"
        else:
            if found:
                return _read(variables)
            late = trio.current_time() - started >= PATIENCE_SECONDS
            within = f" within {PATIENCE_SECONDS:g} s" if late else ""
            self.trouble = f"{shell} {self._option} did not tell its environment{within}"
        logger.warning("%s", self.trouble)
        return None


class LoginEnvironment:
    """Asks the user's shells when they are first wanted, and remembers what they told.

    Error handling: a shell that fails or hangs leaves our own environment, and is asked again when
    something starts a while later, or at once after `ask_again`.
    """

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own
        self._login = _Shell(own, "-l")
        self._interactive = _Shell(own, "-i")
        self._lock = trio.Lock()

    async def get(self) -> dict[str, str]:
        """The base of every agent's environment, `HOME` in any case."""
        user = pwd.getpwuid(os.getuid())
        home = self._own.get("HOME") or user.pw_dir
        async with self._lock:
            told = await self._login.exports(
                {"HOME": home, "USER": user.pw_name, "LOGNAME": user.pw_name}
            )
        kept = {name: value for name, value in self._own.items() if name not in OF_ONE_SHELL}
        return {**kept, **told, "HOME": home}

    async def paths(self) -> list[str]:
        """Every PATH that is known of the user: the login shell's, our own, and what the files of
        an interactive shell make of them, where version managers enter themselves."""
        base = await self.get()
        async with self._lock:
            interactive = (await self._interactive.exports(base)).get("PATH", "")
        paths = [base.get("PATH", os.defpath), self._own.get("PATH", ""), interactive]
        return list(dict.fromkeys(filter(None, paths)))

    def ask_again(self) -> None:
        """A user says that something has changed."""
        self._login.ask_again()
        self._interactive.ask_again()

    @property
    def trouble(self) -> str:
        """Why agents start from our own environment; empty when they do not."""
        return self._login.trouble


def _read(variables: bytes) -> dict[str, str]:
    pairs = (os.fsdecode(entry).partition("=") for entry in variables.split(b"\0") if entry)
    return {name: value for name, mark, value in pairs if mark and name not in OF_ONE_SHELL}
