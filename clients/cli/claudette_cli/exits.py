"""Owns how a command ends: the exit codes, and the failures that carry one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DONE = 0
FAILED = 1
USAGE = 2
TURN_FAILED = 3
TURN_STOPPED = 4
TURN_LOST = 5
ASKED = 6
NOT_FOUND = 7
NO_DAEMON = 8
GONE = 9
TURN_INCOMPLETE = 10
TIMED_OUT = 11
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143

MEANINGS = {
    DONE: "done",
    FAILED: "the daemon refused, or an error occurred",
    USAGE: "invalid command or option",
    TURN_FAILED: "the turn failed",
    TURN_STOPPED: "the turn was stopped",
    TURN_LOST: "the turn was lost with its agent",
    ASKED: "a permission request waits, and this command cannot ask you",
    NOT_FOUND: "no chat, permission, question, job or device has this id, or several have",
    NO_DAEMON: "no daemon runs, or it could not be started",
    GONE: "the permission or question was already decided",
    TURN_INCOMPLETE: "the turn is done and its answer is cut off, empty or reasoning alone",
    TIMED_OUT: "the time given with --timeout was over, and the turn was stopped",
    INTERRUPTED: "interrupted from the keyboard; the agent goes on",
    TERMINATED: "ended by SIGTERM, or by another signal with 128 and its number",
}

OF_REASON = {"done": DONE, "failed": TURN_FAILED, "stopped": TURN_STOPPED, "lost": TURN_LOST}
"""By the reason a turn ended for."""

_OF_FAULT = {
    "ChatNotFound": NOT_FOUND,
    "TurnNotFound": NOT_FOUND,
    "ItemNotFound": NOT_FOUND,
    "PermissionNotFound": NOT_FOUND,
    "QueueEntryNotFound": NOT_FOUND,
    "PermissionGone": GONE,
    "QuestionNotFound": NOT_FOUND,
    "JobNotFound": NOT_FOUND,
    "DeviceNotFound": NOT_FOUND,
    "QuestionGone": GONE,
}

_WHAT_TO_DO = {
    "CommandUnknown": "A text that begins like one is sent by /say in the chat, or with --literal.",
}
"""What this client has for it; the daemon cannot know."""

REPLACED = (
    "This installation was replaced or removed while the command ran; the chat goes on. "
    "Run claudette again."
)
"""What is said when a part of the program that is needed late is not there any more."""


class Failure(Exception):
    """Ends the command: one sentence on stderr that says what to do, and an exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Refused(Failure):
    """The daemon answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        data = error.get("data")
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.name = str(self.data.get("name", ""))
        said = [str(error.get("message", error)), *filter(None, [_WHAT_TO_DO.get(self.name)])]
        super().__init__("\n".join(said), _OF_FAULT.get(self.name, FAILED))


class Disconnected(Exception):
    """The daemon closed the connection, or vanished. Callers connect again or give up."""
