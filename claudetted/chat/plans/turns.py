"""Owns turns and the queue: when a message runs, waits, steers, stops and ends."""

from functools import partial

from msgspec.structs import replace

from claudetted.chat import ids
from claudetted.chat.plans import agent_process, compactions, hosted, images, permissions, questions
from claudetted.chat.state.message import Message
from claudetted.chat.state.open_texts import cut, utf8_length
from claudetted.chat.step import Step
from claudetted.protocol import errors, events as ev, sidecar
from claudetted.protocol.base import ItemId, TurnId
from claudetted.protocol.images import Image
from claudetted.protocol.items import Item
from claudetted.protocol.queue import QueueEntry
from claudetted.protocol.turns import EndReason, Incomplete, SendResult, Turn, Usage, When

_QUEUE_TEXT_BYTES = 1024
_TITLE_LENGTH = 60


def send(step: Step, message: Message, when: When, *, expand: bool = False) -> SendResult:
    """A message starts a turn, or waits, or goes into the running turn. One that nothing here
    could run is refused, and so is one with images that the chat's agent or model cannot take.

    What the agent has to expand never goes into a running turn.
    """
    step.may_run(step.state.chat)
    if when == "steer" and not step.state.chat.capabilities.steer:
        raise agent_process.unsupported(
            step, "steer", "takes no message in mid-turn; send it for the next turn"
        )
    _check(step, message)
    turn_id = TurnId(ids.new_id())
    if step.state.chat.archived_at:
        step.emit(ev.ChatRestored())
        step.add_notice("info", "The chat was archived; this message has restored it.")
    if is_free(step):
        _let_queue_go(step)
        turn = Turn(turn_id, step.chat_id, "queued", when, queued_at=step.at, expand=expand)
        start(step, turn, message)
        return SendResult(turn_id, "running")
    if when == "steer" and not expand and step.state.running and not step.agent.stopping:
        _steer(step, turn_id, message)
        return SendResult(turn_id, "steering")
    if step.agent.stopping or _is_ending(step):
        _enqueue_next(step, turn_id, message, when, expand)
    else:
        _enqueue(step, turn_id, message, when, expand)
    return SendResult(turn_id, "queued")


def _check(step: Step, message: Message) -> None:
    """Raises InvalidParams for nothing at all, and NotSupported for images nobody would see."""
    if not message.text and not message.images:
        sentence = "The message is empty; it needs a text or an image."
        raise errors.InvalidParams(sentence, path="$.text")
    if message.images:
        images.check(step, message.images)


def is_free(step: Step) -> bool:
    """Whether a message could start a turn now."""
    return not _is_busy(step) and step.agent.stage != "ending"


def _is_busy(step: Step) -> bool:
    return bool(step.state.running or step.state.compacting or step.agent.stopping)


def _is_ending(step: Step) -> bool:
    """Only the old process is in the way: the message starts as soon as that is gone."""
    return not _is_busy(step) and step.agent.stage == "ending"


def start(step: Step, turn: Turn, message: Message, refusal: str = "") -> None:
    """Begins a turn: the message first, then the turn, then the line to the sidecar. With a
    `refusal`, which says why it may not run, it fails at once."""
    _title_from(step, message)
    turn_id, expand, text = turn.id, turn.expand, message.text
    turn = replace(turn, state="running", started_at=step.at, images=message.images)
    step.put_turn(turn, text)
    step.add_item(_said(turn_id, turn_id, message), text)
    step.emit(ev.TurnStarted(turn))
    if why := refusal or agent_process.ensure(step):
        step.add_notice("error", why)
        end(step, "failed", why)
        return
    hosted.follow(step)
    note = step.agent.note
    step.agent = replace(step.agent, failure="", start_error=None, next_turns=[], note="")
    files = _files(step, message)
    prompt = partial(
        sidecar.Prompt, turn=turn_id, text=text, note=note, expand=expand, images=files
    )
    step.request("prompt", prompt, turn_id)


def end(
    step: Step,
    reason: EndReason,
    error: str = "",
    usage: Usage | None = None,
    incomplete: Incomplete = "",
) -> None:
    """Ends the running turn, closes what it left open, and goes on with the queue."""
    turn = step.state.running
    assert turn is not None
    _close_left_open(step, reason)
    usage = usage or step.agent.used
    ended = replace(
        turn,
        state="ended",
        ended_at=step.at,
        reason=reason,
        error=error,
        usage=usage,
        incomplete=incomplete,
        duration_ms=ids.milliseconds_between(turn.started_at, step.at),
    )
    step.put_turn(ended)
    step.put_usage(turn.id, usage, ended.duration_ms, turn=True)
    step.write.turn_over = turn.id
    if reason == "stopped":
        step.add_notice("stopped", "Stopped.")
    step.emit(ev.TurnEnded(ended, reason))
    step.agent = replace(step.agent, stopping=False, used=None)
    _return_steers(step)
    if reason == "done":
        step.agent = replace(step.agent, crashes=0)
        go_on(step)
    elif reason == "stopped" and step.agent.next_turns:
        go_on(step)
    else:
        pause_queue(step)
        if reason == "failed":
            go_on(step)


