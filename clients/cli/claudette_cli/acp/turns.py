"""Owns the prompts of an editor in one chat: each is answered when its turn has ended."""

from __future__ import annotations

from contextlib import suppress

from claudette_cli.acp import prompts, updates
from claudette_cli.acp.asking import Ask
from claudette_cli.acp.messages import INTERNAL, INVALID_PARAMS, Fault
from claudette_cli.client import environment
from claudette_cli.client.daemon import new_key
from claudette_cli.exits import Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.acp.asking import Answered, Steps
    from claudette_cli.client.fold import Fold

    Json = dict[str, Any]

_REASONS = {"stopped": "cancelled", "done": "end_turn"}


class _Open:
    """A message whose request is not answered. `turn_id` is empty while it is on its way. Known by
    itself and not by the editor's id, which two may have."""

    def __init__(self, request_id: Any) -> None:
        self.request_id = request_id
        self.turn_id = ""


class Turns:
    """Of one session. `say` shows the editor an update; `settled` is called when it is known whose
    a message is that was just sent."""

    def __init__(
        self, chat_id: str, fold: Fold, say: Callable[[Json], None], settled: Callable[[], None]
    ) -> None:
        self._chat_id = chat_id
        self._fold = fold
        self._say = say
        self._settled = settled
        self._mine: set[str] = set()
        self._open: list[_Open] = []

    @property
    def sending(self) -> bool:
        return not all(sent.turn_id for sent in self._open)

    @property
    def any_open(self) -> bool:
        return bool(self._open)

    @property
    def alone(self) -> bool:
        """Whether there is one open prompt and no other."""
        return len(self._open) == 1

    def is_mine(self, turn_id: str) -> bool:
        return turn_id in self._mine

    def has(self, request_id: Any) -> bool:
        """Whether a prompt of the editor's request is open."""
        return any(sent.request_id == request_id for sent in self._open)

    def prompt(self, request_id: Any, blocks: Any, meanwhile: Callable[[], str]) -> Answered:
        """Ends with the result of `session/prompt`. `meanwhile` tells what is said before the
        reply. Raises Fault and Failure."""
        message = prompts.message_of(blocks)
        opened = _Open(request_id)
        self._open.append(opened)
        try:
            sent = yield from self._send(opened, message, "auto")
            if missed := meanwhile():
                self._say(updates.said(missed))
            if sent["state"] == "command":
                return (yield from self._command(sent))
            turn = yield from self._ended(sent["turnId"])
        finally:
            self._open.remove(opened)
        return {"stopReason": _stop_reason(turn)}

    def steer(self, blocks: Any) -> Answered:
        """Sends a message into the running turn, whose prompt is answered at its end."""
        message = prompts.message_of(blocks)
        if not self._fold.running:
            raise Fault(INVALID_PARAMS, "No turn runs that could be steered; send a prompt.")
        steering = _Open(object())
        self._open.append(steering)
        try:
            yield from self._send(steering, message, "steer")
        finally:
            self._open.remove(steering)
        return {"outcome": "injected"}

    def cancel(self, request_id: Any = None) -> Steps:
        """Takes back what waits and stops what runs: of one prompt, or all that is the editor's;
        with no prompt open, whatever runs."""
        meant = [sent for sent in self._open if request_id in (None, sent.request_id)]
        while not all(sent.turn_id for sent in meant):
            yield from self._told_all()  # which turn a message is, comes before that
        wanted = [sent.turn_id for sent in meant]
        waiting = {entry["turnId"] for entry in self._fold.queue}
        for turn_id in [turn_id for turn_id in wanted if turn_id in waiting]:
            with suppress(Refused):  # it began meanwhile
                yield Ask("queue/remove", {"chatId": self._chat_id, "turnId": turn_id})
        running = self._fold.turn["id"] if self._fold.running and self._fold.turn else None
        if running and (running in wanted or not meant):
            yield from self._stop(running)

    def _send(self, opened: _Open, message: Json, when: str) -> Answered:
        params = {
            "chatId": self._chat_id,
            **message,
            "when": when,
            "env": environment.refreshed(),
            "key": new_key(),
        }
        turn_id = "none"
        try:
            sent: Json = yield Ask("turn/send", params)
            turn_id = sent.get("turnId") or turn_id
        finally:
            opened.turn_id = turn_id
            self._mine.add(turn_id)
            self._settled()
        return sent

    def _command(self, sent: Json) -> Answered:
        """What a command answers is a notice of the transcript, but for some."""
        yield from self._told_all()
        text = sent.get("text", "")
        if text and text not in [item.get("text") for item in self._fold.items[-3:]]:
            self._say(updates.said(text))
        return {"stopReason": "end_turn"}

    def _ended(self, turn_id: str) -> Answered:
        waited: Json = yield Ask(
            "turn/wait", {"chatId": self._chat_id, "turnId": turn_id}, patient=True
        )
        turn: Json = waited["turn"]
        if turn.get("steers"):
            return (yield from self._ended(turn["steers"]))
        yield from self._told_all()
        return turn

    def _told_all(self) -> Steps:
        """The answer comes after everything that was published before it."""
        yield Ask("chat/get", {"chatId": self._chat_id}, patient=True)

    def _stop(self, running: str) -> Steps:
        """A later turn must not be stopped because the daemon was replaced in between."""
        while self._fold.running and self._fold.turn and self._fold.turn["id"] == running:
            try:
                yield Ask("turn/stop", {"chatId": self._chat_id}, once=True)
            except Refused:
                return
            except Failure:
                yield from self._told_all()
            else:
                return


def _stop_reason(turn: Json) -> str:
    if turn["state"] == "removed":
        return "cancelled"
    if turn.get("incomplete") == "length":
        return "max_tokens"
    reason = turn.get("reason")
    if reason in _REASONS:
        return _REASONS[reason]
    message = turn.get("error") or "The agent's process ended before its turn did."
    raise Fault(INTERNAL, message, {"turnId": turn["id"], "reason": reason})
