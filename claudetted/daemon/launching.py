"""Owns the choice of what runs for a kind of harness, from where, and in which environment."""

import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import trio

from claudetted.chat.sidecars import temp_dir
from claudetted.harnesses.pi import launch as pi
from claudetted.protocol import places
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.sidecar import staging
from claudetted.sidecar.launch import CHAT_MARK, Launch

logger = logging.getLogger(__name__)

_HARNESSES = {"pi": pi.launch}


class Launching:
    """What a daemon starts. `login` tells the environment of the user's login shell."""

    def __init__(self, login: Callable[[], Awaitable[dict[str, str]]]) -> None:
        self._login = login

    async def launch(
        self, harness: str, chat_id: ChatId, env: dict[str, str], prefix: list[str]
    ) -> Launch:
        """What to start for a chat: its client's environment lies over the login shell's.

        The harness runs from a copy of its own, made when it is first used. Raises HarnessMissing.
        """
        prepare = _HARNESSES.get(harness)
        if prepare is None:
            known = ", ".join(_HARNESSES)
            message = f"There is no harness “{harness}”; this build has: {known}."
            raise HarnessMissing(message, harness=harness)
        base = await self._login()
        fixed = {"HOME": base["HOME"], "TMPDIR": str(temp_dir(chat_id))}
        found = prepare(chat_id, {**base, **env, **fixed}, os.environ)
        copied = await trio.to_thread.run_sync(_from_copy, found)
        before = [word.replace("{chat}", chat_id) for word in prefix]
        return replace(copied, argv=[*before, *copied.argv])

    async def launch_control(self) -> Launch:
        """What to start for no chat, in the environment that chats have, too.

        It runs nothing of an agent's, so it bears no chat's mark. Raises HarnessMissing.
        """
        found = pi.launch(ChatId(""), await self._login(), os.environ)
        unmarked = {name: value for name, value in found.env.items() if name != CHAT_MARK}
        return await trio.to_thread.run_sync(_from_copy, replace(found, env=unmarked))


def lacks(runtime: str) -> str:
    """Why this build cannot run agents with a runtime; empty when it can."""
    if runtime not in _HARNESSES:
        return "This build does not have it yet."
    try:
        pi.find_harness(os.environ)
    except HarnessMissing as fault:
        return fault.message
    return ""


async def tidy(running: bool) -> None:
    """Removes the copies of harnesses that were replaced, unless one may still run.

    To be done before anything is started: a copy that is being made would go, too.
    """
    if not running:
        await trio.to_thread.run_sync(_remove_unused)


def _from_copy(found: Launch) -> Launch:
    """Where there is no room for a copy it runs from where it is: what else a full disk stops is
    for others to say."""
    executable, *rest = found.argv
    try:
        copy = staging.staged(Path(executable), copies())
    except OSError as fault:
        why = fault.strerror or "not every file could be copied"
        logger.warning("%s runs without a copy of its own: %s", executable, why)
        return found
    return replace(found, argv=[str(copy), *rest])


def _remove_unused() -> None:
    try:
        current = staging.copy_of(pi.find_harness(os.environ), copies())
    except HarnessMissing:
        current = None
    staging.remove_unused(copies(), current)


def copies() -> Path:
    """Where harnesses run from. An agent may read there: its own documentation is inside."""
    return places.data_dir() / "harness"
