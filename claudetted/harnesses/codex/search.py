"""Owns how Codex searches in the web, and what its search asks for. Pure.

Its search is a tool of the service that serves its model, or a call of Codex's own that asks the
service. Nobody can be asked about the first, so it is there only where it would run unasked. The
second passes the hook; only OpenAI's own service has it.
"""

from typing import Any, Literal

from claudetted.harnesses.codex import SEARCH, trouble
from claudetted.harnesses.hosts import host_of

How = Literal["free", "asks", "off"]
CALL = "webrun"
"""Codex's own call, as the hook is told of it."""
FETCH = "webfetch"
SHOWN = "web_search"
"""What its items are called, whichever it is."""
SETTINGS: dict[How, dict[str, Any]] = {
    "free": {},
    "asks": {"features.standalone_web_search": True},
    "off": {"web_search": "disabled"},
}
OFF = (
    "Codex does not search the web here, although its configuration says so: the service that "
    "serves its model would search without asking. To let it: claudette rules add allow websearch"
)
UNFINISHED = "Under-development features enabled: standalone_web_search."
"""Codex warns of what `asks` sets."""
_OPENS = ("open", "click", "find", "screenshot")
_MANNERS = ("response_length",)
"""Arguments that only say how it is told."""


def how(unasked: list[str], *, openai: bool, version: str) -> How:
    """In a version that was not tested, nobody knows what the call takes the place of."""
    if SEARCH in unasked:
        return "free"
    return "asks" if openai and not trouble.untested(version) else "off"


def tool_of(given: dict[str, Any]) -> tuple[str, list[str], str]:
    """The tool as rules call it, what it reaches of the web, and one line for a person.

    It searches, or opens pages: by their addresses, or some that it has found before, of which
    only Codex's names for them are known. No rule about hosts allows those.
    """
    pages = [page for kind in _OPENS for page in _each(given.get(kind), "ref_id")]
    asked = [text for told in given.values() for text in _each(told, "q")]
    only_opens = bool(pages) and not given.keys() - {*_OPENS, *_MANNERS}
    hosts = [host_of(page) or page for page in pages]
    return FETCH if only_opens else SEARCH, hosts, ", ".join([*asked, *pages])


def _each(told: Any, name: str) -> list[str]:
    rows = told if isinstance(told, list) else []
    return [str(row[name]) for row in rows if isinstance(row, dict) and row.get(name)]
