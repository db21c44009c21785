"""Owns the rows of the registry that concern what a person decides: requests, questions, rules."""

from claudetted.protocol import errors, permissions, questions, rules
from claudetted.protocol.base import Empty
from claudetted.protocol.method import Method

_CHAT = (errors.ChatNotFound,)

METHODS: tuple[Method, ...] = (
    Method(
        "permission/list",
        permissions.ListParams,
        permissions.ListResult,
        "Lists the open permission requests.",
        "watch",
        _CHAT,
    ),
    Method(
        "permission/get",
        permissions.GetParams,
        permissions.GetResult,
        "Reads all of a long request, in pieces.",
        "watch",
        (errors.PermissionNotFound,),
        waits=True,
    ),
    Method(
        "permission/decide",
        permissions.DecideParams,
        permissions.DecideResult,
        "Decides one request; the first decision wins.",
        "decide",
        (
            errors.PermissionNotFound,
            errors.PermissionGone,
            errors.DigestMismatch,
            errors.NotSeenWhole,
            errors.KeyReused,
            errors.StoreFull,
        ),
    ),
    Method(
        "permission/explain",
        permissions.ExplainParams,
        permissions.ExplainResult,
        "Explains why a request asks, or what would be decided about a call.",
        "watch",
        (errors.ChatNotFound, errors.PermissionNotFound, errors.PermissionGone),
    ),
    Method(
        "permission/audit",
        permissions.AuditParams,
        permissions.AuditResult,
        "Pages through the record of decisions.",
        "watch",
    ),
    Method(
        "question/list",
        questions.ListParams,
        questions.ListResult,
        "Lists the open questions.",
        "watch",
        _CHAT,
    ),
    Method(
        "question/answer",
        questions.AnswerParams,
        questions.AnswerResult,
        "Answers one question; the first answer wins.",
        "decide",
        (errors.QuestionNotFound, errors.QuestionGone, errors.KeyReused, errors.StoreFull),
        waits=True,
    ),
    Method("rule/list", rules.ListParams, rules.ListResult, "Shows the rules.", "watch", _CHAT),
    Method(
        "rule/add",
        rules.AddParams,
        rules.AddResult,
        "Adds a rule; it applies from the next call on.",
        "configure",
        (errors.ChatNotFound, errors.RuleInvalid, errors.StoreFull),
    ),
    Method(
        "rule/remove",
        rules.RemoveParams,
        Empty,
        "Removes a rule; it does not apply to the next call.",
        "configure",
        (errors.RuleNotFound, errors.StoreFull),
    ),
)
