"""Owns the private keys in use, the shell's variables, and handing both to the sidecars.

One table for storing and handing over: a key is kept under the variable that it stands in for.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import msgspec
import trio

from claudetted.protocol.base import SidecarId
from claudetted.protocol.errors import KeychainUnavailable, StoreFull
from claudetted.protocol.sidecar import Credentials as Line
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.claude import without_tokens
from claudetted.sidecar.link import KeeperLink
from claudetted.store import names as rows
from claudetted.store.database import Database
from claudetted.store.secrets import SecretsRefused, secrets
from claudetted.store.writer import StoreRefused

T = TypeVar("T")
_VOLATILE = 0
_encode = msgspec.json.Encoder().encode


class Credentials:
    """Read from the keychain when a sidecar first wants them, then held in memory.

    Error handling: keys that cannot be read are missing, and every sidecar is told why.
    """

    def __init__(
        self,
        database: Database,
        keeper: KeeperLink,
        names: list[str],
        kind: Callable[[], str],
        block: AnthropicBlock,
    ) -> None:
        self.names = set(names)
        """The variables that private keys stand in for."""
        self.shell: dict[str, str] = {}
        self._database = database
        self._keeper = keeper
        self._kind = kind
        self._block = block
        self._held: dict[str, str] = {}
        self._busy = trio.Lock()

    async def hand_to(self, sidecar: SidecarId, env: Mapping[str, str] | None = None) -> None:
        """Answers a sidecar that wants them, or tells it of a change. `env` is its chat's."""
        async with self._busy:
            blocked = await self._block.why(env)
            trouble = await self._read_missing()
            line = Line(dict(self._held), without_tokens(self.shell), trouble, blocked)
        self._keeper.send(sidecar, _VOLATILE, _encode(line) + b"\n")

    async def value(self, name: str) -> str:
        """A private key, or nothing. Raises KeychainUnavailable."""
        async with self._busy:
            if name in self.names and name not in self._held:
                found = await _in_thread(partial(secrets(self._kind()).read, name))
                self._held |= {name: found} if found else {}
            return self._held.get(name, "")

    async def keep(self, values: dict[str, str]) -> None:
        """Stores private keys. Raises KeychainUnavailable and StoreFull."""
        async with self._busy:
            store = secrets(self._kind())
            for name, value in values.items():
                await _in_thread(partial(store.write, name, value))
                self._held[name] = value
            await self._name(self.names | set(values))

    async def drop(self, names: set[str]) -> None:
        """Removes private keys. Raises KeychainUnavailable and StoreFull."""
        async with self._busy:
            store = secrets(self._kind())
            for name in sorted(names & self.names):
                await _in_thread(partial(store.remove, name))
                self._held.pop(name, None)
                await self._name(self.names - {name})

    async def move(self, before: str, after: str) -> tuple[list[str], str]:
        """Takes every private key from one place to another: the names of those that stay behind,
        and why. A key is removed where it was only after it is kept where it goes."""
        stayed: list[str] = []
        trouble = ""
        async with self._busy:
            for name in sorted(self.names):
                try:
                    value = self._held.get(name) or await _in_thread(
                        partial(secrets(before).read, name)
                    )
                    if value is None:
                        continue  # gone already, which is told whenever the keys are read
                    await _in_thread(partial(secrets(after).write, name, value))
                    self._held[name] = value
                    await _in_thread(partial(secrets(before).remove, name))
                except KeychainUnavailable as fault:
                    stayed.append(name)
                    trouble = fault.message
        return stayed, trouble

    async def _name(self, names: set[str]) -> None:
        try:
            await self._database.commit(partial(rows.store, names=sorted(names)))
        except StoreRefused as refusal:
            message = f"Could not write the name of a key to disk ({refusal}); try again."
            raise StoreFull(message) from None
        self.names = names

    async def _read_missing(self) -> str:
        """Why keys are missing that should be there."""
        store = secrets(self._kind())
        for name in sorted(self.names - set(self._held)):
            try:
                value = await _in_thread(partial(store.read, name))
            except KeychainUnavailable as fault:
                return f"Private keys cannot be read. {fault.message}"
            if value is None:
                return f"The private key for {name} is gone from where it was kept; set it again."
            self._held[name] = value
        return ""


async def load_credentials(
    database: Database, keeper: KeeperLink, kind: Callable[[], str], block: AnthropicBlock
) -> Credentials:
    return Credentials(database, keeper, await database.read(rows.load), kind, block)


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await trio.to_thread.run_sync(work)
    except SecretsRefused as refusal:
        raise KeychainUnavailable(str(refusal)) from None
