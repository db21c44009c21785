"""Owns turns: what begins one, goes into it, stops it, and what its end means."""

from collections.abc import Callable
from typing import Any

import msgspec

from claudetted.harnesses import images
from claudetted.harnesses.codex import trouble
from claudetted.harnesses.codex.asks import Asks
from claudetted.harnesses.codex.compaction import Compaction
from claudetted.harnesses.codex.exchange import Exchange, ignore
from claudetted.harnesses.codex.items import Items
from claudetted.harnesses.codex.questions import Questions
from claudetted.harnesses.codex.usage import Meter
from claudetted.harnesses.codex.vendor import (
    Head,
    OfError,
    OfTurn,
    Terminals,
    Turn,
    TurnError,
    TurnStarted,
)
from claudetted.protocol import sidecar as sc
from claudetted.protocol.permissions import Level

ASKING = "untrusted"
"""The policy by which Codex asks before every command and every change of a file."""
SANDBOXES: dict[Level, dict[str, str]] = {"readonly": {"type": "readOnly"}}
FREE = {"type": "dangerFullAccess"}
"""Codex lifts no sandbox for a call that was allowed: what may run is the engine's to say."""

UNASKED = "Codex began to work by itself, without a message, and was stopped. Send one to go on."


class Running(msgspec.Struct):
    """Our turn, and theirs once they have named it."""

    name: str
    vendor: str = ""
    stopping: bool = False
    error: TurnError | None = None
    given_up: bool = False
    """Codex would try again what no later attempt changes, and is stopped."""
    steers: list[str] = []
    threads: set[str] = set()
    """All that worked in it: the chat's own, and those of agents that it has started."""
    over: Turn | None = None
    """How theirs ended, while agents that it has started are still at work."""


