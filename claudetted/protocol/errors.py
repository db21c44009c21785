"""Owns every fault a client can be answered with: one class, one code, one data struct.

A handler raises a Fault; dispatch turns it into `{code, message, data}`. The message is one
plain sentence that says what happened and what to do next. `data.name` is the class name.
"""

from typing import Any, ClassVar, Literal

import msgspec

from claudetted.protocol.base import Data
from claudetted.protocol.rights import Right


class Fault(Exception):
    """A declared error of the protocol. Subclasses set `code` and name their `data` fields."""

    code: ClassVar[int]
    summary: ClassVar[str]
    """When it is raised, for the reference."""

    class Details(Data, frozen=True):
        """No details."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data: Data = self.Details(**details)

    @property
    def name(self) -> str:
        return type(self).__name__

    def to_wire(self) -> dict[str, Any]:
        """The `error` member of a JSON-RPC reply."""
        details = msgspec.to_builtins(self.data)
        return {
            "code": self.code,
            "message": self.message,
            "data": {"name": self.name, **details},
        }


class Internal(Fault):
    """Our own fault. The log has the details under the same id."""

    code = -32603
    summary = "The daemon failed in a way it did not expect; the id is in its log."

    class Details(Data, frozen=True):
        log_id: str


class InvalidParams(Fault):
    """The parameters do not fit the method; the message names the path."""

    code = -32602
    summary = "The parameters do not fit the method; `path` says where."

    class Details(Data, frozen=True):
        path: str = "$"


class ChatNotFound(Fault):
    code = -32000
    summary = "No chat has this id."

    class Details(Data, frozen=True):
        chat_id: str


class ChatBusy(Fault):
    code = -32001
    summary = "The chat is doing something that excludes the request."

    class Details(Data, frozen=True):
        status: str


class TurnNotFound(Fault):
    code = -32002
    summary = "The chat has no turn with this id."

    class Details(Data, frozen=True):
        turn_id: str


class ItemNotFound(Fault):
    code = -32003
    summary = "The chat has no item with this id."

    class Details(Data, frozen=True):
        item_id: str


class PermissionNotFound(Fault):
    code = -32004
    summary = "No permission request has this id."

    class Details(Data, frozen=True):
        permission_id: str


class PermissionGone(Fault):
    code = -32005
    summary = (
        "The request was already decided, withdrawn or lost; the message says how and by whom."
    )

    class Details(Data, frozen=True):
        permission_id: str
        decision: str
        by: str


class DigestMismatch(Fault):
    code = -32006
    summary = "The decision was about other arguments than those that would run."

    class Details(Data, frozen=True):
        permission_id: str
        digest: str


class HarnessMissing(Fault):
    code = -32007
    summary = (
        "No harness here can run it; the message says what to install, or how to choose another."
    )

    class Details(Data, frozen=True):
        harness: str
        looked: list[str] = []


class HarnessFailed(Fault):
    code = -32008
    summary = "The agent's process could not be started, or broke its protocol."

    class Details(Data, frozen=True):
        harness: str
        stderr: list[str] = []


class ModelUnknown(Fault):
    code = -32009
    summary = "No configured provider has this model; `nearest` lists similar names."

    class Details(Data, frozen=True):
        model: str
        nearest: list[str] = []


class WorkspaceMissing(Fault):
    code = -32010
    summary = "The directory does not exist or is not a directory."

    class Details(Data, frozen=True):
        path: str


class WorkspaceForbidden(Fault):
    code = -32011
    summary = "The directory cannot be entered, or is too broad to work in without consent."

    class Details(Data, frozen=True):
        path: str


class StoreFull(Fault):
    code = -32012
    summary = "The disk refused the write; nothing was changed."


class KeyReused(Fault):
    code = -32013
    summary = "The key was used before with other parameters."

    class Details(Data, frozen=True):
        key: str


class TooLarge(Fault):
    code = -32014
    summary = "The request line is longer than the limit (in bytes)."

    class Details(Data, frozen=True):
        limit: int


class BadText(Fault):
    code = -32015
    summary = "The text holds something that is not Unicode, such as an unpaired UTF-16 surrogate."

    class Details(Data, frozen=True):
        path: str


class QueueEntryNotFound(Fault):
    code = -32016
    summary = "The queued message was already sent or removed."

    class Details(Data, frozen=True):
        turn_id: str


class NotAllowed(Fault):
    code = -32017
    summary = "This connection may not do this: it `has` a lesser right than the call `needs`."

    class Details(Data, frozen=True):
        needs: Right
        has: Right
        limit: Literal["", "level", "allow"] = ""
        """Which limit below the right is in the way: `Limits` has them."""


class NothingToRetry(Fault):
    code = -32018
    summary = "The chat has no failed, lost or stopped turn to send again."


class SubscriptionNotFound(Fault):
    code = -32019
    summary = "The connection is not subscribed to this chat."


class Lagging(Fault):
    code = -32020
    summary = "The client read too slowly and is disconnected; `cursor` is where to resume."

    class Details(Data, frozen=True):
        cursors: dict[str, str] = {}


class NothingToCompact(Fault):
    code = -32021
    summary = "There is nothing to compact, or the compaction failed."


class ShuttingDown(Fault):
    code = -32022
    summary = "The daemon is shutting down and takes no new work."


class SettingUnknown(Fault):
    code = -32023
    summary = "There is no such setting; `nearest` lists similar names."

    class Details(Data, frozen=True):
        key: str
        nearest: list[str] = []


class RuleNotFound(Fault):
    code = -32024
    summary = "No rule has this id, or it is built in and cannot be removed."

    class Details(Data, frozen=True):
        rule_id: str


class RuleInvalid(Fault):
    code = -32025
    summary = "The text is not a rule; the message says what is wrong with it."

    class Details(Data, frozen=True):
        text: str


class ProviderUnknown(Fault):
    code = -32026
    summary = "The agent knows no provider of this id; `nearest` lists similar ones."

    class Details(Data, frozen=True):
        provider: str
        nearest: list[str] = []


class AuthFileBroken(Fault):
    code = -32027
    summary = "The agent's file of credentials cannot be read, written or locked; it is as it was."

    class Details(Data, frozen=True):
        path: str = ""


class KeychainUnavailable(Fault):
    code = -32028
    summary = "There is no keychain, or it refuses; nothing was changed in it."


class LoginNotFound(Fault):
    code = -32029
    summary = "No sign-in of this daemon has this id; a new daemon knows none of the old one's."

    class Details(Data, frozen=True):
        login_id: str


class QuestionNotFound(Fault):
    code = -32030
    summary = "No question has this id."

    class Details(Data, frozen=True):
        question_id: str


class QuestionGone(Fault):
    code = -32031
    summary = "The question was already answered or withdrawn; the message says how and by whom."

    class Details(Data, frozen=True):
        question_id: str
        outcome: str
        by: str
        answer: str = ""


class AnthropicBlocked(Fault):
    code = -32032
    summary = (
        "Pi's own Anthropic models are not used beside a Claude subscription, whose tokens stay "
        "with the Claude CLI; the message says how the subscription shows."
    )

    class Details(Data, frozen=True):
        model: str = ""


class CommandUnknown(Fault):
    code = -32033
    summary = (
        "There is no such slash command; `nearest` lists similar ones. `literal` sends it as text."
    )

    class Details(Data, frozen=True):
        command: str
        nearest: list[str] = []


class BackendUnknown(Fault):
    code = -32035
    summary = "There is no such backend; `nearest` lists similar ones."

    class Details(Data, frozen=True):
        backend: str
        nearest: list[str] = []


class NotSeenWhole(Fault):
    code = -32036
    summary = (
        "The request is longer than what was shown, and was to be allowed without `seenWhole`; "
        "`permission/get` reads the rest."
    )

    class Details(Data, frozen=True):
        permission_id: str
        bytes: int
        """The length of all that is to be seen."""


class NotSupported(Fault):
    code = -32037
    summary = "The chat's agent cannot do this; the message says what to do instead."

    class Details(Data, frozen=True):
        harness: str
        capability: str = ""


class BoxUnavailable(Fault):
    code = -32038
    summary = (
        "Nothing confines commands on this machine, which the level confined needs; the message "
        "says why and what to install."
    )


class JobNotFound(Fault):
    code = -32039
    summary = "The chat has no job with this pid."

    class Details(Data, frozen=True):
        chat_id: str
        pid: int


def all_faults() -> list[type[Fault]]:
    """Every declared fault, by falling code."""
    return sorted(Fault.__subclasses__(), key=lambda fault: -fault.code)
