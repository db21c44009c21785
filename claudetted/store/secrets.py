"""Owns where private keys are kept: the system's keychain, or a file that only the user may read.

Functions block: call them in a thread. Nothing here is logged, and no value is in an exception.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from claudetted.protocol import places
from claudetted.store import files

BUCKET = "piProviderSecrets"
_PREFIX = "pi_provider:"
_NO_KEYCHAIN = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Backends that keep nothing, or keep it in the open."""


class SecretsRefused(Exception):
    """The keys cannot be read or written; the message says why, and what to do."""


class Secrets(Protocol):
    """Somewhere to keep values by name. Each method raises SecretsRefused."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, value: str) -> None: ...

    def remove(self, name: str) -> None: ...


class Keychain:
    """The system's own, through keyring, which is loaded when it is first needed."""

    def read(self, name: str) -> str | None:
        import keyring

        with _asked():
            return keyring.get_password(_service(), _PREFIX + name)

    def write(self, name: str, value: str) -> None:
        import keyring

        with _asked():
            keyring.set_password(_service(), _PREFIX + name, value)
            if keyring.get_password(_service(), _PREFIX + name) != value:
                raise SecretsRefused("The keychain did not keep the key.")

    def remove(self, name: str) -> None:
        import keyring

        with _asked():
            if keyring.get_password(_service(), _PREFIX + name) is not None:
                keyring.delete_password(_service(), _PREFIX + name)


class PrivateFile:
    """A file of mode 0600, replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> str | None:
        return self._load().get(name)

    def write(self, name: str, value: str) -> None:
        self._store({**self._load(), name: value})
        if self.read(name) != value:
            raise SecretsRefused(f"{self._path} did not keep the key.")

    def remove(self, name: str) -> None:
        held = self._load()
        if held.pop(name, None) is not None:
            self._store(held)

    def _load(self) -> dict[str, str]:
        try:
            held = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise SecretsRefused(f"{self._path} cannot be read; it was left as it is.") from None
        if not isinstance(held, dict):
            raise SecretsRefused(f"{self._path} holds something else; it was left as it is.")
        return held

    def _store(self, held: dict[str, str]) -> None:
        try:
            files.put(self._path, json.dumps(held).encode())
        except OSError as fault:
            message = f"{self._path} cannot be written ({fault.strerror}); it was left as it is."
            raise SecretsRefused(message) from None


def secrets(kind: str) -> Secrets:
    """What the setting `private_keys` names."""
    return PrivateFile(places.data_dir() / "private_keys.json") if kind == "file" else Keychain()


def whereabouts(kind: str) -> tuple[str, str]:
    """The name of what `secrets` would use, and why that cannot be read; empty when it can."""
    if kind == "file":
        name = "file"
    else:
        import keyring

        name = str(keyring.get_keyring().name)
    try:
        secrets(kind).read("none has this name")
    except SecretsRefused as refused:
        return name, str(refused)
    return name, ""


@contextlib.contextmanager
def _asked() -> Iterator[None]:
    """Every way in which a keychain may fail becomes one."""
    import keyring
    import keyring.errors

    if type(keyring.get_keyring()).__module__.startswith(_NO_KEYCHAIN):
        raise SecretsRefused(
            "This machine has no keychain for the daemon. To keep private keys in a file that only "
            "you may read: claudette setting private_keys file. To share a provider's key with Pi "
            "instead: claudette provider set PROVIDER"
        )
    try:
        yield
    except keyring.errors.KeyringError as fault:
        kind = type(fault).__name__
        raise SecretsRefused(f"The keychain refused ({kind}); unlock it and try again.") from None


def _service() -> str:
    """A daemon with data of its own has keys of its own."""
    own = os.environ.get("CLAUDETTED_DATA_DIR")
    return f"claudetted {BUCKET}" + (f" {places.data_dir()}" if own else "")
