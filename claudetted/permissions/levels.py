"""Owns what each level does by itself, where no rule speaks."""

from claudetted.permissions import paths
from claudetted.permissions.places import Places
from claudetted.protocol.permissions import Access, Level, Request
from claudetted.protocol.rules import Effect

READERS: frozenset[Access] = frozenset({"read", "list", "search"})
CHANGERS: frozenset[Access] = frozenset({"write", "edit"})

_DOES: dict[Access, str] = {
    "write": "writes a file",
    "edit": "changes a file",
    "run": "runs a command",
    "fetch": "reaches the network",
    "unknown": "is a tool the daemon knows nothing about",
}


def refused(level: Level, request: Request) -> str:
    """Why readonly refuses the call whatever the rules say; empty when it does not."""
    if level != "readonly" or request.access in READERS:
        return ""
    return f"The chat is readonly, and {request.tool} {_DOES[request.access]}."


def default(
    level: Level, request: Request, workspace: str, places: Places, boxed: bool = False
) -> tuple[Effect, str]:
    """What happens where no rule speaks, and why.

    In full everything runs, unknown tools too: that level is the one switch that ends all asking.
    """
    if level == "full":
        return "allow", "The chat's level is full."
    if level == "confined" and boxed and _fits_in_box(request, workspace, places):
        return "allow", "The chat's level is confined, and it does not leave the box."
    if request.access not in READERS:
        return "ask", f"It {_DOES[request.access]}."
    outside = next((p for p in request.paths if not paths.inside(p, workspace, places)), None)
    if request.paths and outside is None:
        return "allow", "It reads inside the workspace."
    why = f"It reads {outside}, outside the workspace." if outside else "It names no path it reads."
    if level == "readonly":
        return "deny", f"{why} The chat is readonly."
    return "ask", why


def _fits_in_box(request: Request, workspace: str, places: Places) -> bool:
    """What the chat's commands could do in their box, its other calls do as well. What the next
    `git` of the user would run is not written unasked."""
    access = request.access
    if access in CHANGERS:
        own = f"{workspace}/.git"
        return bool(request.paths) and all(
            paths.inside(path, workspace, places) and not paths.inside(path, own, places)
            for path in request.paths
        )
    return access == "run" or (access in READERS and bool(request.paths))
