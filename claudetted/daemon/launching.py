"""Owns the choice of what runs for a kind of harness, from where, and in which environment."""

import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio
from msgspec.structs import replace

from claudetted.chat.plans.agent_process import temp_dir
from claudetted.daemon import vendor_programs
from claudetted.harnesses import registry
from claudetted.protocol import harnesses, places
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.protocol.sidecar import Inspected
from claudetted.providers.claude import without_masks
from claudetted.sidecar import staging
from claudetted.sidecar.environment import CHAT_MARK, Launch

logger = logging.getLogger(__name__)


class Launching:
    """What a daemon starts. `login` tells the environment of the user's login shell, `network` the
    same with the proxies and certificates that clients have brought."""

    def __init__(
        self,
        login: Callable[[], Awaitable[dict[str, str]]],
        network: Callable[[], Awaitable[dict[str, str]]],
        known: registry.Harnesses | None = None,
    ) -> None:
        self._harnesses = known or registry.Harnesses()
        self._ask_login = login
        self._ask_network = network
        self._known = dict(os.environ)
        """The login environment, once it was told; until then the daemon's own."""

    async def require(self, harness: str, env: dict[str, str]) -> None:
        """Raises HarnessMissing unless an agent of this kind can be started for a chat with this
        environment."""
        base = await self._login()
        self._harnesses.find(harness).prepare(ChatId(""), {**base, **env}, os.environ)

    async def launch(
        self, harness: str, chat_id: ChatId, env: dict[str, str], prefix: list[str]
    ) -> Launch:
        """What to start for a chat: its client's environment lies over the login shell's.

        The harness runs from a copy of its own, made when it is first used. Raises HarnessMissing.
        """
        wanted = self._harnesses.find(harness)
        base = await self._login()
        fixed = {"HOME": base["HOME"], "TMPDIR": str(temp_dir(chat_id))}
        launch = wanted.prepare(chat_id, {**base, **without_masks(env), **fixed}, os.environ)
        if wanted.copied:
            launch = await trio.to_thread.run_sync(_from_copy, launch)
        before = [word.replace("{chat}", chat_id) for word in prefix]
        return replace(launch, argv=[*before, *launch.argv])

    async def launch_control(self) -> Launch:
        """What to start for no chat, in the environment that chats have, too.

        It runs nothing of an agent's, so it bears no chat's mark. Raises HarnessMissing.
        """
        found = registry.CONTROL.prepare(ChatId(""), await self._ask_network(), os.environ)
        unmarked = {name: value for name, value in found.env.items() if name != CHAT_MARK}
        return await trio.to_thread.run_sync(_from_copy, replace(found, env=unmarked))

    async def launch_inspection(self, harness: str, env: dict[str, str]) -> Launch:
        """What to start to find out about an agent, for no chat. Raises HarnessMissing."""
        base = await self._login()
        return self._harnesses.find(harness).prepare(ChatId(""), {**base, **env}, os.environ)

    async def asked(self, harness: str, env: dict[str, str]) -> Inspected | None:
        """What the vendor's own program says of itself; None for an agent that has none. Raises
        HarnessMissing."""
        found = self._harnesses.find(harness)
        if found.program is None:
            return None
        base = await self._login()
        return await vendor_programs.inspected(found, found.program, {**base, **env})

    def lacks(self, harness: str) -> str:
        """Why agents of this kind cannot run here, and what to do; empty when they can."""
        try:
            self._harnesses.find(harness).prepare(ChatId(""), self._known, os.environ)
        except HarnessMissing as fault:
            return fault.message
        return ""

    def listed(self) -> list[harnesses.Harness]:
        """Every kind of agent, as it is on this machine."""
        return [self.described(one.id) for one in self._harnesses.all()]

    def described(self, harness: str) -> harnesses.Harness:
        """One of them. Raises HarnessMissing when there is none of this name."""
        one = self._harnesses.find(harness)
        return harnesses.Harness(
            one.id,
            one.name,
            one.capabilities,
            self.lacks(one.id),
            one.tested,
            one.sign_in,
            list(one.command),
            one.like,
        )

    async def _login(self) -> dict[str, str]:
        self._known = await self._ask_login()
        return self._known


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
        program = registry.CONTROL.prepare(ChatId(""), os.environ, os.environ).argv[0]
        current = staging.copy_of(Path(program), copies())
    except HarnessMissing:
        current = None
    staging.remove_unused(copies(), current)


def copies() -> Path:
    """Where harnesses run from. An agent may read there: its own documentation is inside."""
    return places.data_dir() / "harness"
