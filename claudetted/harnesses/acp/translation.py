"""Owns the translation between our lines and the Agent Client Protocol. Without input or output."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from claudetted.harnesses.acp import (
    conversation,
    messages as acp,
    prompts,
    refusals,
    settings,
    turns,
)
from claudetted.harnesses.acp.agent import Agent, Program
from claudetted.harnesses.acp.conversation import HELD, Conversation
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.messages import Incoming
from claudetted.harnesses.acp.offered import MODE, MODEL
from claudetted.harnesses.acp.opening import QUIET, Opening
from claudetted.harnesses.acp.refusals import Refused
from claudetted.harnesses.acp.speech import Names
from claudetted.harnesses.acp.turns import Turn
from claudetted.harnesses.acp.vendor import Vendor, sentence
from claudetted.harnesses.adapter import (
    Action,
    EndVendor,
    Exit,
    ToVendor,
    VendorEnd,
    Wake,
    log,
)
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

DISPOSE_SECONDS = 1.0
"""A turn has so long to stop before the program is ended all the same."""


class Translation:
    """One agent. `env` is what its program is started with."""

    def __init__(self, program: Program, disk: Disk, env: Mapping[str, str], pid: int) -> None:
        self._agent = Agent(program, pid)
        self._names = Names()
        self._disk = disk
        self._conversation = Conversation(self._agent, self._names, disk)
        self._opening = Opening(self._agent, disk, env)
        self._turn: Turn | None = None
        self._reasons: list[str] = []
        """Why calls were denied, to be told with the next prompt."""
        self._disposing: int | None = None
        self._early: list[sc.Prompt | sc.Configure | sc.Compact] = []
        """What came while the session was being opened, and waits for that."""

    @property
    def _vendor(self) -> Vendor:
        return self._opening.vendor

    def begun(self) -> Iterable[Action | Line]:
        yield self._agent.introduced(self._agent.capabilities)

    # Lines of the daemon

    def line(self, line: sc.ToSidecar, now: float) -> Iterable[Action | Line]:
        self._opening.heard_at = now
        if self._opening.line and isinstance(line, sc.Prompt | sc.Configure | sc.Compact):
            self._early.append(line)
        else:
            yield from self._taken(line)

    def _taken(self, line: sc.ToSidecar) -> Iterator[Action | Line]:
        try:
            yield from self._take(line)
        except Refused as refused:
            yield sc.Reply(getattr(line, "id", 0), refused.error)

    def _catch_up(self) -> Iterator[Action | Line]:
        """The session is open, or will not be."""
        while self._early and not self._opening.line:
            yield from self._taken(self._early.pop(0))

    def _take(self, line: sc.ToSidecar) -> Iterable[Action | Line]:
        match line:
            case sc.Start():
                return self._start(line)
            case sc.Prompt():
                return self._prompt(line)
            case sc.Steer():
                return self._steer(line)
            case sc.Abort():
                return self._abort(line)
            case sc.Decide():
                return self._decide(line)
            case sc.Configure():
                return self._configure(line)
            case sc.Compact():
                return self._compact(line)
            case sc.Models():
                return [_reply(line.id, self._models())]
            case sc.Commands():
                return [_reply(line.id, sc.CommandList(self._agent.commands))]
            case sc.Inspect():
                return self._opening.inspect(line)
            case sc.Forget():
                return self._opening.forget(line)
            case sc.Dispose():
                return self._dispose(line)
            case sc.Environment() | sc.Credentials() | sc.Inform():
                return ()  # Its process has the environment it began with, and no keys of ours.
            case _:
                return [sc.Reply(line.id, sc.LineError("InvalidRequest", "Agents keep this."))]

    def _start(self, line: sc.Start) -> Iterator[Action | Line]:
        if self._opening.line or self._turn:
            raise Refused("A session is being opened.", "ChatBusy")
        self._conversation.begin(line.cwd)
        yield from self._opening.start(line)

    def _prompt(self, line: sc.Prompt) -> Iterator[Action | Line]:
        self._check_idle()
        # Some agents join the blocks of a prompt without anything between them.
        notes = [f"{note}\n\n" for note in (line.note, conversation.denials(self._reasons)) if note]
        prompt = self._blocks([*notes, self._plain(line)], line.images)
        self._turn = Turn(line.turn, cost=self._conversation.usage.cost)
        yield sc.Reply(line.id)
        self._reasons.clear()
        yield self._ask_model(prompt)

    def _plain(self, line: sc.Prompt) -> str:
        """A message that begins like a command of the agent's is none: it is sent as text."""
        word = line.text[1:].split(maxsplit=1)[:1] if line.text.startswith("/") else []
        meant = {row.name for row in self._agent.commands}
        return f" {line.text}" if word and word[0] in meant and not line.expand else line.text

    def _blocks(self, texts: list[str], files: list[sc.ImageFile]) -> list[prompts.Block]:
        return prompts.blocks(self._agent, self._disk, texts, files)

    def _ask_model(self, prompt: list[prompts.Block]) -> Action:
        params = {"sessionId": self._agent.session, "prompt": prompt}
        return self._vendor.ask("session/prompt", params, self._prompted)

    def _check_idle(self) -> None:
        if not self._opening.path:
            raise Refused("There is no session.", "InvalidRequest")
        if self._turn:
            raise Refused("A turn runs.", "ChatBusy")

    def _steer(self, line: sc.Steer) -> Iterator[Action | Line]:
        if not self._turn or not self._turn.id or self._turn.aborts:
            raise Refused("No turn runs.", "NotRunning")
        if not self._agent.initialized.steers:
            text = f"{self._agent.name} takes no message in mid-turn."
            raise Refused(text, "NotSupported", capability="steer")
        prompt = self._blocks([line.text], line.images)
        params = {"sessionId": self._agent.session, "prompt": prompt}

        def steered(message: Incoming) -> Iterator[Line]:
            told = msgspec.json.decode(message.result, type=acp.Steered | None)
            if message.error or not told or told.outcome != "injected":
                yield sc.Reply(line.id, sc.LineError("NotRunning", "It came too late."))
                return
            yield sc.Reply(line.id)
            yield sc.SteerTaken(line.turn)

        yield self._vendor.ask("_session/steering", params, steered)

    def _abort(self, line: sc.Abort) -> Iterator[Action | Line]:
        if self._turn is None:
            yield sc.Reply(line.id)
            early, self._early = self._early, []
            for one in early:
                yield sc.Reply(one.id, sc.LineError("NotRunning", "It was stopped."))
            return
        self._turn.aborts.append(line.id)
        yield from self._cancel()

    def _cancel(self) -> Iterator[Action | Line]:
        self._conversation.stopping = True
        params = {"sessionId": self._agent.session}
        yield ToVendor(acp.notification("session/cancel", params))
        yield from self._conversation.drain()

    def _decide(self, line: sc.Decide) -> Iterator[Action | Line]:
        if not line.allow and line.reason:
            self._reasons.append(line.reason)
        return self._conversation.decide(line)

    def _configure(self, line: sc.Configure) -> Iterator[Action | Line]:
        if not self._opening.path:
            raise Refused("There is no session.", "InvalidRequest")
        before = self._agent.level
        if line.level:
            refusals.check_level(self._agent, line.level)
            self._agent.level = line.level
        path = self._opening.path

        def done() -> Iterator[Line]:
            yield _reply(line.id, settings.started(self._agent, path))

        def then(step: Callable[[Incoming], Iterable[Action | Line]]) -> Any:
            def heard(message: Incoming) -> Iterator[Action | Line]:
                try:
                    if message.error:
                        told = sentence(message.error)
                        raise Refused(f"{self._agent.name} refused the change: {told}")
                    yield from step(message)
                except Refused as refused:
                    self._agent.level = before
                    yield sc.Reply(line.id, refused.error)

            return heard

        try:
            wanted = settings.wanted(self._agent, line.model, line.thinking)
        except Refused:
            self._agent.level = before
            raise
        yield from settings.applied(self._agent, self._vendor, wanted, done, then)

    def _compact(self, line: sc.Compact) -> Iterator[Action | Line]:
        self._check_idle()
        if not self._agent.capabilities.compact:
            text = f"{self._agent.name} has no command that compacts the conversation."
            raise Refused(text, "NotSupported", capability="compact")
        usage = self._conversation.usage
        self._turn = Turn("", line.id, cost=usage.cost, before=usage.used)
        self._conversation.silent = True
        yield sc.CompactionStart("manual")
        yield self._ask_model(self._blocks([f"/compact {line.instructions}".strip()], []))

    def _models(self) -> sc.ModelList:
        name = self._agent.name
        rows = [
            sc.ModelRow(one.value, name, one.name or one.value)
            for one in self._agent.offered.choices(MODEL)
        ]
        trouble = "" if rows else f"{name} tells its models once it has begun a session."
        return sc.ModelList(rows, trouble)

    def _dispose(self, line: sc.Dispose) -> Iterator[Action | Line]:
        self._disposing = line.id
        if not self._opening.running:
            yield sc.Reply(line.id)
            yield Exit()
        elif self._turn:
            yield from self._cancel()
            yield Wake(DISPOSE_SECONDS, "dispose")
        else:
            yield EndVendor(DISPOSE_SECONDS)

    # Messages of the agent

    def vendor_line(self, data: bytes, now: float) -> Iterable[Action | Line]:
        try:
            message = msgspec.json.decode(data, type=Incoming)
            yield from self._heard(message, now)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            shown = data[:200].decode(errors="replace")
            log(f"{self._agent.name} wrote something that is no message ({error}): {shown}")
            return
        if self._conversation.unasked:
            yield from self._stop_unasked()
        yield from self._catch_up()
        yield from self._keep_mode()

    def _heard(self, message: Incoming, now: float) -> Iterable[Action | Line]:
        if not message.method:
            return self._vendor.answered(message)
        if message.id is not None:
            return self._asked(message.id, message)
        if message.method == "session/update":
            return self._told(message, now)
        if message.method == "$/cancel_request":
            told = msgspec.json.decode(message.params, type=acp.Cancelled)
            return self._conversation.withdrawn(told.request_id)
        return ()

    def _told(self, message: Incoming, now: float) -> Iterable[Action | Line]:
        told = msgspec.json.decode(message.params, type=acp.Update)
        commands = self._agent.commands
        if self._opening.replaying or self._opening.line:
            self._opening.heard_at = now
            self._conversation.note(told.update)
        elif told.session_id in ("", self._agent.session):
            yield from self._conversation.update(told.update)
        if self._agent.commands is not commands and (hello := self._agent.hello()):
            yield hello

    def _asked(self, number: acp.Id, message: Incoming) -> Iterable[Action | Line]:
        if message.method == "session/request_permission" and not self._opening.line:
            request = msgspec.json.decode(message.params, type=acp.PermissionRequest)
            return self._conversation.permission(number, request)
        # Agents may ask for what we did not offer; without an answer they would wait.
        text = f"claudetted does not offer {message.method[:80]}."
        return [ToVendor(acp.refusal(number, acp.METHOD_NOT_FOUND, text))]

    def _stop_unasked(self) -> Iterator[Action | Line]:
        if self._turn and not self._conversation.stopping:
            yield from self._cancel()

    def _keep_mode(self) -> Iterator[Action | Line]:
        """An agent that leaves the mode in which it asks is set back."""
        if not self._opening.path:
            return
        left = self._agent.offered.current(MODE)
        if left == self._mode_seen:
            return
        self._mode_seen = left
        try:
            wanted = settings.wanted_mode(self._agent)
        except Refused as refused:
            log(str(refused))
            return
        if wanted:
            method, params = self._agent.offered.setting(MODE, wanted)
            params["sessionId"] = self._agent.session

            def set_back(message: Incoming) -> Iterator[Line]:
                if not message.error:
                    self._agent.offered.now(MODE, wanted)
                    text = (
                        f"{self._agent.name} went to its mode {left}; it was set back to {wanted}."
                    )
                    yield sc.Notice("info", text)

            yield self._vendor.ask(method, params, set_back)

    _mode_seen = ""

    # The end of a turn

    def _prompted(self, message: Incoming) -> Iterator[Action | Line]:
        turn = self._turn
        if turn is None:
            return
        told = turns.answer_of(message)
        stopped = bool(turn.aborts) or self._disposing is not None
        status, error = turns.outcome(self._agent, self._conversation, stopped, message)
        yield from self._conversation.close(status)
        if turn.id:
            yield from turns.ended(turn, self._conversation, status, error, told)
        else:
            yield from turns.compacted(turn, self._conversation, status, error, told)
        self._turn = None
        self._conversation.stopping = self._conversation.silent = False
        self._conversation.unasked = ""
        for abort in turn.aborts:
            yield sc.Reply(abort)
        if self._disposing is not None:
            yield EndVendor(DISPOSE_SECONDS)

    # The end of the agent

    def vendor_ended(self, end: VendorEnd) -> Iterable[Action | Line]:
        was_starting = self._opening.line is not None
        self._opening.running = False
        if self._disposing is not None:
            yield sc.Reply(self._disposing)
            yield Exit()
        elif was_starting:
            yield from self._opening.failed(refusals.start_failure(self._agent, end))
            yield from self._catch_up()
        else:
            log(f"{self._agent.name} has ended: {end.error or end.stderr or end.code}")
            yield Exit(1)

    def woken(self, what: str, now: float) -> Iterable[Action | Line]:
        line = self._opening.line
        if what == QUIET:
            yield from self._opening.quiet(now)
        elif what == "dispose" and self._turn:
            yield EndVendor(0.0)
        elif line and what == f"start {line.id}":
            yield from self._opening.given_up()
            yield EndVendor(0.0)
        elif what.startswith(HELD):
            yield from self._conversation.waited(what.removeprefix(HELD))
        yield from self._catch_up()


def _reply(number: int, result: object) -> sc.Reply:
    return sc.Reply(number, result=msgspec.Raw(msgspec.json.encode(result)))
