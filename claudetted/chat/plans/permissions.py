"""Owns a chat's permission requests: asked, judged, decided once, withdrawn or lost."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from claudetted.chat import ids
from claudetted.chat.rulebook import row_of
from claudetted.chat.state.requests import fit
from claudetted.chat.step import Step
from claudetted.permissions.rules import told
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import errors, events as ev, sidecar
from claudetted.protocol.base import ItemId, PermissionId
from claudetted.protocol.permissions import (
    Decision,
    Outcome,
    Permission,
    Resolution,
    Scope,
)
from claudetted.protocol.rules import Rule, RuleId, RuleScope
from claudetted.store import journal

STOPPED = "The agent was stopped."


def ask(step: Step, line: sidecar.Ask) -> None:
    """Every call comes here before it runs; the engine allows, denies or has a person asked."""
    permission_id = _permission_id(step, line)
    request = line.request
    step.write.opened.append(
        journal.Opened(
            permission_id, request.tool, request.digest, step.at, msgspec.json.encode(request)
        )
    )
    if line.more:
        step.agent = replace(step.agent, diffs=[*step.agent.diffs, permission_id])
    if step.agent.stopping or step.agent.stage == "ending":
        _answer(step, line, Resolution("withdrawn", "daemon", STOPPED), None)
        return
    verdict = _held(step, step.policy.judge(step, request))
    if verdict.effect == "ask":
        _open(step, permission_id, verdict, line)
    else:
        _answer(step, line, _by_engine(verdict), verdict.rule)


def diff(step: Step, line: sidecar.AskDiff) -> None:
    """The whole of a diff of which the request has the beginning, piece by piece."""
    permission_id = PermissionId(f"{step.agent.sidecar_id}.{line.ask}")
    step.write.diffs.append((permission_id, line.text.encode()))
    if line.last:
        step.agent = step.agent.without_diff(permission_id)


def _held(step: Step, verdict: Verdict) -> Verdict:
    """What may only run with settings that make it harmless asks, where they cannot be given."""
    hello = step.agent.hello
    if verdict.effect == "allow" and verdict.confinement and hello and hello.as_is:
        why = "It may run unasked only with settings that this agent cannot give it."
        return Verdict("ask", why, scopes=("once",))
    return verdict


def _answer(step: Step, line: sidecar.Ask, resolution: Resolution, rule: Rule | None) -> None:
    """Without asking anybody."""
    permission_id = _permission_id(step, line)
    _record(step, permission_id, resolution, rule, automatic=True)
    _tell_agent(step, permission_id, _item_id(step, line), resolution)


def _permission_id(step: Step, line: sidecar.Ask) -> PermissionId:
    return PermissionId(f"{step.agent.sidecar_id}.{line.ask}")


def _item_id(step: Step, line: sidecar.Ask) -> ItemId:
    return ItemId(f"{step.agent.sidecar_id}.{line.item}")


def decide(
    step: Step,
    permission_id: PermissionId,
    decision: Decision,
    scope: Scope,
    by: str,
    reason: str,
    digest: str,
    seen_whole: bool = False,
) -> Resolution:
    """A person's decision. The caller has checked that the request is open.

    With a scope wider than once it leaves rules behind, which then speak for what else waits.
    """
    permission = step.state.permissions[permission_id]
    if digest and digest != permission.request.digest:
        raise errors.DigestMismatch(
            "The request has changed since it was shown; look at it again.",
            permission_id=permission_id,
            digest=permission.request.digest,
        )
    if decision == "allow" and permission.request.cut and not seen_whole:
        raise _not_seen_whole(permission)
    left = _leave_rules(step, permission, decision, scope, by)
    rule_id = left[0].id if left else None
    resolution = Resolution(decision, by, reason, scope, rule_id)
    _settle(step, permission_id, resolution, left[0] if left else None)
    if left:
        judge_again(step)
    return resolution


def _not_seen_whole(permission: Permission) -> errors.NotSeenWhole:
    request = permission.request
    total = max(request.diff_bytes, request.input_bytes)
    what = "change" if request.diff_bytes else "arguments"
    return errors.NotSeenWhole(
        f"The {what} of {total} bytes was not shown whole: read it (permission/get, "
        "claudette inbox --whole), then allow it with seenWhole (claudette approve --seen-whole).",
        permission_id=permission.id,
        bytes=total,
    )


def resolve(
    step: Step, permission_id: PermissionId, resolution: Resolution, rule: Rule | None = None
) -> None:
    """Ends a request that is open; one that was denied meanwhile stays denied."""
    resolution = step.denied.get(permission_id, resolution)
    _record(step, permission_id, resolution, rule, automatic=False)
    step.emit(ev.PermissionResolved(permission_id, resolution))


def withdrawn(step: Step, ask_name: str) -> None:
    """The sidecar gave the call up before it was decided."""
    permission_id = PermissionId(f"{step.agent.sidecar_id}.{ask_name}")
    if permission_id in step.state.permissions:
        resolve(
            step, permission_id, Resolution("withdrawn", "agent", "The agent withdrew the call.")
        )


def call_ended(step: Step, item_id: ItemId) -> None:
    """Whatever it was told of its requests, it was told by a daemon that did not live to say."""
    for permission in list(step.state.permissions.values()):
        if permission.item_id == item_id:
            why = "The call ended before a decision was recorded."
            resolve(step, permission.id, Resolution("withdrawn", "agent", why))


def withdraw_all(step: Step, by: str, why: str, outcome: Outcome = "withdrawn") -> None:
    """Ends every open request of the chat; none of their calls run."""
    for permission_id in list(step.state.permissions):
        resolve(step, permission_id, Resolution(outcome, by, why))


def _open(step: Step, permission_id: PermissionId, verdict: Verdict, line: sidecar.Ask) -> None:
    item_id = _item_id(step, line)
    item = step.state.open.get(item_id)
    if item and item.tool:
        tool = replace(item.tool, phase="asking", permission_id=permission_id)
        step.change_item(replace(item, tool=tool))
    supersedes = PermissionId(f"{step.agent.sidecar_id}.{line.supersedes}")
    permission = Permission(
        permission_id,
        step.chat_id,
        item_id,
        fit(line.request),
        step.at,
        turn_id=step.state.running.id if step.state.running else None,
        supersedes=supersedes if line.supersedes else None,
        why=verdict.why,
        rule=verdict.rule,
        suggested=list(verdict.suggested),
        scopes=list(verdict.scopes),
    )
    step.emit(ev.PermissionOpened(permission))


def _leave_rules(
    step: Step, permission: Permission, decision: Decision, scope: Scope, by: str
) -> list[Rule]:
    """The rules a decision leaves behind, from those that were shown with the request."""
    if scope == "once":
        return []
    if scope not in permission.scopes:
        offered = ", ".join(permission.scopes) or "once"
        message = f"This request cannot be decided for “{scope}”, only for: {offered}."
        raise errors.InvalidParams(message, path="$.scope")
    left = [_standing(step, rule, decision, scope, by) for rule in permission.suggested]
    for rule in left:
        step.effects.rules.append(rule)
        step.write.rules.append(row_of(rule))
    return left


def _standing(step: Step, rule: Rule, effect: Decision, scope: RuleScope, by: str) -> Rule:
    chat, turn = step.state.chat, step.state.running
    subjects = {
        "turn": turn.id if turn else "",
        "chat": chat.id,
        "workspace": chat.workspace,
        "user": "",
    }
    made = replace(
        rule,
        id=RuleId(ids.new_id()),
        effect=effect,
        scope=scope,
        subject=subjects[scope],
        by=by,
        at=step.at,
    )
    return told(made)


def judge_again(step: Step) -> None:
    """What waits and is now spoken for by a rule needs nobody any more."""
    for permission in list(step.state.permissions.values()):
        verdict = _held(step, step.policy.judge(step, permission.request))
        if verdict.effect != "ask" and verdict.rule and step.is_open(permission.id):
            _settle(step, permission.id, _by_engine(verdict), verdict.rule)


def _settle(
    step: Step, permission_id: PermissionId, resolution: Resolution, rule: Rule | None
) -> None:
    item_id = step.state.permissions[permission_id].item_id
    resolve(step, permission_id, resolution, rule)
    _tell_agent(step, permission_id, item_id, resolution)


def _tell_agent(
    step: Step, permission_id: PermissionId, item_id: ItemId, resolution: Resolution
) -> None:
    if resolution.outcome == "allow":
        step.agent = step.agent.call_allowed(item_id, step.moment)
    confinement = resolution.confinement
    wrapper = step.policy.wrapper(confinement) if confinement and confinement.boxed else []
    step.send(decision_line(permission_id, resolution, wrapper))


def decision_line(
    permission_id: PermissionId, resolution: Resolution, wrapper: Sequence[str] = ()
) -> sidecar.Decide:
    """What the agent is told of a decision; `wrapper` confines the command that it lets run."""
    ask = permission_id.split(".", 1)[1]
    allow = resolution.outcome == "allow"
    return sidecar.Decide(ask, allow, resolution.reason, resolution.confinement, list(wrapper))


def _by_engine(verdict: Verdict) -> Resolution:
    outcome: Outcome = "allow" if verdict.effect == "allow" else "deny"
    rule_id = verdict.rule.id if verdict.rule else None
    confinement = verdict.confinement if outcome == "allow" else None
    return Resolution(outcome, "daemon", verdict.why, rule_id=rule_id, confinement=confinement)


def _record(
    step: Step,
    permission_id: PermissionId,
    resolution: Resolution,
    rule: Rule | None,
    automatic: bool,
) -> None:
    step.write.resolved.append(
        journal.Resolved(
            permission_id,
            resolution.outcome,
            step.at,
            resolution.by,
            resolution.reason,
            resolution.scope,
            rule.text if rule else "",
            automatic,
            confined=resolution.confinement is not None and resolution.confinement.boxed,
        )
    )
