"""Owns the process behind a chat: launched or taken up, heard up to an offset, fed and ended."""

import logging
from functools import partial

import trio

from claudetted.chat.inbox import Inbox, Request
from claudetted.chat.plans import agent_process
from claudetted.chat.process.output_reader import Hearing
from claudetted.chat.state.agent import Agent
from claudetted.chat.step import Step, encode_line
from claudetted.chat.world import World
from claudetted.protocol import places
from claudetted.protocol.base import ChatId, SidecarId
from claudetted.sidecar.groups import end_left
from claudetted.sidecar.reports import LaunchFailed, Lost, Running
from claudetted.store import directories

logger = logging.getLogger(__name__)

END_GRACE_SECONDS = 3.0


class Process:
    """The sidecar of one chat, through the keeper. What it says goes to the chat's inbox.

    Resource handling: the process belongs to the keeper and outlives this object. Error handling:
    a launch that fails is raised; a process that cannot be taken up is reported lost.
    """

    def __init__(
        self,
        world: World,
        chat_id: ChatId,
        inbox: Inbox,
        committed: int,
        unsent: list[tuple[int, bytes]],
    ) -> None:
        self.hearing = Hearing(committed)
        self._world = world
        self._keeper = world.keeper
        self._chat_id = chat_id
        self._inbox = inbox
        self._committed = committed
        """Output up to here is on disk."""
        self._unsent = unsent

    def attach(self, agent: Agent, env: dict[str, str], running: Running | None) -> None:
        """After a start of the daemon: takes up the sidecar again, or learns that it is gone."""
        sidecar_id = agent.sidecar_id
        assert sidecar_id is not None
        if running is None:
            self._replace_unheard_of(agent, sidecar_id)
            return
        if not running.base <= self.hearing.read_to <= running.end:
            # The journal is another one than it was, restored from a copy: no way to go on.
            self.lose(sidecar_id)
            self.end(sidecar_id, 0.0)
            return
        for n, line in self._unsent:
            if n > running.input_n:
                self._keeper.send(sidecar_id, n, line)
        self._keeper.attach(sidecar_id, self.hearing.read_to, self._inbox.put_report)
        self._world.credentials(sidecar_id, env)
        if agent.stage == "ending":
            self.end(sidecar_id)

    def _replace_unheard_of(self, agent: Agent, sidecar_id: SidecarId) -> None:
        """The keeper does not have it: it was never started, or is gone with an older keeper."""
        if agent.stage == "starting" and agent.keeper_pid == self._keeper.pid:
            self._inbox.put_request(Request(partial(agent_process.launch_again, sidecar_id)))
        else:
            self.lose(sidecar_id)

    async def launch(self, sidecar_id: SidecarId, harness: str, env: dict[str, str]) -> None:
        """Starts what a committed step has planned. Raises HarnessMissing or LaunchFailed."""
        # What a sidecar waits for when it has begun is asked for while it does.
        self._world.nursery.start_soon(self._world.block.renew)
        prefix = self._world.rulebook.setting("launcher")
        launch = await self._world.launcher.launch(harness, self._chat_id, env, prefix)
        cwd = places.chat_dir(self._chat_id)
        try:
            await trio.to_thread.run_sync(directories.make, self._chat_id)
        except OSError as fault:
            raise LaunchFailed(f"The chat's directory cannot be made: {fault}.") from fault
        pid = await self._keeper.start(sidecar_id, launch.argv, launch.env, cwd, self._world.umask)
        logger.info("sidecar %s runs as process %d", sidecar_id, pid)
        self._keeper.attach(sidecar_id, 0, self._inbox.put_report)
        for n, line in self._unsent:
            self._keeper.send(sidecar_id, n, line)

    def tell(self, sidecar_id: SidecarId, line: object) -> None:
        """A line that is nowhere stored: whether it arrived is known while this daemon lives."""
        self._keeper.send(sidecar_id, 0, encode_line(line))

    def begin_anew(self) -> None:
        """The chat has another process from now on, or none."""
        self.hearing, self._committed = Hearing(0), 0

    def is_far_behind(self, hearing: Hearing, most: int) -> bool:
        """Whether more than so many bytes were heard that are not on disk."""
        return hearing.safe_offset - self._committed > most

    def carry_out(self, agent: Agent, step: Step, hearing: Hearing | None) -> None:
        """What a committed step means for the process: lines, the end, what need not be kept."""
        write = step.write
        if not step.effects.launch:
            for sidecar_id, n, line in write.inputs:
                self._keeper.send(SidecarId(sidecar_id), n, line)
        if write.sidecar_ended:
            logger.info("sidecar %s has ended", write.sidecar_ended)
            self._keeper.forget(SidecarId(write.sidecar_ended))
        elif agent.sidecar_id and hearing:
            self._committed = hearing.safe_offset
            self._keeper.acknowledge(agent.sidecar_id, self._committed)
        if step.effects.end_sidecar and agent.sidecar_id:
            self.end(agent.sidecar_id)
        if step.effects.launch and write.inputs:
            self._unsent = [(n, line) for _, n, line in write.inputs]

    def lose(self, sidecar_id: SidecarId) -> None:
        """It is of no use any more: it counts as gone."""
        self._inbox.put_report(Lost(sidecar_id))

    def end(self, sidecar_id: SidecarId, grace: float = END_GRACE_SECONDS) -> None:
        """Ends it with all it started; the report follows."""
        self._world.nursery.start_soon(self._keeper.end, sidecar_id, grace)

    def end_groups(self, agent: Agent) -> None:
        """Its commands' groups end with the sidecar, also if the disk does not take that down."""
        end = partial(end_left, [*agent.groups], self._keeper.pid)
        self._world.nursery.start_soon(trio.to_thread.run_sync, end)
