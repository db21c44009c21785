"""Owns keychains as tests need them: one in memory, one that is locked."""

from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class MemoryKeychain(KeyringBackend):
    """Keeps what it is given, as long as it is not locked."""

    priority = -1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.forgetful = False
        """Accepts everything and keeps nothing."""

    def get_password(self, service: str, username: str) -> str | None:
        self._require_unlocked()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._require_unlocked()
        if not self.forgetful:
            self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._require_unlocked()
        del self.held[service, username]

    def _require_unlocked(self) -> None:
        if self.locked:
            raise KeyringLocked("locked")


@contextmanager
def in_use(backend: KeyringBackend) -> Iterator[None]:
    """This keychain is the machine's for a while."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)
