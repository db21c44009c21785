"""A person and a sidecar at one chat, each doing what it can do then, in any order."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from claudetted.chat.plans import agent_ended, agent_process, permissions, turns
from claudetted.chat.state.message import Message
from claudetted.chat.step import Step
from claudetted.protocol import errors, events as ev, sidecar as sc
from claudetted.protocol.base import TurnId
from claudetted.protocol.turns import Turn, When
from tests.unit.chat.draft import STARTED, Draft, request

ERROR = sc.LineError("HarnessFailed", "It broke.")


class Conversation(RuleBasedStateMachine):
    """What must hold for whatever they do is in the invariants, and in every draft."""

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft()
        self.messages: list[TurnId] = []
        self.names = 0

    # The person

    @initialize()
    def begin(self) -> None:
        self.messages.append(self.draft.message("first"))

    @rule(when=st.sampled_from(["auto", "queue", "steer"]))
    def send(self, when: When) -> None:
        self.messages.append(self.draft.message(f"message {len(self.messages)}", when))

    @rule()
    def stop(self) -> None:
        self.draft.plan(lambda step: turns.stop(step, "me/cli"))

    @rule()
    def compact(self) -> None:
        def plan(step: Step) -> None:
            with suppress(errors.ChatBusy, errors.NothingToCompact):
                turns.ask_to_compact(step, "")

        self.draft.plan(plan)

    @precondition(lambda self: not self.busy and self.last.reason not in (None, "done"))
    @rule()
    def retry(self) -> None:
        result = self.draft.plan(lambda step: turns.retry(step, Message("again")))
        assert result.turn_id
        self.messages.append(result.turn_id)

    @precondition(lambda self: self.draft.now.queue)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.draft.now.queue))
        self.draft.plan(lambda step: turns.remove_entry(step, entry.turn_id))

    @precondition(lambda self: self.draft.now.queue)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.draft.now.queue))
        self.draft.plan(lambda step: turns.edit_entry(step, entry.turn_id, "edited"))
        assert self.draft.prompts[entry.turn_id].text == "edited"

    @rule()
    def resume(self) -> None:
        self.draft.plan(turns.resume_queue)

    @precondition(lambda self: self.draft.now.permissions)
    @rule()
    def allow(self) -> None:
        asked = next(iter(self.draft.now.permissions))
        self.draft.plan(
            lambda step: permissions.decide(step, asked, "allow", "once", "me/cli", "", "")
        )

    @rule()
    def put_away(self) -> None:
        self.draft.plan(agent_process.end_politely)

    # The sidecar

    @precondition(lambda self: self.draft.agent.requests)
    @rule(refuse=st.booleans())
    def answer(self, refuse: bool) -> None:
        kind = next(iter(self.draft.agent.requests.values())).kind
        if kind == "start" and not refuse:
            self.draft.hear(sc.Hello(1, "pi", "0.1", "1.5.2"))
        error = ERROR if refuse and kind != "abort" else None
        self.draft.answer(kind, STARTED if kind == "start" else None, error)

    @precondition(lambda self: self.draft.now.running and self.ready)
    @rule(reason=st.sampled_from(["done", "stopped", "failed"]))
    def settle(self, reason: str) -> None:
        self.draft.end(reason, "It failed." if reason == "failed" else "")

    @precondition(lambda self: self.draft.agent.steers)
    @rule()
    def take_steer(self) -> None:
        self.draft.hear(sc.SteerTaken(self.draft.agent.steers[0]))

    @precondition(lambda self: self.draft.now.running and self.ready)
    @rule(asks=st.booleans())
    def call(self, asks: bool) -> None:
        self.names += 1
        name = f"i{self.names}"
        self.draft.hear(sc.ItemOpen(name, "tool", sc.ToolInfo("bash")), sc.ItemDelta(name, "é"))
        if asks:
            self.draft.hear(sc.Ask(f"a{self.names}", name, request()))

    @precondition(lambda self: self.ready)
    @rule()
    def begin_compaction(self) -> None:
        self.draft.hear(sc.CompactionStart("threshold"))

    @precondition(lambda self: self.draft.now.compacting and self.ready)
    @rule(ok=st.booleans())
    def end_compaction(self, ok: bool) -> None:
        self.draft.hear(sc.CompactionEnd("manual", ok, error="" if ok else "Too short."))

    @precondition(lambda self: self.draft.agent.sidecar_id)
    @rule()
    def die(self) -> None:
        self.draft.plan(lambda step: agent_ended.ended(step, "signal 9", ["oh"]))

    @precondition(lambda self: self.draft.agent.stage == "starting")
    @rule()
    def fail_to_launch(self) -> None:
        self.draft.plan(lambda step: agent_ended.launch_failed(step, ERROR))

    @precondition(lambda self: self.ready)
    @rule()
    def be_unusable(self) -> None:
        self.draft.plan(lambda step: agent_ended.unusable(step, ERROR))

    @property
    def ready(self) -> bool:
        return self.draft.agent.stage == "ready"

    @property
    def busy(self) -> bool:
        state = self.draft.now
        return bool(state.running or state.compacting or self.draft.agent.stopping)

    @property
    def last(self) -> Turn:
        turn = self.draft.now.turn
        assert turn
        return turn

    # What always holds, beyond what every draft holds to

    @invariant()
    def every_message_is_in_one_place(self) -> None:
        state, agent = self.draft.now, self.draft.agent
        running = [state.running.id] if state.running else []
        waiting = [entry.turn_id for entry in state.queue]
        over = [turn.id for turn in self.draft.turns.values() if turn.state in ("ended", "removed")]
        places = [*running, *waiting, *agent.steers, *over]
        assert sorted(places) == sorted(self.messages)

    @invariant()
    def every_turn_is_a_prompt_sent_once(self) -> None:
        """Or none, where the agent's process has died too often to be started."""
        sent = [line.turn for line in self.draft.all_sent if isinstance(line, sc.Prompt)]
        turns = [event.turn for event in self.draft.events if isinstance(event, ev.TurnStarted)]
        unsent = [turn.id for turn in turns if "is not started" in self.draft.turns[turn.id].error]
        assert sent == [turn.id for turn in turns if turn.id not in unsent]

    @invariant()
    def nothing_is_open_in_a_chat_at_rest(self) -> None:
        if not self.busy and self.draft.agent.stage in ("none", "ready"):
            assert not self.draft.now.open
            assert not self.draft.now.permissions
            queue = self.draft.now.queue
            assert not queue or self.draft.now.queue_paused

    @invariant()
    def a_stop_leads_somewhere(self) -> None:
        if self.draft.agent.stopping:
            assert self.draft.agent.sidecar_id
