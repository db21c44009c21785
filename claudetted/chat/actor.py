"""Owns the one task of a chat: it plans each step, commits it, and publishes it, in order."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast

import trio
from msgspec.structs import replace

from claudetted.chat import gate
from claudetted.chat.audience.hub import Hub, Sink, Subscription
from claudetted.chat.inbox import Inbox, Report, Request
from claudetted.chat.plans import agent_ended, agent_process, attention
from claudetted.chat.process import start_timeout
from claudetted.chat.process.output_reader import Hearing
from claudetted.chat.process.process import Process
from claudetted.chat.process.unrecorded_denials import Denials
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.chat.state.message import Message
from claudetted.chat.state.open_texts import Texts
from claudetted.chat.step import PublishedDelta, Standing, Step, deleted
from claudetted.chat.waiting import Check, Waiting
from claudetted.chat.world import World
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId, ItemId, SidecarId, TurnId
from claudetted.protocol.events import AttentionRaised
from claudetted.sidecar.reports import Exit, LaunchFailed, Output, Running
from claudetted.store import directories, journal
from claudetted.store.writer import StoreRefused

R = TypeVar("R")
logger = logging.getLogger(__name__)

CHECKPOINT_BYTES = 256 * 1024
CHECKPOINT_SECONDS = 2.0
CHECKPOINT_READ_BYTES = 1024 * 1024
"""Of a sidecar's lines. Well below the window a keeper holds back for us."""
REFUSED_PAUSE_SECONDS = 1.0


