"""Owns a chat's permission requests: asked, judged, decided once, withdrawn or lost."""

from msgspec.structs import replace

from claudetted.chat.step import Step
from claudetted.protocol import errors, sidecar
from claudetted.protocol import events as ev
from claudetted.protocol.base import ItemId, PermissionId
from claudetted.protocol.permissions import (
    Decision,
    Outcome,
    Permission,
    Request,
    Resolution,
)
from claudetted.store import journal


def ask(step: Step, line: sidecar.Ask) -> None:
    """Every call comes here before it runs; the engine allows, denies or has a person asked."""
    permission_id = PermissionId(f"{step.agent.sidecar_id}.{line.ask}")
    verdict = step.judge(line.request)
    step.write.opened.append(
        journal.Opened(permission_id, line.request.tool, line.request.digest, step.at)
    )
    if verdict.effect == "ask":
        _open(step, permission_id, replace(line.request, reason=verdict.why), line)
    else:
        resolution = Resolution(verdict.effect, "daemon", verdict.why)
        _record(step, permission_id, resolution)
        step.send(sidecar.Decide(line.ask, verdict.effect == "allow", verdict.why))


def decide(
    step: Step, permission_id: PermissionId, decision: Decision, by: str, reason: str, digest: str
) -> Resolution:
    """A person's decision. The caller has checked that the request is open."""
    request = step.state.permissions[permission_id].request
    if digest and digest != request.digest:
        raise errors.DigestMismatch(
            "The request has changed since it was shown; look at it again.",
            permission_id=permission_id,
            digest=request.digest,
        )
    resolution = Resolution(decision, by, reason)
    resolve(step, permission_id, resolution)
    step.send(sidecar.Decide(_ask_name(permission_id), decision == "allow", reason))
    return resolution


def resolve(step: Step, permission_id: PermissionId, resolution: Resolution) -> None:
    """Ends a request that is open."""
    _record(step, permission_id, resolution)
    step.emit(ev.PermissionResolved(permission_id, resolution))


def withdrawn(step: Step, ask_name: str) -> None:
    """The sidecar gave the call up before it was decided."""
    permission_id = PermissionId(f"{step.agent.sidecar_id}.{ask_name}")
    if permission_id in step.state.permissions:
        resolve(step, permission_id, Resolution("withdrawn", "agent", "The call was given up."))


def withdraw_all(step: Step, by: str, why: str, outcome: Outcome = "withdrawn") -> None:
    """Ends every open request of the chat; none of their calls run."""
    for permission_id in list(step.state.permissions):
        resolve(step, permission_id, Resolution(outcome, by, why))


def _open(step: Step, permission_id: PermissionId, request: Request, line: sidecar.Ask) -> None:
    item_id = ItemId(f"{step.agent.sidecar_id}.{line.item}")
    item = step.state.open.get(item_id)
    if item and item.tool:
        tool = replace(item.tool, phase="asking", permission_id=permission_id)
        step.change_item(replace(item, tool=tool))
    supersedes = PermissionId(f"{step.agent.sidecar_id}.{line.supersedes}")
    permission = Permission(
        permission_id,
        step.chat_id,
        item_id,
        request,
        step.at,
        turn_id=step.state.running.id if step.state.running else None,
        supersedes=supersedes if line.supersedes else None,
    )
    step.emit(ev.PermissionOpened(permission))


def _record(step: Step, permission_id: PermissionId, resolution: Resolution) -> None:
    step.write.resolved.append(
        journal.Resolved(
            permission_id, resolution.outcome, step.at, resolution.by, resolution.reason
        )
    )


def _ask_name(permission_id: PermissionId) -> str:
    return permission_id.split(".", 1)[1]
