"""Owns denials that act at once although the disk is full, and are recorded when it no longer is.

A daemon that dies before that has denied nothing as far as it knows: the request is open again,
until the agent, which was told, says that the call has ended.
"""

import logging
from collections.abc import Awaitable, Callable, Container

import trio

from claudetted.chat.inbox import Inbox
from claudetted.chat.plans import permissions
from claudetted.chat.process.process import Process
from claudetted.chat.step import Step
from claudetted.protocol import errors
from claudetted.protocol.base import PermissionId
from claudetted.protocol.permissions import Resolution
from claudetted.store.journal import KeyTaken

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0


class Denials:
    """Those of one chat that are not on disk. Owned by the chat's actor.

    What the agent says after one waits until the denial is recorded, so that the journal has
    them in the order in which they happened.
    """

    def __init__(self, nursery: trio.Nursery, inbox: Inbox, process: Process) -> None:
        self.unrecorded: dict[PermissionId, Resolution] = {}
        self._nursery = nursery
        self._inbox = inbox
        self._process = process

    def act(
        self,
        step: Step,
        permission_id: PermissionId,
        resolution: Resolution,
        record: Callable[[], Awaitable[object]],
    ) -> bool:
        """From within a plan: the agent is told now, and `record` is tried until the disk takes it.

        False when somebody else was faster. After this nobody else can decide.
        """
        if not step.is_open(permission_id):
            return False
        self.unrecorded[permission_id] = resolution
        self._inbox.denials_first = True
        line = permissions.decision_line(permission_id, resolution)
        assert step.agent.sidecar_id is not None
        self._process.tell(step.agent.sidecar_id, line)
        self._nursery.start_soon(self._record, permission_id, record)
        return True

    def keep_only(self, still_open: Container[PermissionId]) -> None:
        """The others are on disk now."""
        kept = {name: one for name, one in self.unrecorded.items() if name in still_open}
        self.unrecorded = kept
        self._inbox.denials_first = bool(kept)

    async def _record(
        self, permission_id: PermissionId, record: Callable[[], Awaitable[object]]
    ) -> None:
        while permission_id in self.unrecorded:
            await trio.sleep(AGAIN_SECONDS)
            try:
                await record()
            except errors.StoreFull:
                continue
            except (errors.Fault, KeyTaken) as fault:
                logger.warning("the denial of %s is not recorded: %s", permission_id, fault)
                self.keep_only(self.unrecorded.keys() - {permission_id})
                self._inbox.poke()
