"""Owns who may come in from elsewhere: paired devices, their tokens, and codes for new ones.

Codes and tokens are compared by their hashes, each with all that there are, so that the time of an
answer tells nothing. Wrong ones are answered late, and counted.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import msgspec
import trio
from msgspec.structs import replace

from claudetted.protocol.devices import (
    CODE_SECONDS,
    MOST_NAME,
    Device,
    DeviceId,
    SubscribeParams,
)
from claudetted.protocol.rights import Right
from claudetted.store import devices as rows
from claudetted.store.database import Database
from claudetted.store.devices import DeviceRow
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

WRONG_SECONDS = 1.0
"""How late a wrong code or token is answered."""
MOST_CODES = 16
"""Codes that are good at once; the oldest goes first."""
_UNNAMED = "a device"


class _Code(msgspec.Struct, frozen=True):
    digest: bytes
    name: str
    right: Right
    expires: float
    """On trio's clock."""


class Pairing:
    """The devices, from the disk into memory and kept alike there."""

    def __init__(
        self,
        database: Database,
        stored: list[DeviceRow],
        new_id: Callable[[], str],
        now: Callable[[], str],
    ) -> None:
        self._database = database
        self._rows = {row.id: row for row in stored}
        self._new_id = new_id
        self._now = now
        self._codes: list[_Code] = []
        self._open: dict[str, set[trio.CancelScope]] = {}
        self.wrong = 0
        """Attempts since the daemon started."""

    # Codes

    def new_code(self, name: str, right: Right) -> str:
        """Good once, for CODE_SECONDS."""
        code = secrets.token_urlsafe(16)
        expires = trio.current_time() + CODE_SECONDS
        self._codes = [*self._codes, _Code(_digest(code), clean_name(name), right, expires)]
        self._codes = self._codes[-MOST_CODES:]
        return code

    async def exchange(self, code: str, name: str) -> tuple[str, Device] | None:
        """The token and the new device, or None, late, for a code that is wrong, used or expired.

        Raises StoreRefused; the code is used up then, too.
        """
        now = trio.current_time()
        self._codes = [one for one in self._codes if one.expires > now]
        digest = _digest(code)
        found = [one for one in self._codes if hmac.compare_digest(one.digest, digest)]
        if not found:
            await self._slow_down("pairing code")
            return None
        self._codes.remove(found[0])
        return await self._add(found[0].name or clean_name(name) or _UNNAMED, found[0].right)

    async def _add(self, name: str, right: Right) -> tuple[str, Device]:
        token = secrets.token_urlsafe(32)
        row = DeviceRow(self._new_id(), name, right, _digest(token), self._now())
        await self._database.commit(partial(rows.add, row=row))
        self._rows[row.id] = row
        logger.info("paired the device %s (%s), which may %s", row.id, name, right)
        return token, self._shown(row)

    # Tokens

    async def admit(self, token: str) -> Device | None:
        """The device whose token it is, or None, late."""
        digest = _digest(token)
        found = [row for row in self._rows.values() if hmac.compare_digest(row.token, digest)]
        if not found:
            await self._slow_down("token")
            return None
        await self._saw(found[0])
        return self._shown(found[0])

    async def _saw(self, row: DeviceRow) -> None:
        at = self._now()
        self._rows[row.id] = replace(row, seen_at=at)
        try:
            await self._database.commit(partial(rows.saw, device_id=row.id, at=at))
        except StoreRefused as refusal:
            logger.warning("could not note that the device %s connected: %s", row.id, refusal)

    async def _slow_down(self, what: str) -> None:
        self.wrong += 1
        logger.warning("refused a wrong %s, the %d. since the start", what, self.wrong)
        await trio.sleep(WRONG_SECONDS)

    # Devices

    def knows(self, device_id: str) -> bool:
        return device_id in self._rows

    def listed(self) -> list[Device]:
        return [self._shown(row) for row in self._rows.values()]

    @contextmanager
    def connected(self, device_id: str) -> Iterator[trio.CancelScope]:
        """Around a connection of the device: it is cancelled when the device is revoked."""
        scopes = self._open.setdefault(device_id, set())
        with trio.CancelScope() as scope:
            if device_id not in self._rows:
                scope.cancel()  # revoked since its token was read
            scopes.add(scope)
            try:
                yield scope
            finally:
                scopes.discard(scope)

    async def revoke(self, device_id: str) -> bool:
        """False when there is no such device. Raises StoreRefused: then it is cut off all the
        same, until the daemon starts again."""
        if self._rows.pop(device_id, None) is None:
            return False
        self.close(device_id)
        await self._database.commit(partial(rows.remove, device_id=device_id))
        return True

    # Notifications

    @property
    def subscriptions(self) -> list[tuple[str, SubscribeParams]]:
        """The devices that are notified, each with where."""
        return [
            (row.id, msgspec.json.decode(row.push, type=SubscribeParams))
            for row in self._rows.values()
            if row.push
        ]

    async def subscribe(self, device_id: str, where: SubscribeParams | None) -> None:
        """Notifies a device there, or no more. Raises StoreRefused."""
        push = msgspec.json.encode(where).decode() if where else ""
        await self._database.commit(partial(rows.subscribe, device_id=device_id, push=push))
        if row := self._rows.get(device_id):
            self._rows[device_id] = replace(row, push=push)

    def close(self, device_id: str | None = None) -> None:
        """Ends the connections of a device, or of all."""
        wanted = list(self._open) if device_id is None else [device_id]
        for one in wanted:
            for scope in self._open.get(one, ()):
                scope.cancel()

    def _shown(self, row: DeviceRow) -> Device:
        right = cast(Right, row.right)
        return Device(
            DeviceId(row.id),
            row.name,
            right,
            row.created_at,
            row.seen_at,
            len(self._open.get(row.id, ())),
            bool(row.push),
        )


async def load_pairing(
    database: Database, new_id: Callable[[], str], now: Callable[[], str]
) -> Pairing:
    return Pairing(database, await database.read(rows.load), new_id, now)


def clean_name(name: str) -> str:
    """What a device says of itself is shown in terminals and beside decisions."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(printable.split())[:MOST_NAME]


def _digest(secret: str) -> bytes:
    """Of a secret with 128 bits or more, which needs no slow hash."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
