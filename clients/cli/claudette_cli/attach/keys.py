"""Owns storing a key from inside of a chat: it goes from the line, where it is not shown, to the
daemon, and is in no message."""

from __future__ import annotations

from functools import partial

from claudette_cli.attach import entry
from claudette_cli.client.daemon import Daemon
from claudette_cli.exits import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.attach.entry import Entry
    from claudette_cli.attach.errands import Errands

    Json = dict[str, Any]


class Keys:
    """`enter` makes the line one for something else than a message; `say` prints lines."""

    def __init__(
        self,
        errands: Errands,
        enter: Callable[[Entry], None],
        say: Callable[[list[str]], None],
        changed: Callable[[], None],
    ) -> None:
        self._errands = errands
        self._enter = enter
        self._say = say
        self._changed = changed

    def ask(self, provider: str) -> None:
        """Asks for a provider's key; without a provider it says who takes one."""
        self._errands.aside(lambda: self._ask(provider) if provider else self._list())

    def _list(self) -> None:
        with Daemon() as daemon:
            rows = daemon.call("provider/list").get("providers", [])
        named = [row["id"] for row in rows if "api_key" in row.get("ways", [])]
        self._say(["Store a key with /key PROVIDER, one of: " + ", ".join(named), ""])

    def _ask(self, wanted: str) -> None:
        # Imported here: it brings the command that does the same in a shell.
        from claudette_cli.commands.providers import find

        with Daemon() as daemon:
            provider = find(daemon, wanted)
        if "api_key" not in provider.get("ways", []):
            raise Failure(f"{provider['name']} takes no key; see: /login {provider['id']}")
        self._enter(entry.key(provider, partial(self._store, provider)))

    def _store(self, provider: Json, typed: str) -> None:
        if typed:
            self._errands.aside(lambda: self._set(provider, typed))

    def _set(self, provider: Json, typed: str) -> None:
        with Daemon() as daemon:
            told = daemon.call("provider/setKey", {"provider": provider["id"], "key": typed})
        count = told["provider"].get("models", 0)
        stored = f"Stored the key of {provider['name']}: {count} models can be used."
        self._say([stored, *told.get("notes", []), ""])
        self._changed()
