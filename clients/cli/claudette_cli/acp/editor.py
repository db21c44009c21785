"""Owns the editor's side of the bridge: what it can show, and what it was asked and may answer."""

from __future__ import annotations

from functools import partial

from claudette_cli.acp import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]
    Then = Callable[[Json | None], None]

_NAMELESS = "editor"
"""One that does not say its name, as version 1 has it. avante does not either; its settings do."""
_ONCE_ALONE = ("avante",)
"""Of those that, as one without a name might, allow everything after an answer of the kind
`allow_always`."""
_NO_WITHDRAWING = ("avante",)
"""Of those that take a withdrawn request for an error. Others may ignore it: by the protocol it is
sent to all, and nobody has to say that they know it."""
_NOT_BY_NAME = ("codecompanion",)
"""Of those whose answers show their kind alone, of which there are two for allowing."""
_DROPPING = ("acpx", "agent-shell", "codecompanion")
"""Beginnings of the names of editors that show no update outside of a prompt of their own."""
_TITLE_ALONE = ("codecompanion", "vscode-acp")
"""Of those that show only the title of a command that is asked about."""
_NO_CHANGES = ("vscode-acp",)
"""Of those that show nothing of a change that is asked about."""
_NO_PLANS = ("codecompanion",)


class Editor:
    """`write` takes each message as bytes. Until `introduce` the editor can do nothing."""

    def __init__(self, write: Callable[[bytes], None], name: str = "") -> None:
        """`name` is of one that does not say it itself."""
        self._write = write
        self._asked: dict[int, Then] = {}
        self._last_id = 0
        self.name = name or _NAMELESS
        self.capabilities: Json = {}

    def introduce(self, params: Json) -> None:
        """Takes the parameters of `initialize`."""
        self.capabilities = _object(params, "clientCapabilities")
        self.name = str(_object(params, "clientInfo").get("name") or self.name)[:80]

    @property
    def session_capabilities(self) -> Json:
        return _object(self.capabilities, "session")

    @property
    def shows_forms(self) -> bool:
        return _object(self.capabilities, "elicitation").get("form") is not None

    @property
    def runs_in_terminals(self) -> bool:
        """Whether it can sign in by running our command in a terminal."""
        return _object(self.capabilities, "auth").get("terminal") is True

    @property
    def drops_what_is_late(self) -> bool:
        return self.name.lower().startswith(_DROPPING)

    @property
    def most_scopes(self) -> int | None:
        """Of how many, from the shortest on, it can offer a choice; None for all."""
        if self.name == _NAMELESS or self.name.lower().startswith(_ONCE_ALONE):
            return 1
        return 2 if self.name.lower().startswith(_NOT_BY_NAME) else None

    @property
    def shows_titles_alone(self) -> bool:
        return self.name.lower().startswith(_TITLE_ALONE)

    @property
    def shows_no_changes(self) -> bool:
        return self.name.lower().startswith(_NO_CHANGES)

    @property
    def shows_plans(self) -> bool:
        """Else a plan is shown as the call that tells it, with its text."""
        return not self.name.lower().startswith(_NO_PLANS)

    def send(self, message: Json) -> None:
        self._write(messages.encode(message))

    def update(self, session_id: str, update: Json) -> None:
        params = {"sessionId": session_id, "update": update}
        self.send(messages.notification("session/update", params))

    def ask(self, method: str, params: Json, then: Then) -> Callable[[], None]:
        """`then` gets the result, or None for an error. What is returned withdraws the question:
        an answer that comes all the same is ignored."""
        self._last_id += 1
        self._asked[self._last_id] = then
        self.send(messages.request(self._last_id, method, params))
        return partial(self._withdraw, self._last_id)

    def answered(self, message: Json) -> None:
        """Takes a response. One that is late, or answers nothing, is ignored."""
        request_id = message.get("id")
        then = self._asked.pop(request_id, None) if isinstance(request_id, int) else None
        if then is not None:
            result = message.get("result")
            then(result if isinstance(result, dict) else None)

    def _withdraw(self, request_id: int) -> None:
        silent = self.name.lower().startswith(_NO_WITHDRAWING)
        if self._asked.pop(request_id, None) is not None and not silent:
            self.send(messages.notification("$/cancel_request", {"requestId": request_id}))


def _object(within: Json, name: str) -> Json:
    value = within.get(name)
    return value if isinstance(value, dict) else {}