def go_on(step: Step) -> None:
    """Starts what waits for the chat to be free: a compaction, then the next message."""
    if not is_free(step):
        return
    if step.agent.compact_next is not None and compactions.begin(step):
        return
    if step.state.queue and not step.state.queue_paused:
        first, *rest = step.state.queue
        step.emit(ev.QueueChanged(rest))
        message = step.prompts[first.turn_id]
        refusal = step.refusal() or images.refusal(step, message.images)
        start(step, _queued(step, first), message, refusal)


def pause_queue(step: Step) -> None:
    """What waits is sent when a person says so, by a message, a retry or in so many words."""
    if step.state.queue and not step.state.queue_paused:
        step.emit(ev.QueueChanged(step.state.queue, paused=True))


def _let_queue_go(step: Step) -> None:
    if step.state.queue_paused:
        step.emit(ev.QueueChanged(step.state.queue))


def ask_to_compact(step: Step, instructions: str) -> bool:
    """A person wants it: at once, or after what runs and before the next message. Whether it is
    at once. The last wish holds while it waits."""
    step.may_run(step.state.chat)
    if not step.state.chat.capabilities.compact:
        raise agent_process.unsupported(
            step, "compact", "summarises its conversation by itself only"
        )
    if step.state.compacting:
        message = "The chat is being compacted already; wait for its end or stop it."
        raise errors.ChatBusy(message, status=step.state.chat.status.name)
    if not step.agent.session_path and not step.state.running:
        raise errors.NothingToCompact("The chat has no conversation to compact yet.")
    compactions.want(step, instructions)
    go_on(step)
    return step.agent.compact_next is None


def stop(step: Step, by: str) -> TurnId | None:
    """Asks the agent to stop what it does; None when nothing runs. The queue is kept, paused."""
    running = step.state.running
    if not running and not step.state.compacting:
        return None
    if step.agent.stopping:
        return running.id if running else None
    compactions.withdraw(step, "The chat was stopped before the compaction began.")
    step.agent = replace(step.agent, stopping=True)
    step.request("abort", sidecar.Abort)
    permissions.withdraw_all(step, by, permissions.STOPPED)
    questions.withdraw_inquiries(step, permissions.STOPPED)
    pause_queue(step)
    return running.id if running else TurnId("")


def edit_entry(step: Step, turn_id: TurnId, text: str, instead: list[Image] | None = None) -> None:
    """`instead` of the images that the message has; None leaves them."""
    old = _entry(step, turn_id)
    message = Message(text, old.images if instead is None else instead)
    _check(step, message)
    new = _queue_entry(turn_id, message, old.when, old.at, old.expand)
    changed = [new if entry == old else entry for entry in step.state.queue]
    step.put_turn(_queued(step, new), text)
    step.prompts[turn_id] = message
    step.emit(ev.QueueChanged(changed, step.state.queue_paused))


def remove_entry(step: Step, turn_id: TurnId) -> None:
    entry = _entry(step, turn_id)
    rest = [other for other in step.state.queue if other != entry]
    step.put_turn(replace(_queued(step, entry), state="removed", ended_at=step.at))
    step.emit(ev.QueueChanged(rest, step.state.queue_paused and bool(rest)))


def resume_queue(step: Step) -> None:
    step.may_run(step.state.chat)
    _let_queue_go(step)
    go_on(step)


def retry(step: Step, prompt: Message, *, expand: bool = False) -> SendResult:
    """Sends the prompt of the last turn again, as a new turn; the queue goes on after it."""
    step.may_run(step.state.chat)
    last = step.state.turn
    if _is_busy(step):
        raise errors.ChatBusy("A turn runs; stop it first.", status=step.state.chat.status.name)
    if last is None or last.reason in (None, "done"):
        raise errors.NothingToRetry("The last turn was answered; there is nothing to retry.")
    return send(step, prompt, "auto", expand=expand)


def steer_taken(step: Step, turn_id: TurnId) -> None:
    """The model got a message in mid-turn: it is part of the transcript from here on."""
    running = step.state.running
    if turn_id not in step.agent.steers or running is None:
        return
    _forget_steer(step, turn_id)
    message = step.prompts[turn_id]
    turn = Turn(
        turn_id,
        step.chat_id,
        "ended",
        when="steer",
        queued_at=step.at,
        ended_at=step.at,
        reason="done",
        steers=running.id,
        images=message.images,
    )
    step.put_turn(turn)
    step.add_item(_said(turn_id, running.id, message), message.text)
    step.emit(ev.TurnSteered(turn))