class Turns:
    def __init__(
        self,
        exchange: Exchange,
        items: Items,
        asks: Asks,
        questions: Questions,
        meter: Meter,
        compaction: Compaction,
        read: Callable[[str], bytes],
    ) -> None:
        self._read = read
        self._exchange = exchange
        self._items = items
        self._asks = asks
        self._questions = questions
        self.meter = meter
        self.compaction = compaction
        self._active: dict[str, str] = {}
        """Turns of theirs that run, by thread: agents that work for this one have threads."""
        self._aborts: list[int] = []
        self.thread = ""
        self.running: Running | None = None
        self.level: Level = "standard"
        self.model = ""
        self.effort = ""
        self.served = ""
        """Whose models are used, if not OpenAI's own."""
        self.signed_out = False
        """OpenAI has refused the sign-in: Codex reads a new one for certain when it starts."""

    @property
    def busy(self) -> bool:
        return self.running is not None or self.compaction.request is not None

    def prompt(self, line: sc.Prompt) -> None:
        if self.busy:
            self._exchange.refuse(line.id, "ChatBusy", "A turn runs already.")
            return
        said = self._input(line)
        if said is None:
            return
        running = self.running = Running(line.turn)
        self.meter.begin()
        if line.note:
            self._exchange.request(
                "thread/inject_items", ignore, threadId=self.thread, items=[_note(line.note)]
            )

        def begun(head: Head) -> None:
            if head.error:
                self.running = None
                self._exchange.refuse(line.id, "HarnessFailed", _refusal(head.error.message))
                self._settle()
                return
            running.vendor = msgspec.json.decode(head.result, type=TurnStarted).turn.id
            self._active[self.thread] = running.vendor
            self._exchange.reply(line.id)
            if running.stopping:
                self._interrupt()

        self._exchange.request("turn/start", begun, **self._turn(line.turn, said))

    def _turn(self, name: str, said: list[dict[str, str]]) -> dict[str, Any]:
        chosen = {"model": self.model, "effort": self.effort}
        return {
            "threadId": self.thread,
            "input": said,
            "clientUserMessageId": name,
            "approvalPolicy": ASKING,
            "sandboxPolicy": SANDBOXES.get(self.level, FREE),
            **{key: value for key, value in chosen.items() if value},
        }

    def _input(self, line: sc.Prompt | sc.Steer) -> list[dict[str, str]] | None:
        """Without a path: of a file Codex would name it to the model. None when an image cannot be
        read, and the line is refused."""
        said = [{"type": "text", "text": line.text}] if line.text else []
        try:
            shown = list(images.in_base64(line.images, self._read))
        except images.Unreadable as fault:
            self._exchange.refuse(line.id, "HarnessFailed", str(fault))
            return None
        urls = (f"data:{kind};base64,{data}" for kind, data in shown)
        return [*said, *({"type": "image", "url": url} for url in urls)]

    def steer(self, line: sc.Steer) -> None:
        running = self.running
        if running is None or not running.vendor or running.stopping:
            self._exchange.refuse(line.id, "NotRunning", "No turn runs.")
            return
        said = self._input(line)
        if said is None:
            return

        def answered(head: Head) -> None:
            if head.error:
                self._exchange.refuse(line.id, "NotRunning", head.error.message)
            else:
                running.steers.append(line.turn)
                self._exchange.reply(line.id)

        self._exchange.request(
            "turn/steer",
            answered,
            threadId=self.thread,
            input=said,
            clientUserMessageId=line.turn,
            expectedTurnId=running.vendor,
        )

    def taken(self, client_id: str | None) -> None:
        """A message of a person's has reached the model."""
        running = self.running
        if running and client_id in running.steers:
            running.steers.remove(client_id)
            self._items.interrupt_spoken()
            self._exchange.say(sc.SteerTaken(client_id))

    def abort(self, request: int) -> None:
        if not self.busy:
            self._exchange.reply(request)
            return
        self._aborts.append(request)
        self.stop()

    def stop(self) -> None:
        if self.running:
            self.running.stopping = True
        self._interrupt()
        self._asks.stopping = True
        self._asks.withdraw_all()
        self._questions.withdraw_all()

    def compact(self, line: sc.Compact, now: float) -> None:
        if self.busy:
            self._exchange.refuse(line.id, "ChatBusy", "A turn runs already.")
            return
        self.meter.begin()
        self.compaction.begin(line.id, now)

        def answered(head: Head) -> None:
            if head.error:
                self.compaction.refused(head.error.message, now)

        self._exchange.request("thread/compact/start", answered, threadId=self.thread)

    # What Codex tells

    def started(self, told: OfTurn) -> None:
        self._active[told.thread_id] = told.turn.id
        if self.running:
            self.running.threads.add(told.thread_id)
        elif self.compaction.request is None and told.thread_id == self.thread:
            self._exchange.say(sc.Notice("info", UNASKED))
            self._interrupt()
        if self._asks.stopping:
            self._interrupt()

    def failed(self, told: OfError) -> None:
        refused = self.running is not None and trouble.is_of_sign_in(told.error)
        if told.will_retry and not refused:
            self._items.withdraw_spoken()
            self._exchange.say(sc.Notice("retry", trouble.turn_failed(told.error, self.served)))
        elif self.running:
            self.running.error = told.error
            self.running.given_up = self.running.given_up or told.will_retry
            self.signed_out = refused and not self.served
            if told.will_retry:
                self._interrupt()

    def completed(self, told: OfTurn, now: float) -> None:
        self._active.pop(told.thread_id, None)
        if told.thread_id == self.thread:
            error = told.turn.error
            failure = trouble.turn_failed(error, self.served) if error else ""
            self.compaction.turn_ended(now, failure)
            if self.running:
                self.running.over = told.turn
            else:
                self._settle()
        self._end_when_all_have()

    def closed(self, thread: str) -> None:
        """An agent that this one had started is gone."""
        self._active.pop(thread, None)
        self._end_when_all_have()

    def _end_when_all_have(self) -> None:
        running = self.running
        if running is None or running.over is None or self._active:
            return
        turn, running.over = running.over, None
        if running.stopping:
            self._end_commands(running, turn, sorted(running.threads))
        else:
            self._end(running, turn)

    def _interrupt(self) -> None:
        for thread, turn in self._active.items():
            self._exchange.request("turn/interrupt", ignore, threadId=thread, turnId=turn)

    def _end_commands(self, running: Running, turn: Turn, threads: list[str]) -> None:
        """Codex leaves what runs running; what an earlier turn left in the background stays."""
        if not threads:
            self._end(running, turn)
            return
        thread, *rest = threads
        ours = self._items.running

        def listed(head: Head) -> None:
            found = msgspec.json.decode(head.result, type=Terminals) if not head.error else None
            left = [one.process_id for one in found.data if one.item_id in ours] if found else []
            self._terminate(left, thread, lambda: self._end_commands(running, turn, rest))

        self._exchange.request("thread/backgroundTerminals/list", listed, threadId=thread)

    def _terminate(self, processes: list[str], thread: str, then: Callable[[], None]) -> None:
        if not processes:
            then()
            return
        self._exchange.request(
            "thread/backgroundTerminals/terminate",
            lambda _: self._terminate(processes[1:], thread, then),
            threadId=thread,
            processId=processes[0],
        )

    def _end(self, running: Running, turn: Turn) -> None:
        given_up = running.given_up and not running.stopping
        stopped = running.stopping or (turn.status == "interrupted" and not given_up)
        self._items.close_all(stopped)
        self._items.show_changes()
        self._asks.withdraw_all()
        self._questions.withdraw_all()
        error = turn.error or running.error
        usage = self.meter.used()
        if stopped:
            end = sc.TurnEnd(running.name, "stopped", usage=usage)
        elif turn.status == "failed" or given_up:
            why = trouble.turn_failed(error, self.served)
            end = sc.TurnEnd(running.name, "failed", why, usage)
        else:
            if self.meter.context.used is not None:
                self._exchange.say(self.meter.context)
            end = sc.TurnEnd(running.name, "done", usage=usage)
        self.running = None
        self._exchange.say(end)
        self._settle()

    def _settle(self) -> None:
        """The agent is idle: who waited for that is told."""
        self._asks.turn_ended()
        for request in self._aborts:
            self._exchange.reply(request)
        self._aborts.clear()


def _note(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {"type": "message", "role": "user", "content": content}


def _refusal(message: str) -> str:
    if ASKING in message:
        return trouble.NOT_ASKING
    return f"Codex did not take the message: {message.rstrip('.')}."