class Actor:
    """One loaded chat.

    Resource handling: owns the chat's state and its subscriptions; the sidecar belongs to the
    keeper and outlives this task. Error handling: a Fault goes to whoever asked; anything else
    ends the task and is the manager's to handle.
    """

    def __init__(
        self,
        world: World,
        chat_id: ChatId,
        state: ChatState | None,
        agent: Agent,
        env: dict[str, str],
        stored: journal.Loaded | None = None,
        prompts: dict[TurnId, Message] | None = None,
    ) -> None:
        self.chat_id = chat_id
        self.agent = agent
        self.env = env
        self.texts = Texts(stored.pieces if stored else [])
        self.hub = Hub(chat_id, self.texts)
        self.waiting = Waiting()
        self.gone = False
        """Deleted or unloaded: nothing may be asked of it any more."""
        self.used_at = trio.current_time()
        self._at_work = False
        self._users = 0
        self._world = world
        # None before the first step alone, which makes the chat.
        self.state = cast(ChatState, state)
        self._prompts = prompts or {}
        self._item_count = stored.item_count if stored else 0
        self._inbox = Inbox()
        committed, unsent = (stored.committed, stored.inputs) if stored else (0, [])
        self._process = Process(world, chat_id, self._inbox, committed, unsent)
        self.denials = Denials(world.nursery, self._inbox, self._process)
        self._checkpoint_planned = False
        self._stopped_unrecorded: SidecarId | None = None
        if state:
            self.hub.seq = state.seq

    @property
    def begun(self) -> bool:
        """Whether its first step is done: before that there is no chat."""
        return self.state is not None

    async def run(self) -> None:
        """The chat's task."""
        while not self.gone:
            await self._inbox.something()
            self._at_work = True
            if self._inbox.requests:
                await self._perform(self._inbox.requests.popleft())
            elif self._inbox.has_reports():
                await self._report()
            elif self._inbox.checkpoint_due:
                await self._checkpoint()
            self._at_work = False

    async def ask(self, plan: Callable[[Step], R]) -> R:
        """Carries out a plan in the chat's task; returns when it is committed and published.

        Raises the plan's Fault, or StoreFull. What was asked is done even if the asker leaves.
        """
        if self.gone:
            raise self._not_found()
        return await self._inbox.ask(plan)

    async def settled(self) -> None:
        """Returns when what is on disk already is told as well. Raises ChatNotFound when that was
        the chat's removal."""
        await self.ask(_nothing)

    async def until(self, check: Check[R]) -> R:
        """The first thing `check` finds in the chat, now or after a later step."""
        if self.gone:
            raise self._not_found()
        return await self.waiting.until(check, self.state, self.agent)

    def unload(self) -> None:
        """Ends the task; the chat is what is stored of it."""
        self.gone = True
        self._inbox.poke()

    def fail(self, fault: Exception) -> None:
        """The task has failed: whoever waits is told."""
        self.gone = True
        self.waiting.fail(fault)
        while self._inbox.requests:
            self._inbox.requests.popleft().fail(fault)

    def lose(self) -> None:
        """The chat's sidecar is of no use any more: it counts as gone."""
        if self.agent.sidecar_id:
            self._process.lose(self.agent.sidecar_id)

    @property
    def busy(self) -> bool:
        """Whether anything keeps the chat loaded."""
        used = self._users or len(self.hub) or len(self.waiting) or self._inbox.requests
        return bool(self._at_work or self.agent.sidecar_id or used)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keeps the chat loaded while what is asked of it is still being found out."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1

    def subscribe(self, sink: Sink) -> Subscription:
        """From within a plan: the tail that follows the state as it is now."""
        return self.hub.add(sink)

    def attach(self, running: Running | None) -> None:
        """After a start of the daemon: takes up the sidecar again, or learns that it is gone."""
        self._process.attach(self.agent, self.env, running)
        if self.agent.sidecar_id:
            self._watch_start(self.agent.sidecar_id)

    def end_at_once(self, sidecar_id: SidecarId) -> None:
        """Kills the sidecar and all it started, if it is still the chat's."""
        if self.agent.sidecar_id == sidecar_id:
            self._process.end(sidecar_id, 0.0)

    async def end_unrecorded(self) -> TurnId | None:
        """Ends what runs although the disk refuses to take it down; the record follows."""
        sidecar_id, running = self.agent.sidecar_id, self.state.running
        if sidecar_id is None or not (running or self.state.compacting):
            return None
        self._stopped_unrecorded = sidecar_id
        await self._world.keeper.end(sidecar_id, 0.0)
        return running.id if running else TurnId("")

    async def _perform(self, request: Request[object]) -> None:
        step = self._step()
        try:
            result = request.plan(step)
            await self._finish(step)
        except (errors.Fault, journal.KeyTaken) as fault:
            request.fail(fault)
        except StoreRefused as refusal:
            message = f"Could not write to disk ({refusal}); nothing was changed."
            request.fail(errors.StoreFull(message))
        except Exception as fault:
            request.fail(fault)
            raise
        else:
            request.succeed(result)

    async def _report(self) -> None:
        """Takes what the sidecar said; keeps it for later when the disk refuses."""
        if self.begun and self._has_plans:
            # This may be the end of a turn, with which something begins that uses a model.
            await self._world.block.renew_for(self.state.chat)
        reports = self._take_reports()
        step = self._step()
        hearing = self._process.hearing.copy()
        for report in reports:
            self._plan_report(step, hearing, report)
        try:
            await self._finish(step, hearing)
        except StoreRefused as refusal:
            logger.warning("chat %s waits for the disk: %s", self.chat_id, refusal)
            self._inbox.reports.extendleft(reversed(reports))
            self._inbox.reports_blocked = True
            self._world.nursery.start_soon(self._unblock_later)

    @property
    def _has_plans(self) -> bool:
        """Whether something waits for the chat to be free."""
        waits = self.state.queue or self.agent.steers or self.agent.compact_next is not None
        return bool(waits)

    def _take_reports(self) -> list[Report]:
        output: list[Report] = [*self._inbox.take_output()]
        return output or [self._inbox.reports.popleft()]

    def _plan_report(self, step: Step, hearing: Hearing, report: Report) -> None:
        if report.sidecar != self.agent.sidecar_id:
            self._world.keeper.forget(report.sidecar)
        elif isinstance(report, Output):
            hearing.hear(report, step)
        elif isinstance(report, Exit):
            self._process.end_groups(self.agent)
            if report.sidecar == self._stopped_unrecorded:
                step.agent = replace(step.agent, stopping=True)
            agent_ended.ended(step, report.reason, report.last_lines)
        else:
            agent_ended.forsaken(step)

    async def _checkpoint(self) -> None:
        self._inbox.checkpoint_due = self._checkpoint_planned = False
        if self.texts.unsaved_bytes:
            step = self._step()
            step.touch()
            try:
                await self._finish(step, self._process.hearing)
            except StoreRefused as refusal:
                logger.warning("chat %s could not checkpoint: %s", self.chat_id, refusal)
                self._plan_checkpoint()

    def _step(self) -> Step:
        standing = Standing(
            self.state,
            self.agent,
            self.texts,
            self._prompts,
            self._item_count,
            self.denials.unrecorded,
        )
        return Step(self.chat_id, standing, gate.ChatPolicy(self._world, self.env))

    async def _finish(self, step: Step, hearing: Hearing | None = None) -> None:
        """Commits if anything is to be stored, then becomes what the step led to."""
        durable = step.durable
        if durable and not step.effects.remove:
            attention.review(step, watched=bool(self.hub.subscriptions))
        durable = durable or self._grown_large(step, hearing)
        if durable:
            step.write.given_up = given_up = await step.effects.prepare(self.chat_id)
            await self._commit(step, hearing)
            await self._clear_away(given_up)
        if hearing:
            self._process.hearing = hearing
        if durable:
            self._become(step)
        self._publish(step)
        if durable:
            self._tell_world(step)
            if step.write.pieces:
                self.texts.mark_saved(step.write.pieces)
            self._process.carry_out(self.agent, step, hearing)
        await step.effects.carry_out(self)

    def hand_over_credentials(self) -> None:
        if self.agent.sidecar_id:
            self._world.credentials(self.agent.sidecar_id, self.env)

    def removed(self) -> None:
        """The last that is heard of the chat."""
        self.hub.publish([deleted(self.state.seq + 1)], self.state.seq + 1)
        self.hub.end()
        self._world.rulebook.forget("chat", self.chat_id)
        self._world.feed.deleted(self.chat_id)
        self.fail(self._not_found())

    async def _clear_away(self, given_up: list[str]) -> None:
        """What was asked for is done when it is answered; the rest of it is nobody's hurry."""
        for place in given_up:
            await trio.to_thread.run_sync(directories.remove, place)
        if given_up:
            self._world.given_up()

    def _grown_large(self, step: Step, hearing: Hearing | None) -> bool:
        """Whether a checkpoint is due: for the text at stake, or for the keeper's window."""
        grown = sum(len(piece) for piece in step.grown.values())
        if self.texts.unsaved_bytes + grown > CHECKPOINT_BYTES:
            return True
        most = CHECKPOINT_READ_BYTES
        return hearing is not None and self._process.is_far_behind(hearing, most)

    async def _commit(self, step: Step, hearing: Hearing | None) -> None:
        sidecar_id = self.agent.sidecar_id
        heard = hearing or self._process.hearing
        committed = (sidecar_id, heard.safe_offset) if sidecar_id else None
        if step.effects.launch:
            step.agent = replace(step.agent, keeper_pid=self._world.keeper.pid)
        await self._world.database.commit(step.transaction(committed))

    def _publish(self, step: Step) -> None:
        self.used_at = trio.current_time()
        for item_id, grown in step.grown.items():
            self.texts.append(item_id, bytes(grown))
        self.hub.publish(step.published, step.state.seq)
        if any(isinstance(entry, PublishedDelta) for entry in step.published):
            self._plan_checkpoint()

    def _tell_world(self, step: Step) -> None:
        """What a committed step means beyond the chat."""
        self._world.feed.publish(step.state.chat, step.events)
        if self.waiting.waiters:
            self.waiting.look(self.state, self.agent, step.events)
        if step.effects.rules or step.effects.settings:
            # Before a turn that is over takes its rules along.
            step.effects.take_force(self._world.rulebook)
        if step.write.turn_over:
            self._world.rulebook.forget("turn", step.write.turn_over)
            self._world.spent(step.state.chat)
        if any(isinstance(event, AttentionRaised) for event in step.events):
            self._world.attention(self.chat_id)

    def _become(self, step: Step) -> None:
        if step.agent.sidecar_id != self.agent.sidecar_id:
            self._process.begin_anew()
        self.state = step.state
        if self.denials.unrecorded:
            self.denials.keep_only(step.state.permissions)
        self.agent = step.agent
        self._item_count = step.item_count
        if step.effects.env is not None:
            self.env = step.effects.env
        waiting = {entry.turn_id for entry in step.state.queue} | set(step.agent.steers)
        self._prompts = {turn: said for turn, said in step.prompts.items() if turn in waiting}
        for closed in step.write.closed:
            self.texts.drop(ItemId(closed))

    async def launch(self, sidecar_id: SidecarId) -> None:
        """Starts the process a committed step has planned; its failure is a step of its own."""
        try:
            await self._process.launch(sidecar_id, self.state.chat.harness, self.env)
        except (errors.Fault, LaunchFailed) as failure:
            step = self._step()
            agent_ended.launch_failed(step, agent_process.launch_error(failure))
            await self._finish(step)
        else:
            self._watch_start(sidecar_id)

    def _watch_start(self, sidecar_id: SidecarId) -> None:
        self._world.nursery.start_soon(start_timeout.watch, self.ask, self.until, sidecar_id)

    def _not_found(self) -> errors.ChatNotFound:
        return errors.ChatNotFound(f"There is no chat {self.chat_id}.", chat_id=self.chat_id)

    def _plan_checkpoint(self) -> None:
        if not self._checkpoint_planned:
            self._checkpoint_planned = True
            self._world.nursery.start_soon(self._checkpoint_later)

    async def _checkpoint_later(self) -> None:
        await trio.sleep(CHECKPOINT_SECONDS)
        self._inbox.checkpoint_due = True
        self._inbox.poke()

    async def _unblock_later(self) -> None:
        await trio.sleep(REFUSED_PAUSE_SECONDS)
        self._inbox.reports_blocked = False
        self._inbox.poke()


def _nothing(step: Step) -> None:
    """What is asked of a chat whose commit under way is waited for."""
