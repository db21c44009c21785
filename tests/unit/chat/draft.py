"""A chat to plan with: every step is folded, stored in memory and checked, without disk or task."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from claudetted.chat import ids
from claudetted.chat.plans import lifecycle, sidecar_lines, turns
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState, fold
from claudetted.chat.state.message import Message
from claudetted.chat.state.open_texts import Texts
from claudetted.chat.step import PublishedDelta, PublishedEvent, Standing, Step
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import events as ev, sidecar as sc
from claudetted.protocol.base import ChatId, ItemId, TurnId
from claudetted.protocol.chats import Chat, Status
from claudetted.protocol.images import Image
from claudetted.protocol.items import Item
from claudetted.protocol.permissions import Confinement, Request
from claudetted.protocol.settings import KNOWN
from claudetted.protocol.turns import SendResult, Turn, When
from claudetted.sidecar.box.box import Box
from claudetted.store import journal

R = TypeVar("R")

STARTED = sc.Started("/sessions/one.jsonl", "house/large", context_window=1000)


class Draft:
    """What an actor keeps, carried from step to step."""

    def __init__(self, title: str = "", archived: bool = False) -> None:
        self.verdict = Verdict("ask", "It runs a command.")
        self.sees: bool | None = None
        self.has: tuple[str, ...] = ()
        """Tools of the agent's service."""
        self.settings: dict[str, Any] = {}
        self.box = Box("a box", wrap=lambda held: ["/bin/box", *held.hidden])
        self.chat_id = ChatId(ids.new_id())
        self.state: ChatState | None = None
        self.agent = Agent()
        self.texts = Texts([])
        self.prompts: dict[TurnId, Message] = {}
        self.item_count = 0
        self.told: list[PublishedEvent | PublishedDelta] = []
        self.writes: list[journal.Write] = []
        self.last: Step
        at = ids.now()
        chat = Chat(self.chat_id, "/work", "/work", title, "pi", "standard", Status("idle"), at, at)
        self.plan(lambda step: lifecycle.create(step, chat, {"PATH": "/bin"}))
        if archived:
            self.plan(lifecycle.archive)

    @property
    def now(self) -> ChatState:
        assert self.state is not None
        return self.state

    @property
    def events(self) -> list[ev.Event]:
        return [entry.event for entry in self.told if isinstance(entry, PublishedEvent)]

    @property
    def kinds(self) -> list[str]:
        return [kind(event) for event in self.events]

    @property
    def sent(self) -> list[Any]:
        """Every line for the sidecar of now."""
        return [
            decode_sent(line)
            for write in self.writes
            for sidecar_id, _, line in write.inputs
            if sidecar_id == self.agent.sidecar_id
        ]

    @property
    def all_sent(self) -> list[Any]:
        """Every line for any sidecar of the chat."""
        return [decode_sent(line) for write in self.writes for _, _, line in write.inputs]

    @property
    def turns(self) -> dict[TurnId, Turn]:
        """Turns as they are stored."""
        rows = [row for write in self.writes for row in write.turns]
        return {TurnId(row.id): decode_turn(row.body) for row in rows}

    @property
    def closed(self) -> list[Item]:
        """What the transcript has for good."""
        return [
            event.item for event in self.events if isinstance(event, (ev.ItemAdded, ev.ItemClosed))
        ]

    def step(self) -> Step:
        standing = Standing(self.state, self.agent, self.texts, self.prompts, self.item_count, {})
        return Step(self.chat_id, standing, self)

    # The policy, as a test sets it

    def may_run(self, _chat: Chat) -> None:
        """The agent knows the way."""

    def takes_images(self, _chat: Chat) -> bool | None:
        return self.sees

    def hosted(self, _chat: Chat) -> tuple[str, ...]:
        return self.has

    def judge(self, _step: Step, _request: Request) -> Verdict:
        return self.verdict

    def setting(self, key: str, _workspace: str) -> Any:
        return self.settings.get(key, KNOWN[key].default)

    @property
    def boxes(self) -> bool:
        return self.box.works

    def wrapper(self, confinement: Confinement) -> list[str]:
        return self.box.wrapper(confinement)

    def plan(self, plan: Callable[[Step], R]) -> R:
        """One step: planned, and taken over if it was not refused."""
        step = self.step()
        result = plan(step)
        self.take(step)
        return result

    def take(self, step: Step) -> None:
        durable = step.durable
        if durable:
            self.writes.append(step.finish(None))
        self.state, self.agent, self.item_count = step.state, step.agent, step.item_count
        for item_id, grown in step.grown.items():
            self.texts.append(item_id, bytes(grown))
        for item in step.write.closed:
            self.texts.drop(ItemId(item))
        if durable:
            self.texts.mark_saved(step.write.pieces)
        waiting = {entry.turn_id for entry in self.state.queue} | {*self.agent.steers}
        self.prompts = {turn: said for turn, said in step.prompts.items() if turn in waiting}
        self.told += step.published
        self.last = step
        self._check(waiting)

    def _check(self, waiting: set[TurnId]) -> None:
        """What holds after every step."""
        assert replay(self.told) == self.now
        assert msgspec.json.decode(msgspec.json.encode(self.now), type=ChatState) == self.now
        assert msgspec.json.decode(msgspec.json.encode(self.agent), type=Agent) == self.agent
        assert self.agent.calls.keys() == {item.id for item in self.now.open.values() if item.tool}
        assert self.prompts.keys() == waiting
        assert_turns_alternate(self.events)
        if self.now.running:
            assert self.agent.stage != "none"
        if self.agent.stage == "none":
            assert not (self.now.open or self.now.permissions or self.agent.requests)

    def hear(self, *heard: Any) -> list[ev.Event]:
        """Lines of the sidecar in one step; the events they made."""
        before = len(self.events)

        def plan(step: Step) -> None:
            for line in heard:
                sidecar_lines.hear(line, step)

        self.plan(plan)
        return self.events[before:]

    # A chat on its way

    def send(self, text: str, when: When = "auto", images: Sequence[Image] = ()) -> SendResult:
        message = Message(text, list(images))
        return self.plan(lambda step: turns.send(step, message, when))

    def answer(self, kind: str, result: Any = None, error: sc.LineError | None = None) -> None:
        """The sidecar answers its oldest request of a kind."""
        number = next(n for n, asked in self.agent.requests.items() if asked.kind == kind)
        self.hear(sc.Reply(number, error, msgspec.Raw(msgspec.json.encode(result))))

    def greet(self) -> None:
        """The sidecar says hello and opens its session."""
        self.hear(sc.Hello(1, "pi", "0.1", "1.5.2", pid=77))
        self.answer("start", STARTED)

    def message(self, text: str, when: When = "auto") -> TurnId:
        """The turn that a message makes."""
        turn_id = self.send(text, when).turn_id
        assert turn_id
        return turn_id

    def running(self, text: str = "do it") -> TurnId:
        """A turn that runs in a sidecar that is ready."""
        turn_id = self.message(text)
        if self.agent.stage == "starting":
            self.greet()
        self.answer("prompt")
        return turn_id

    def end(self, reason: Any = "done", error: str = "") -> None:
        """The agent has settled."""
        running = self.now.running
        assert running
        self.hear(sc.TurnEnd(running.id, reason, error))

    def ready(self) -> None:
        """Idle, with a sidecar and a turn behind it."""
        self.running()
        self.end()

    def item(self, name: str) -> ItemId:
        return ItemId(f"{self.agent.sidecar_id}.{name}")


def replay(told: list[PublishedEvent | PublishedDelta]) -> ChatState | None:
    """The fold of the events as a client decodes them."""
    state = None
    for entry in told:
        if isinstance(entry, PublishedEvent):
            state = fold(state, entry.seq, entry.at, ev.decode(entry.body))
    return state


def kind(event: ev.Event) -> str:
    return str(event.__struct_config__.tag)


def assert_turns_alternate(events: list[ev.Event]) -> None:
    """Started, ended, started, …: of the same turn each time, and no turn twice."""
    running, seen = None, set()
    for event in events:
        if isinstance(event, ev.TurnStarted):
            assert running is None, "a second turn started"
            assert event.turn.id not in seen, "a turn started twice"
            running = event.turn.id
            seen.add(running)
        elif isinstance(event, ev.TurnEnded):
            assert running == event.turn.id, "a turn ended that did not run"
            running = None


decode_turn = msgspec.json.Decoder(Turn).decode
_decode_sent = msgspec.json.Decoder(sc.ToSidecar).decode


def decode_sent(line: bytes) -> Any:
    assert line.endswith(b"\n")
    return _decode_sent(line)


def request(command: str = "make", digest: str = "d1") -> Request:
    return Request("bash", "run", digest, command=command, cwd="/work")
