"""Owns what a step does beyond the chat's state: noted while it is planned, and carried out by
itself once the step is committed."""

from typing import Any, Protocol

import msgspec
import trio

from claudetted.chat.rulebook import Rulebook
from claudetted.protocol.base import ChatId, SidecarId
from claudetted.protocol.rules import Rule
from claudetted.store import directories, images
from claudetted.store.writer import StoreRefused


class Carrier(Protocol):
    """The chat's task, as far as effects need it."""

    def hand_over_credentials(self) -> None: ...

    def removed(self) -> None: ...

    async def launch(self, sidecar_id: SidecarId) -> None: ...


class Effects(msgspec.Struct):
    """Those of one step."""

    rules: list[Rule] = msgspec.field(default_factory=list)
    """In force at once within the step, for all when it is committed."""
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    """They change with the step, and are in force at once within it."""
    images: dict[str, bytes] = msgspec.field(default_factory=dict)
    """(id, bytes) of images that the step names: they are on disk before it is."""
    env: dict[str, str] | None = None
    """The chat's environment from now on."""
    launch: SidecarId | None = None
    """A sidecar to be started."""
    end_sidecar: bool = False
    credentials: bool = False
    """The sidecar wants those that are nowhere stored."""
    afresh: bool = False
    """The sessions of earlier sidecars are given up."""
    remove: bool = False
    """The chat is removed with everything instead of stored."""

    async def prepare(self, chat_id: ChatId) -> list[str]:
        """Puts on disk what has to be there before the step is committed; the directories that the
        step gives up. Raises StoreRefused."""
        if self.images:
            try:
                await trio.to_thread.run_sync(images.keep, chat_id, self.images)
            except OSError as refusal:
                raise StoreRefused(refusal.strerror or str(refusal)) from refusal
        if self.remove:
            return [chat_id]
        if self.afresh:
            return await trio.to_thread.run_sync(directories.sessions, chat_id)
        return []

    def take_force(self, rulebook: Rulebook) -> None:
        """For every chat, once the step is committed."""
        for rule in self.rules:
            rulebook.add(rule)
        for key, value in self.settings.items():
            rulebook.choose(key, value)
            rulebook.decided(key)

    async def carry_out(self, chat: Carrier) -> None:
        """The rest, once the step is published."""
        if self.credentials:
            chat.hand_over_credentials()
        if self.remove:
            chat.removed()
        elif self.launch:
            await chat.launch(self.launch)
