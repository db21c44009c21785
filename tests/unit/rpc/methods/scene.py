"""Two chats, three clients, one daemon after another: what each of them can do."""

import shutil
import tempfile
import threading
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import trio
from trio.testing import wait_all_tasks_blocked

from claudetted.chat.plans import permissions, turns
from claudetted.chat.state.message import Message
from claudetted.chat.step import Step
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import ChatId, SidecarId
from tests.unit.chat.draft import request
from tests.unit.chat.world import Puppet
from tests.unit.rpc.methods.watching import Stage, Watcher

WATCHERS = 3


class Scene:
    """The sidecars of both chats use the same names."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="watching-"))
        self.stage = Stage(self.directory)
        self.watchers = self.stage.watchers
        self.watchers += [Watcher() for _ in range(WATCHERS)]
        self.asked = 0
        self.opened: dict[tuple[SidecarId, str], str] = {}
        self.counts: dict[SidecarId, int] = {}
        self.stage.open()

    def close(self) -> None:
        self.stage.close()
        shutil.rmtree(self.directory)

    def run(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Until all is done that it leads to."""

        async def call() -> Any:
            result = function(*arguments, **named)
            if isinstance(result, Awaitable):
                result = await result
            await self.stage.settle()
            return result

        return self.stage.loop.call(call)

    def at_once(self, function: Any, *arguments: Any, **named: Any) -> None:
        """Without waiting for what it leads to."""

        async def call() -> None:
            result = function(*arguments, **named)
            if isinstance(result, Awaitable):
                await result

        self.stage.loop.call(call)

    def check(self) -> None:
        self.stage.loop.call(self.stage.check)

    # Clients

    def connect(self, watcher: Watcher) -> None:
        self.run(self.stage.connect, watcher)

    def subscribe(self, watcher: Watcher, chat: ChatId, twice: bool = False) -> None:
        if twice:
            self.at_once(watcher.ask, "event/subscribe", chatId=chat)
        self.run(watcher.ask, "event/subscribe", chatId=chat)

    def resume(self, watcher: Watcher, chat: ChatId, then_afresh: bool = False) -> None:
        """From where it was; or it thinks better of it at once, and starts afresh."""
        before, after = watcher.snapshots, watcher.cursor(chat)
        ask = self.at_once if then_afresh else self.run
        ask(watcher.ask, "event/subscribe", chatId=chat, after=after)
        if then_afresh:
            self.run(watcher.ask, "event/subscribe", chatId=chat)
        if watcher.connected:
            assert watcher.snapshots == before + then_afresh

    def subscribe_and_leave(self, watcher: Watcher, chat: ChatId) -> None:
        self.at_once(watcher.ask, "event/subscribe", chatId=chat)
        self.run(watcher.disconnect)

    def begin_to_subscribe(self, watcher: Watcher, chat: ChatId, **params: Any) -> None:
        """Goes on when the answer waits for something."""
        ask = partial(watcher.ask, "event/subscribe", chatId=chat, **params)
        self.at_once(self.stage.begin, ask)

    def unsubscribe(self, watcher: Watcher, chat: ChatId) -> None:
        self.run(watcher.ask, "event/unsubscribe", chatId=chat)

    def look_away(self, watcher: Watcher) -> None:
        """It reads no more; what it has asked is answered already."""
        watcher.reading = trio.Event()

    def look_again(self, watcher: Watcher) -> None:
        self.run(lambda: watcher.reading.set())

    # The daemon

    def restart(self, at_rest: bool) -> None:
        (self.run if at_rest else self.at_once)(self.stage.kill)
        self.run(self.stage.start)

    def wait(self) -> None:
        """Long enough for a checkpoint, and for the last word to a client that does not read."""
        self.stage.loop.call(self.stage.pass_time, 3.0)

    @contextmanager
    def held_up(self, chat: ChatId, notice: str = "") -> Iterator[None]:
        """The chat's task waits for the disk, to store a notice or no event; what is asked now
        comes after."""
        gate = threading.Event()
        self.at_once(self.stage.begin, self.stage.database.commit, lambda connection: gate.wait())

        def plan(step: Step) -> None:
            if notice:
                step.add_notice("info", notice)
            else:
                step.touch()

        self.at_once(self.stage.begin, self.stage.plan, chat, plan)
        try:
            yield
        finally:
            gate.set()
        self.run(wait_all_tasks_blocked)

    # A person and the sidecars

    def send(self, chat: ChatId) -> None:
        """A message, and what a sidecar answers at once."""
        self.run(self.stage.plan, chat, turns.send, message=Message("do it"), when="auto")
        while (found := self.sidecar(chat)) and found[1].unanswered:
            self.run(self.stage.keeper.answer, found[0])

    def decide(self, chat: ChatId) -> None:
        def plan(step: Step) -> None:
            for asked in list(step.state.permissions)[:1]:
                permissions.decide(step, asked, "allow", "once", "me", "", "")

        self.run(self.stage.plan, chat, plan)

    def speak(
        self, chat: ChatId, name: str, text: str, cut: int | None = None, at_once: bool = False
    ) -> None:
        """An item is opened and grows; of what is said only a part may come through yet."""
        if found := self.sidecar(chat):
            sidecar, _ = found
            lines: list[Any] = []
            if (sidecar, name) not in self.opened:
                # The same names in both chats, and each but once in a sidecar's life.
                self.counts[sidecar] = self.counts.get(sidecar, 0) + 1
                self.opened[sidecar, name] = f"{name}{self.counts[sidecar]}"
                lines.append(sc.ItemOpen(self.opened[sidecar, name], "message"))
            lines.append(sc.ItemDelta(self.opened[sidecar, name], text))
            say = self.at_once if at_once else self.run
            say(self.stage.keeper.say, sidecar, *lines, told=cut)

    def close_item(self, chat: ChatId, name: str) -> None:
        if (found := self.sidecar(chat)) and (found[0], name) in self.opened:
            line = sc.ItemClose(self.opened.pop((found[0], name)))
            self.run(self.stage.keeper.say, found[0], line)

    def ask(self, chat: ChatId) -> None:
        if found := self.sidecar(chat):
            self.asked += 1
            self.run(self.stage.keeper.say, found[0], sc.Ask(f"q{self.asked}", "a1", request()))

    def notice(self, chat: ChatId, count: int) -> None:
        if found := self.sidecar(chat):
            lines = [sc.Notice("info", f"number {n} " + "x" * 100) for n in range(count)]
            self.run(self.stage.keeper.say, found[0], *lines)

    def end_turn(self, chat: ChatId) -> None:
        actor = self.stage.manager._actors.get(chat)
        found = self.sidecar(chat)
        if found and actor and actor.state.running:
            line = sc.TurnEnd(actor.state.running.id, "done")
            self.opened = {key: at for key, at in self.opened.items() if key[0] != found[0]}
            self.run(self.stage.keeper.say, found[0], line)

    def die(self, chat: ChatId) -> None:
        if found := self.sidecar(chat):
            self.run(self.stage.keeper.die, found[0], code=1)

    def sidecar(self, chat: ChatId) -> tuple[SidecarId, Puppet] | None:
        found = [
            (sidecar, puppet)
            for sidecar, puppet in self.stage.keeper.puppets.items()
            if puppet.chat == chat and not puppet.exit
        ]
        return found[-1] if found else None


def begin(scene: Scene) -> None:
    for _ in range(2):
        scene.run(scene.stage.create_chat)
    for chat in scene.stage.chats:
        scene.send(chat)
    scene.connect(scene.watchers[0])
    scene.subscribe(scene.watchers[0], scene.stage.chats[0])


@contextmanager
def opened() -> Iterator[Scene]:
    scene = Scene()
    try:
        begin(scene)
        yield scene
    finally:
        scene.close()
