"""Owns what is said while the program runs: prompts, steers, stops, and everything it tells."""

from collections.abc import Callable, Generator, Iterator

from claudetted.harnesses import images
from claudetted.harnesses.adapter import Action, ToVendor, log
from claudetted.harnesses.claude import frames, invocation, trouble
from claudetted.harnesses.claude.compacting import Compacting
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.frames import Frame, Response
from claudetted.harnesses.claude.gate import Gate
from claudetted.harnesses.claude.invocation import Wanted
from claudetted.harnesses.claude.items import Items
from claudetted.harnesses.claude.session import Session
from claudetted.harnesses.claude.turn import Turn, plus, was_stopped
from claudetted.protocol import sidecar as sc
from claudetted.protocol.turns import Usage

Actions = Iterator[Action]
_UNASKED = (
    "Claude Code began to work by itself, without a message, and was stopped. Send one to go on."
)


class Conversation:
    """One session, whatever process of the program has it."""

    def __init__(self, disk: Disk, send: Callable[..., Actions]) -> None:
        self.items = Items()
        self.gate = Gate(disk, self.items)
        self.window: int | None = None
        """Of the model that answered last."""
        self._disk = disk
        self._compacting = Compacting()
        self._send = send
        self._turn: Turn | None = None
        self._interrupted = False
        """What it does unasked is being stopped."""
        self._wanted: Wanted | None = None
        self._session: Session | None = None

    def prepare(self, wanted: Wanted, session: Session) -> None:
        """A process of the program is about to be started with these."""
        self._wanted, self._session = wanted, session
        self.gate.level, self.gate.workspace = wanted.level, wanted.cwd

    @property
    def busy(self) -> bool:
        return bool(self._turn or self._compacting.asked)

    # The daemon

    def line(self, line: sc.Steer | sc.Decide | sc.Inform) -> Actions:
        match line:
            case sc.Decide():
                yield from self.gate.decide(line)
            case sc.Inform():
                yield from self.gate.informed(line)
            case sc.Steer():
                yield from self._steer(line)

    def begin(self, line: sc.Prompt | sc.Compact) -> Actions:
        if self.busy:
            message = "Claude Code is at work; wait for its end or stop it."
            yield sc.Reply(line.id, sc.LineError("ChatBusy", message))
            return
        assert self._session
        if isinstance(line, sc.Compact):
            yield from self._compacting.ask(line.id)
            words = f"/compact {line.instructions}".strip()
            yield ToVendor(frames.prompt(frames.new_uuid(), [words], literal=False))
            return
        shown = yield from self._images(line)
        if shown is None:
            return
        self._session.begin()
        self._turn = Turn(line.turn)
        yield sc.Reply(line.id)
        texts = [line.note, line.text] if line.note else [line.text]
        uuid = frames.new_uuid()
        yield ToVendor(frames.prompt(uuid, texts, literal=not line.expand, images=shown))

    def _images(
        self, line: sc.Prompt | sc.Steer
    ) -> Generator[Action, None, list[tuple[str, str]] | None]:
        """(type, base64) of each; None when they cannot be read, and the line is refused."""
        try:
            return list(images.in_base64(line.images, self._disk.read))
        except images.Unreadable as fault:
            yield sc.Reply(line.id, sc.LineError("HarnessFailed", str(fault)))
            return None

    def _steer(self, line: sc.Steer) -> Actions:
        turn = self._turn
        if turn is None or turn.stopping:
            message = "No turn is running that could take it."
            yield sc.Reply(line.id, sc.LineError("NotRunning", message))
            return
        shown = yield from self._images(line)
        if shown is None:
            return
        uuid = frames.new_uuid()
        turn.steers[uuid] = line.turn
        yield sc.Reply(line.id)
        yield ToVendor(frames.prompt(uuid, [line.text], literal=True, images=shown))

    def abort(self, line: sc.Abort) -> Actions:
        """Answered when it has stopped, which its result says."""
        if not self.busy:
            yield sc.Reply(line.id)
            return
        if self._turn:
            self._turn.aborts.append(line.id)
            self.items.stopping = True
        else:
            self._compacting.aborts.append(line.id)
        yield from self._interrupt()

    def _interrupt(self) -> Actions:
        yield from self._send("interrupt", self._noted, cancel_queued=True)

    def _noted(self, response: Response) -> Actions:
        if response.subtype == "error":
            log(f"Claude Code did not stop: {response.error}")
        return iter(())

    def give_up(self) -> Actions:
        """The process ends: what runs counts as stopped."""
        yield from self._compacting.end(ok=False, error="The agent was ended.")
        if self._turn:
            yield from self._end("stopped")

    # The program

    def heard(self, frame: Frame) -> Actions:
        match frame.type:
            case "stream_event":
                if frame.event and not frame.parent_tool_use_id:
                    yield from self._streamed(frame.event)
            case "assistant":
                yield from self._said(frame)
            case "user":
                yield from self._told(frame)
            case "control_request":
                yield from self._asked(frame)
            case "control_cancel_request":
                yield from self.gate.cancelled(frame.request_id or "")
            case "command_lifecycle":
                yield from self._delivered(frame)
            case "system":
                yield from self._system(frame)
            case "rate_limit_event":
                if frame.rate_limit_info and (text := trouble.limit(frame.rate_limit_info)):
                    yield sc.Notice("info", text)
            case "result":
                yield from self._result(frame)

    def _streamed(self, event: frames.Event) -> Actions:
        if event.type == "message_start" and not self.busy:
            if not self._interrupted:
                self._interrupted = True
                yield sc.Notice("info", _UNASKED)
                yield from self._interrupt()
            return
        if self._turn:
            yield from self.items.streamed(event)
            if event.type == "message_delta":
                self._turn.so_far = plus(self._turn.so_far, event.usage)
                yield sc.UsedSoFar(self._turn.so_far)

    def _said(self, frame: Frame) -> Actions:
        message, turn = frame.message, self._turn
        if message is None or turn is None:
            return
        if frame.error or message.model == "<synthetic>":
            blocks = message.content if isinstance(message.content, list) else []
            text = " ".join(block.text for block in blocks)
            if frame.error:
                turn.trouble = (frame.error, frame.api_error_status, text)
                return
        yield from self.items.whole(frame, message)

    def _told(self, frame: Frame) -> Actions:
        if frame.message:
            yield from self.items.results(frame.message, frame.tool_use_result)

    def _asked(self, frame: Frame) -> Actions:
        number = frame.request_id or ""
        asked = frames.decode_asked(frame.request)
        if asked.subtype == "hook_callback":
            yield from self.gate.hooked(number, asked)
        elif asked.subtype == "can_use_tool":
            yield from self.gate.asked(number, asked)
        else:
            yield ToVendor(frames.unsupported(number))

    def _delivered(self, frame: Frame) -> Actions:
        turn = self._turn
        if turn and frame.state == "started" and (id := turn.steers.pop(frame.command_uuid, "")):
            yield sc.SteerTaken(id)

    def _system(self, frame: Frame) -> Actions:
        match frame.subtype:
            case "status":
                yield from self._compacting.status(frame)
            case "compact_boundary" if frame.compact_metadata:
                yield from self._compacting.boundary(frame.compact_metadata)
            case "task_started" if frame.task_id and frame.tool_use_id:
                self.items.agents[frame.task_id] = frame.tool_use_id
            case "api_retry":
                yield from self._retry(frame)
            case "model_fallback" | "informational" if frame.result:
                yield sc.Notice("info", frame.result)

    def _retry(self, frame: Frame) -> Actions:
        yield from self.items.discard()
        if frame.error != "authentication_failed" or self._turn is None:
            yield sc.Notice("retry", trouble.retry(frame))
        elif not self._turn.refused:
            # It would try ten times, for minutes.
            told = (frame.error, frame.error_status or 401, "The sign-in was refused")
            self._turn.refused = self._why(*told)
            yield from self._interrupt()

    def _result(self, frame: Frame) -> Actions:
        self._interrupted = False
        for used in frame.modelUsage.values():
            self.window = used.contextWindow or self.window
        cost = self._cost(frame)
        if self._compacting.asked:
            yield from self._compacting.result(frame, plus(Usage(), frame.usage, cost))
            return
        turn = self._turn
        if turn is None:
            return
        turn.total = plus(turn.total, frame.usage, cost)
        stopped = turn.stopping or was_stopped(frame)
        if turn.steers and not stopped and not frame.is_error:
            return  # They come next, in the same turn.
        if turn.refused:
            yield from self._end("failed", turn.refused)
        elif stopped:
            yield from self._end("stopped")
        elif frame.is_error:
            trouble_told = turn.trouble or ("", None, frame.result or "; ".join(frame.errors))
            yield from self._end("failed", self._why(*trouble_told))
        else:
            yield from self._done(frame)

    def _done(self, frame: Frame) -> Actions:
        assert self._wanted
        endpoint = self._wanted.endpoint
        window = (endpoint.context_window if endpoint else None) or self.window
        if self.items.used:
            yield sc.ContextUsed(self.items.used, window)
        if frame.stop_reason == "max_tokens":
            text = "The answer was cut off at the model's limit. Send a message to go on."
            yield sc.Notice("info", text)
            yield from self._end("done", incomplete=True)
        else:
            yield from self._end("done")

    def _end(self, reason: str, error: str = "", *, incomplete: bool = False) -> Actions:
        turn = self._turn
        assert turn
        yield from self.gate.withdraw()
        yield from self.items.close("done" if reason == "done" else reason)
        usage = turn.total if turn.total != Usage() else turn.so_far
        yield sc.TurnEnd(
            turn.id,
            reason,  # type: ignore[arg-type]
            error,
            usage if usage != Usage() else None,
            "length" if incomplete else "",
        )
        self._turn = None
        for number in turn.aborts:
            yield sc.Reply(number)

    def _cost(self, frame: Frame) -> float | None:
        """Of a user's own server nobody knows it."""
        assert self._session and self._wanted
        if frame.total_cost_usd is None or self._wanted.endpoint:
            return None
        return self._session.spent(frame.total_cost_usd)

    def _why(self, kind: object, status: int | None, text: str) -> str:
        assert self._wanted
        endpoint = self._wanted.endpoint
        served = endpoint.name if endpoint else ""
        return trouble.of_turn(kind, status, text, invocation.model_of(self._wanted), served)
