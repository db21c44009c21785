"""Owns that the settings in the database and those in `config.toml` are one.

The database has what is in force, so that a line that became wrong takes nothing away, and the
digest of the file as both said the same. A file with another digest was edited by a person and has
the last word. With the same one the database has it: what was committed and had not reached the
file when the daemon died is written there at the next start.
"""

import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio

from claudetted.chat.rulebook import Rulebook
from claudetted.store import config_file, rules
from claudetted.store.config_file import Broken, Said
from claudetted.store.database import Database
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)


class Preferences:
    """Changes settings for whoever asks, one after the other, and takes up what was edited."""

    def __init__(self, database: Database, rulebook: Rulebook, path: Path) -> None:
        self.path = path
        self.said = Said()
        """What the file says, with what is wrong in it."""
        self._database = database
        self._rulebook = rulebook
        self._lock = trio.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._agreed: str | None = None
        self._unwritten: set[str] = set()
        self._untold: set[str] = set()
        self._wanted = trio.Event()

    async def begin(self) -> None:
        """At the daemon's start. A database from before there was a file is written out."""
        try:
            text = await self._read()
            self._agreed = await self._database.read(rules.load_config_digest)
            said = config_file.parse(text)
            if said.whole and self._agreed == config_file.digest(text):
                text = await self._bring_into(text, self._differing(said))
            elif said.whole and self._agreed is None:
                text = await self._bring_into(text, self._differing(said) - {*said.values})
            await self._take(text)
        except (OSError, StoreRefused, Broken) as fault:
            logger.warning("%s is not taken up: %s", self.path, fault)

    async def take_up(self) -> set[str]:
        """The keys that a person has changed in the file since this was last called. Raises
        StoreRefused, and OSError where it cannot be read."""
        if self._signature() != self._seen:
            async with self._lock:
                await self._take_up()
        changed, self._untold = self._untold, set()
        return changed

    async def put(self, key: str, value: Any) -> None:
        """Changes one setting, of builtin types; None brings its default back. Raises StoreRefused,
        Broken where the file is no TOML, and OSError where it cannot be read."""
        async with self._lock:
            await self._take_up()
            text = await self._read()
            after = await trio.to_thread.run_sync(config_file.edited, text, key, value)
            before = self._rulebook.chosen().get(key)
            await self._commit({key: value})
            try:
                await trio.to_thread.run_sync(config_file.write, self.path, after)
            except OSError as fault:
                await self._commit({key: before})
                raise StoreRefused(fault.strerror or str(fault)) from fault
            self._rulebook.choose(key, value)
            try:
                await self._take(after)
            except StoreRefused as refusal:
                # Both have the value, and the file will be read as one that was edited.
                logger.warning("The digest of %s was not stored: %s", self.path, refusal)

    def decided(self, key: str) -> None:
        """A chat has committed this setting with a step of its own; the file lacks it so far."""
        self._unwritten.add(key)
        self._wanted.set()

    async def run(self) -> None:
        """Brings into the file what chats have committed. What cannot be written now is written
        later, at the latest when the daemon starts next."""
        while True:
            await self._wanted.wait()
            self._wanted = trio.Event()
            await self._bring()

    async def _bring(self) -> None:
        try:
            async with self._lock:
                keys = set(self._unwritten)
                await self._take_up()
                text = await self._bring_into(await self._read(), keys)
                self._unwritten -= keys
                await self._take(text)
        except (OSError, StoreRefused, Broken) as fault:
            logger.warning("%s was not written: %s", self.path, fault)

    async def _take_up(self) -> None:
        signature = self._signature()
        if signature != self._seen:
            await self._take(await self._read())
            self._seen = signature

    async def _take(self, text: str) -> None:
        """What the file says holds from now on; where a line is wrong, what held before."""
        signature, said = self._signature(), config_file.parse(text)
        for problem in said.problems:
            if problem not in self.said.problems:
                where, key = f"{self.path}, line {problem.line}", problem.key
                logger.warning("%s: %s%s", where, f"{key}: " if key else "", problem.why)
        self.said = said
        changed = self._differing(said) - self._unwritten if said.whole else set()
        digest = config_file.digest(text)
        if said.whole and (changed or digest != self._agreed):
            values = {key: said.values.get(key) for key in changed}
            await self._commit(values, digest)
            self._agreed = digest
            for key, value in values.items():
                self._rulebook.choose(key, value)
        self._seen = signature
        self._untold |= changed

    def _differing(self, said: Said) -> set[str]:
        """What the database has otherwise than the file, as far as that is obeyed."""
        held = self._rulebook.chosen()
        keys = {*held, *said.values} - said.wrong
        return {key for key in keys if held.get(key) != said.values.get(key)}

    async def _bring_into(self, text: str, keys: set[str]) -> str:
        """The text with what the database has for these, which the file says from now on. Raises
        OSError and Broken."""
        held = self._rulebook.chosen()
        for key in keys:
            text = config_file.edited(text, key, held.get(key))
        if keys:
            await trio.to_thread.run_sync(config_file.write, self.path, text)
        return text

    async def _commit(self, values: dict[str, Any], digest: str | None = None) -> None:
        encoded = {
            key: None if value is None else msgspec.json.encode(value)
            for key, value in values.items()
        }
        write = partial(rules.replace_settings, values=encoded, digest=digest)
        await self._database.commit(write)

    async def _read(self) -> str:
        return await trio.to_thread.run_sync(config_file.read, self.path)

    def _signature(self) -> tuple[int, int, int] | None:
        """Tells without reading whether it was changed. One call of the system, and no thread."""
        try:
            seen = os.stat(self.path)
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size, seen.st_ino