def steer_refused(step: Step, turn_id: TurnId) -> None:
    """Too late for the turn it was meant for: it becomes a turn of its own, next."""
    if turn_id not in step.agent.steers:
        return
    _forget_steer(step, turn_id)
    _requeue(step, [turn_id])
    go_on(step)


def _steer(step: Step, turn_id: TurnId, message: Message) -> None:
    _put_waiting(step, turn_id, message, "steer", expand=False)
    step.agent = replace(step.agent, steers=[*step.agent.steers, turn_id])
    files = _files(step, message)
    line = partial(sidecar.Steer, turn=turn_id, text=message.text, images=files)
    step.request("steer", line, turn_id)


def _files(step: Step, message: Message) -> list[sidecar.ImageFile]:
    return images.files(step, message.images) if message.images else []


def _forget_steer(step: Step, turn_id: TurnId) -> None:
    rest = [steer for steer in step.agent.steers if steer != turn_id]
    step.agent = replace(step.agent, steers=rest)


def _return_steers(step: Step) -> None:
    """Steers the model never got return to the head of the queue."""
    undelivered = step.agent.steers
    if undelivered:
        step.agent = replace(step.agent, steers=[])
        _requeue(step, undelivered)


def _requeue(step: Step, turn_ids: list[TurnId]) -> None:
    entries = [
        _queue_entry(turn_id, step.prompts[turn_id], "steer", step.at) for turn_id in turn_ids
    ]
    step.emit(ev.QueueChanged([*entries, *step.state.queue], step.state.queue_paused))


def _enqueue(step: Step, turn_id: TurnId, message: Message, when: When, expand: bool) -> None:
    entry = _put_waiting(step, turn_id, message, when, expand)
    step.emit(ev.QueueChanged([*step.state.queue, entry], step.state.queue_paused))


def _enqueue_next(step: Step, turn_id: TurnId, message: Message, when: When, expand: bool) -> None:
    entry = _put_waiting(step, turn_id, message, when, expand)
    queue, first = step.state.queue, step.agent.next_turns
    ahead = sum(waiting.turn_id in first for waiting in queue)
    step.agent = replace(step.agent, next_turns=[*first, turn_id])
    step.emit(ev.QueueChanged([*queue[:ahead], entry, *queue[ahead:]]))


def _put_waiting(
    step: Step, turn_id: TurnId, message: Message, when: When, expand: bool
) -> QueueEntry:
    entry = _queue_entry(turn_id, message, when, step.at, expand)
    step.put_turn(_queued(step, entry), message.text)
    step.prompts[turn_id] = message
    return entry


def _queue_entry(
    turn_id: TurnId, message: Message, when: When, at: str, expand: bool = False
) -> QueueEntry:
    shown = cut(message.text.encode(), _QUEUE_TEXT_BYTES)
    length = utf8_length(message.text)
    return QueueEntry(turn_id, shown, length, when, at, expand, message.images)


def _entry(step: Step, turn_id: TurnId) -> QueueEntry:
    for entry in step.state.queue:
        if entry.turn_id == turn_id:
            return entry
    raise errors.QueueEntryNotFound(
        "The message is no longer in the queue; it was sent or removed.", turn_id=turn_id
    )


def _queued(step: Step, entry: QueueEntry) -> Turn:
    return Turn(
        entry.turn_id,
        step.chat_id,
        "queued",
        when=entry.when,
        queued_at=entry.at,
        expand=entry.expand,
        images=entry.images,
    )


def _said(turn_id: TurnId, within: TurnId, message: Message) -> Item:
    item_id = ItemId(f"{turn_id}.u")
    return Item(item_id, "user", "done", turn_id=within, images=message.images)


def _close_left_open(step: Step, reason: EndReason) -> None:
    """A turn leaves nothing open, whatever its sidecar forgot."""
    for item in list(step.state.open.values()):
        step.close_item(replace(item, status=reason))
    permissions.withdraw_all(step, "daemon", "The turn ended.")
    questions.withdraw_inquiries(step, "The turn ended.")


def _title_from(step: Step, message: Message) -> None:
    """A chat nobody named is named after its first message that has a text."""
    chat = step.state.chat
    if chat.title or not message.text:
        return
    lines = message.text.split("\n")
    first_line = next((line.strip() for line in lines if line.strip()), "")
    shortened = first_line[: _TITLE_LENGTH - 1] + "…"
    title = first_line if len(first_line) <= _TITLE_LENGTH else shortened
    step.emit(ev.ChatConfigured(replace(chat, title=title)))
