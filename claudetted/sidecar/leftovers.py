"""Owns ending what a stopped command left behind outside of its agent.

An agent ends its command's shell, or its group. A process that had taken a session of its own lives
on, and its parent is the keeper then, the reaper of all that agents start. What is still below the
agent is the agent's own: its program, or a server that it keeps. Linux alone: elsewhere nothing
tells whose such a process is.
"""

import signal
import time

import msgspec

from claudetted.sidecar.environment import CHAT_MARK
from claudetted.sidecar.keeper import processes
from claudetted.sidecar.keeper.processes import LINUX, Tree
from claudetted.sidecar.moments import Moment

GRACE_SECONDS, KILL_SECONDS = 0.25, 0.25
"""Together what is left of the two seconds in which a stop has ended everything."""
_POLL_SECONDS = 0.02


class Commands(msgspec.Struct, frozen=True):
    """What ran below an agent when it was told to stop, and when the first of it was let run."""

    chat: str
    agent: int
    tree: Tree
    since: Moment

    def look(self) -> tuple[Tree, Tree]:
        """What lives of that outside of the agent: it was there, or carries the chat's mark and
        was started since. What an earlier command left is not of it, nor what that starts.

        And what may be left yet: started since, and still below the agent, as is a command whose
        shell is on its way out when the agent says that it has stopped."""
        mark = f"{CHAT_MARK}={self.chat}".encode()
        found = processes.living(self.tree, mark)
        table = processes.processes()
        earlier = {pid for pid, start in found - self.tree if not self.since.is_before(pid, start)}
        kept = earlier | {self.agent}
        kept |= {pid for pid, _ in processes.descendants(table, kept)}
        own = processes.descendants(table, {self.agent})
        leaving = {(pid, start) for pid, start in found & own if self.since.is_before(pid, start)}
        return {one for one in found if one[0] not in kept}, leaving

    def end_left(self) -> None:
        """Asks it to end, then ends it. Blocks until it is gone, or SIGKILL had its time."""
        if not self._end(signal.SIGTERM, GRACE_SECONDS):
            self._end(signal.SIGKILL, KILL_SECONDS)

    def _end(self, number: int, seconds: float) -> bool:
        """Each is told once, also one that starts meanwhile, and however late it is when we have
        looked. Whether all are gone; what is still below the agent by then is the agent's."""
        told: Tree = set()
        deadline = time.monotonic() + seconds
        while any(looked := self.look()):
            left, _ = looked
            processes.signal_all(left - told, number)
            if time.monotonic() > deadline:
                return not left
            told |= left
            time.sleep(_POLL_SECONDS)
        return True


def running(chat: str, agent: int, since: Moment) -> Commands | None:
    """What commands of the agent run now, of which the first was let run then."""
    return Commands(chat, agent, processes.below(agent), since) if LINUX else None
