"""Owns the rows of the registry that concern the daemon and its chats."""

from claudetted.protocol import (
    attention,
    chats,
    daemon,
    errors,
    events,
    items,
    permissions,
    processes,
    questions,
    queue,
    rules,
    turns,
)
from claudetted.protocol.base import Empty, NoParams
from claudetted.protocol.method import Method

_CHAT = (errors.ChatNotFound,)
_WRITE = (errors.ChatNotFound, errors.StoreFull)

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
        "question/list",
        questions.ListParams,
        questions.ListResult,
        "Shows what a person is asked.",
        _CHAT,
        watches=True,
    ),
    Method(
        "question/answer",
        questions.AnswerParams,
        questions.AnswerResult,
        "Answers one question; the first answer wins.",
        (errors.QuestionNotFound, errors.QuestionGone, errors.KeyReused, errors.StoreFull),
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
