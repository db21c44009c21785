"""Owns the list of methods and notifications: the only place with wire names.

Each row: name, parameters, result, declared faults, whether it may take its time (`waits`: the
connection goes on reading meanwhile; other methods are answered in the order they came), and
whether it only watches.
"""

from dataclasses import dataclass
from typing import Any

from claudetted.protocol import (
    attention,
    chats,
    daemon,
    errors,
    events,
    items,
    logins,
    models,
    permissions,
    processes,
    providers,
    queue,
    rules,
    settings,
    turns,
)
from claudetted.protocol.base import Empty, NoParams


@dataclass(frozen=True)
class Method:
    """One row of the registry."""

    name: str
    params: type[Any]
    result: type[Any]
    doc: str
    faults: tuple[type[errors.Fault], ...] = ()
    waits: bool = False
    watches: bool = False
    """It changes nothing: clients that an agent has started may call it, and nothing else."""

    @property
    def noun(self) -> str:
        return self.name.split("/")[0]


@dataclass(frozen=True)
class Notification:
    """Something the daemon sends by itself."""

    name: str
    params: type[Any]


_CHAT = (errors.ChatNotFound,)
_WRITE = (errors.ChatNotFound, errors.StoreFull)
_PROBE = (errors.HarnessMissing, errors.HarnessFailed, errors.StoreFull)
_KEYS = (errors.ProviderUnknown, errors.AuthFileBroken, errors.KeychainUnavailable, *_PROBE)

METHODS: tuple[Method, ...] = (
    Method(
        "daemon/hello",
        daemon.HelloParams,
        daemon.HelloResult,
        "Introduces the client.",
        watches=True,
    ),
    Method(
        "daemon/status", NoParams, daemon.StatusResult, "Tells how the daemon is.", watches=True
    ),
    Method(
        "daemon/shutdown", daemon.ShutdownParams, Empty, "Ends the daemon in order.", waits=True
    ),
    Method(
        "chat/create",
        chats.CreateParams,
        chats.ChatResult,
        "Opens a chat in a directory.",
        (
            errors.WorkspaceMissing,
            errors.WorkspaceForbidden,
            errors.HarnessMissing,
            errors.HarnessFailed,
            errors.ModelUnknown,
            errors.KeyReused,
            errors.StoreFull,
            errors.ShuttingDown,
        ),
        waits=True,
    ),
    Method(
        "chat/list", chats.ListParams, chats.ListResult, "Pages through the chats.", watches=True
    ),
    Method("chat/get", chats.ChatParams, chats.ChatResult, "Shows one chat.", _CHAT, watches=True),
    Method(
        "chat/history",
        chats.HistoryParams,
        chats.HistoryResult,
        "Pages through items.",
        _CHAT,
        watches=True,
    ),
    Method("chat/rename", chats.RenameParams, chats.ChatResult, "Sets the title.", _WRITE),
    Method("chat/archive", chats.ChatParams, chats.ChatResult, "Puts it away, whole.", _WRITE),
    Method("chat/restore", chats.ChatParams, chats.ChatResult, "Takes it back.", _WRITE),
    Method(
        "chat/reset",
        chats.ResetParams,
        chats.ChatResult,
        "Gives the agent a fresh session.",
        _WRITE,
        waits=True,
    ),
    Method(
        "chat/configure",
        chats.ConfigureParams,
        chats.ChatResult,
        "Changes model, level or thinking.",
        (*_WRITE, errors.ModelUnknown),
        waits=True,
    ),
    Method(
        "chat/compact",
        chats.CompactParams,
        Empty,
        "Summarises the older part of the conversation.",
        (*_WRITE, errors.NothingToCompact),
        waits=True,
    ),
    Method(
        "chat/environment",
        chats.EnvironmentParams,
        chats.EnvironmentResult,
        "Shows or refreshes the environment of the agent's commands.",
        _WRITE,
    ),
    Method(
        "chat/delete",
        chats.ChatParams,
        Empty,
        "Removes the chat with everything, after its agent is gone.",
        _WRITE,
        waits=True,
    ),
    Method(
        "item/get",
        items.GetParams,
        items.GetResult,
        "Reads an item, in pieces if it is long.",
        (errors.ChatNotFound, errors.ItemNotFound),
        watches=True,
    ),
    Method(
        "turn/send",
        turns.SendParams,
        turns.SendResult,
        "Sends a message.",
        (*_WRITE, errors.KeyReused, errors.ShuttingDown),
    ),
    Method("turn/stop", turns.StopParams, turns.StopResult, "Stops what runs.", _CHAT, waits=True),
    Method(
        "turn/wait",
        turns.WaitParams,
        turns.WaitResult,
        "Waits for the end of a turn.",
        (errors.ChatNotFound, errors.TurnNotFound),
        waits=True,
        watches=True,
    ),
    Method(
        "turn/retry",
        turns.RetryParams,
        turns.SendResult,
        "Sends the last prompt that did not get its answer again.",
        (*_WRITE, errors.NothingToRetry, errors.ChatBusy, errors.KeyReused),
    ),
    Method(
        "queue/list", queue.ListParams, queue.ListResult, "Shows what waits.", _CHAT, watches=True
    ),
    Method(
        "queue/edit",
        queue.EditParams,
        queue.ListResult,
        "Changes a waiting message.",
        (*_WRITE, errors.QueueEntryNotFound),
    ),
    Method(
        "queue/remove",
        queue.RemoveParams,
        queue.ListResult,
        "Removes a waiting message.",
        (*_WRITE, errors.QueueEntryNotFound),
    ),
    Method(
        "queue/resume", queue.ResumeParams, queue.ListResult, "Lets a paused queue go on.", _WRITE
    ),
    Method(
        "permission/list",
        permissions.ListParams,
        permissions.ListResult,
        "Shows what waits for a decision.",
        _CHAT,
        watches=True,
    ),
    Method(
        "permission/decide",
        permissions.DecideParams,
        permissions.DecideResult,
        "Decides one request; the first decision wins.",
        (
            errors.PermissionNotFound,
            errors.PermissionGone,
            errors.DigestMismatch,
            errors.KeyReused,
            errors.StoreFull,
        ),
    ),
    Method(
        "permission/explain",
        permissions.ExplainParams,
        permissions.ExplainResult,
        "Tells why a request asks, or what would become of a call.",
        (errors.ChatNotFound, errors.PermissionNotFound, errors.PermissionGone),
        watches=True,
    ),
    Method(
        "permission/audit",
        permissions.AuditParams,
        permissions.AuditResult,
        "Pages through the record of decisions.",
        watches=True,
    ),
    Method(
        "rule/list", rules.ListParams, rules.ListResult, "Shows the rules.", _CHAT, watches=True
    ),
    Method(
        "rule/add",
        rules.AddParams,
        rules.AddResult,
        "Adds a rule; it holds from the next call on.",
        (errors.ChatNotFound, errors.RuleInvalid, errors.StoreFull),
    ),
    Method(
        "rule/remove",
        rules.RemoveParams,
        Empty,
        "Removes a rule; the next call goes without it.",
        (errors.RuleNotFound, errors.StoreFull),
    ),
    Method("setting/list", NoParams, settings.ListResult, "Shows all settings.", watches=True),
    Method(
        "setting/get",
        settings.GetParams,
        settings.SettingResult,
        "Shows one setting.",
        (errors.SettingUnknown,),
        watches=True,
    ),
    Method(
        "setting/set",
        settings.SetParams,
        settings.SettingResult,
        "Changes a setting.",
        (errors.SettingUnknown, errors.ModelUnknown, errors.StoreFull),
    ),
    Method(
        "provider/list",
        NoParams,
        providers.ListResult,
        "Shows who serves models, and which credential is in use.",
        (errors.HarnessMissing, errors.HarnessFailed),
        waits=True,
        watches=True,
    ),
    Method(
        "provider/setKey",
        providers.SetKeyParams,
        providers.KeyResult,
        "Stores a key; the next turn uses it.",
        _KEYS,
        waits=True,
    ),
    Method(
        "provider/clearKey",
        providers.ClearKeyParams,
        providers.KeyResult,
        "Removes what is stored for a provider, shared and private.",
        _KEYS,
        waits=True,
    ),
    Method(
        "provider/environment",
        providers.EnvironmentParams,
        providers.EnvironmentResult,
        "Takes over the variables of the caller's shell that providers look at.",
        _PROBE,
        waits=True,
    ),
    Method(
        "model/list",
        NoParams,
        models.ListResult,
        "Shows the models as they were at the last look.",
        watches=True,
    ),
    Method(
        "model/refresh",
        NoParams,
        models.ListResult,
        "Looks which models can be used now.",
        _PROBE,
        waits=True,
    ),
    Method(
        "login/start",
        logins.StartParams,
        logins.LoginResult,
        "Begins a sign-in, which goes on without its client.",
        (errors.ProviderUnknown, errors.HarnessMissing, errors.HarnessFailed),
        waits=True,
    ),
    Method("login/list", NoParams, logins.ListResult, "Shows the sign-ins.", watches=True),
    Method(
        "login/wait",
        logins.WaitParams,
        logins.LoginResult,
        "Waits for the next step of a sign-in.",
        (errors.LoginNotFound,),
        waits=True,
    ),
    Method(
        "login/answer",
        logins.AnswerParams,
        logins.LoginResult,
        "Answers what a sign-in asks.",
        (errors.LoginNotFound, errors.HarnessFailed),
        waits=True,
    ),
    Method(
        "login/cancel",
        logins.CancelParams,
        logins.LoginResult,
        "Gives up a sign-in.",
        (errors.LoginNotFound, errors.HarnessFailed),
        waits=True,
    ),
    Method(
        "process/list",
        processes.ListParams,
        processes.ListResult,
        "Shows what runs, how large it is, and why it is alive.",
        _CHAT,
        watches=True,
    ),
    Method(
        "attention/list",
        NoParams,
        attention.ListResult,
        "Shows the chats that need a person.",
        watches=True,
    ),
    Method(
        "attention/clear",
        attention.ClearParams,
        chats.ChatResult,
        "Says that a person has seen the chat.",
        _WRITE,
    ),
    Method(
        "event/subscribe",
        events.SubscribeParams,
        events.SubscribeResult,
        "Snapshot of a chat, then its events; or the feed of all chats.",
        _CHAT,
        watches=True,
    ),
    Method(
        "event/unsubscribe",
        events.UnsubscribeParams,
        Empty,
        "Ends a subscription of this connection.",
        (errors.SubscriptionNotFound,),
        watches=True,
    ),
)

NOTIFICATIONS: tuple[Notification, ...] = (
    Notification("event", events.EventParams),
    Notification("delta", events.DeltaParams),
    Notification("feed", events.FeedParams),
    Notification("lagging", events.LaggingParams),
)

BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}
"""Every method may also answer with the JSON-RPC errors, InvalidParams, BadText and Internal."""
