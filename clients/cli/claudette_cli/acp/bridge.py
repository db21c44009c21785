"""Owns the methods of the Agent Client Protocol, version 1: what an editor asks of its agent."""

from __future__ import annotations

import os
from contextlib import suppress

from claudette_cli.acp import messages, options
from claudette_cli.acp.asking import Ask
from claudette_cli.acp.editor import Editor
from claudette_cli.acp.link import Link
from claudette_cli.acp.messages import INTERNAL, INVALID_PARAMS, METHOD_NOT_FOUND, NOT_FOUND, Fault
from claudette_cli.exits import Failure, Refused
from claudetted import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from claudette_cli.acp.asking import Steps
    from claudette_cli.acp.session import Session

    Json = dict[str, Any]
    Replied = Generator[Ask, Any, "Reply"]
    Handler = Callable[["Bridge", Any, Json], Replied]

VERSION = 1
_WRONG = ("InvalidParams", "NotAllowed", "ImageInvalid", "ImageTooLarge", "TooManyImages")
_CODES = {"ChatNotFound": NOT_FOUND, **dict.fromkeys(_WRONG, INVALID_PARAMS)}
_NO_SERVERS = (
    "The MCP servers of the editor are not passed on: the chat outlives the editor. "
    "Configure them for the agent itself."
)
_SIGN_IN = {
    "id": "claudette",
    "name": "Choose a model provider and sign in",
    "description": "Opens claudette in a terminal: /login lists the providers.",
    "type": "terminal",
    "args": ["--sign-in"],
}


class Reply:
    """What a request is answered with; `opened` goes on when the editor has the answer."""

    def __init__(self, result: Json, opened: Session | None = None) -> None:
        self.result = result
        self.opened = opened


class Bridge:
    """One editor, its sessions and the daemon. `limits` are those of `daemon/hello`: neither the
    editor nor what it approves by itself gets beyond them. `agent` is of new sessions, `name` the
    editor's where it says none."""

    def __init__(
        self, write: Callable[[bytes], None], limits: Json, agent: str = "", name: str = ""
    ) -> None:
        self.editor = Editor(write, name)
        self._limits = limits
        self._agent = agent
        self._sessions: dict[str, Session] = {}
        greeting = {"name": "acp", "kind": "editor", "version": __version__, "limits": limits}
        self.link = Link(greeting, self._told, self._resubscribe)

    def take(self, line: bytes) -> None:
        """Takes one message of the editor. Never raises: what is wrong with it is its answer."""
        try:
            message = messages.decode(line)
        except Fault as fault:
            self.editor.send(messages.error(None, fault))
            return
        if "method" not in message:
            self.editor.answered(message)
            return
        params = message.get("params")
        self._handle(message, params if isinstance(params, dict) else {})

    def _handle(self, message: Json, params: Json) -> None:
        method, request_id = str(message["method"]), message.get("id")
        if not isinstance(request_id, str | int | float | None):
            fault = Fault(messages.INVALID_REQUEST, "An id is a text, a number or null.")
            self.editor.send(messages.error(None, fault))
            return
        if "id" not in message:
            if notified := _NOTIFICATIONS.get(method):
                notified(self, params)
            return
        handler = _REQUESTS.get(method)
        if handler is None:
            fault = Fault(METHOD_NOT_FOUND, f"There is no method {method!r} here.")
            self.editor.send(messages.error(request_id, fault))
            return
        self.link.begin(self._answer(request_id, handler(self, request_id, params)))

    def _answer(self, request_id: Any, steps: Replied) -> Steps:
        try:
            reply = yield from steps
        except Fault as fault:
            self.editor.send(messages.error(request_id, fault))
        except Failure as failure:
            self.editor.send(messages.error(request_id, _fault(failure)))
        else:
            self.editor.send(messages.result(request_id, reply.result))
            if reply.opened is not None:
                yield from reply.opened.release()

    def _told(self, frame: Json) -> None:
        session = self._sessions.get(frame["params"].get("chatId"))
        if session is not None:
            session.take(frame)
            if session.fold.deleted:
                del self._sessions[session.chat_id]

    def _resubscribe(self) -> Iterator[Steps]:
        return (session.resubscribe() for session in list(self._sessions.values()))

    def _initialize(self, request_id: Any, params: Json) -> Replied:
        if not isinstance(params.get("protocolVersion"), int):
            raise Fault(INVALID_PARAMS, "protocolVersion must be a number.")
        self.editor.introduce(params)
        self.link.greeting["name"] = self.editor.name
        yield from ()  # nothing is asked of the daemon
        return Reply(
            {
                "protocolVersion": VERSION,
                "agentCapabilities": {
                    "loadSession": True,
                    "promptCapabilities": {"image": True, "audio": False, "embeddedContext": True},
                    "mcpCapabilities": {"http": False, "sse": False},
                    "sessionCapabilities": {"list": {}, "resume": {}},
                    "_meta": {"steering": {"supported": True}},
                },
                "authMethods": [_SIGN_IN] if self.editor.runs_in_terminals else [],
                "agentInfo": {"name": "claudette", "title": "claudetted", "version": __version__},
            }
        )

    def _authenticate(self, request_id: Any, params: Json) -> Replied:
        yield from ()
        raise Fault(INVALID_PARAMS, "Sign in with claudette in a terminal: /login there.")

    def _new(self, request_id: Any, params: Json) -> Replied:
        from claudette_cli.client import environment
        from claudette_cli.client.daemon import new_key

        create: Json = {
            "cwd": _text(params, "cwd"),
            "env": environment.carried(),
            "key": new_key(),
        }
        if self._agent:
            create["harness"] = self._agent
        chat = (yield Ask("chat/create", create))["chat"]
        session = yield from self._open(chat["id"], params, replay=False)
        return Reply({"sessionId": chat["id"], **session.settings()}, session)

    def _load(self, request_id: Any, params: Json) -> Replied:
        return (yield from self._reopen(params, replay=True))

    def _resume(self, request_id: Any, params: Json) -> Replied:
        return (yield from self._reopen(params, replay=False))

    def _reopen(self, params: Json, *, replay: bool) -> Replied:
        chat_id = _text(params, "sessionId")
        chat = (yield Ask("chat/get", {"chatId": chat_id}))["chat"]
        wanted = _real(_text(params, "cwd"))
        if wanted not in (os.path.realpath(chat["cwd"]), os.path.realpath(chat["workspace"])):
            raise Fault(INVALID_PARAMS, f"The chat works in {chat['cwd']}, not in {wanted}.")
        session = yield from self._open(chat_id, params, replay=replay)
        return Reply(session.settings(), session)

    def _open(self, chat_id: str, params: Json, *, replay: bool) -> Generator[Ask, Any, Session]:
        """A chat that is opened again begins anew here."""
        # Loaded late: an editor waits for the answer to `initialize`.
        from claudette_cli.acp.session import Session

        notes = [_NO_SERVERS] if params.get("mcpServers") else []
        session = Session(chat_id, self.editor, self.link, self._limits, notes)
        self._sessions[chat_id] = session
        try:
            yield from session.begin(replay=replay)
        except Failure:
            self._sessions.pop(chat_id, None)  # unless the chat was deleted meanwhile
            raise
        return session

    def _list(self, request_id: Any, params: Json) -> Replied:
        wanted, cursor = params.get("cwd"), params.get("cursor")
        place = _real(wanted) if isinstance(wanted, str) else None
        found: list[Json] = []
        while not found:
            page: Json = yield Ask("chat/list", {"cursor": cursor})
            found = [_listed(chat) for chat in page.get("chats", []) if _is_in(chat, place)]
            cursor = page.get("cursor")
            if not cursor:
                break
        return Reply({"sessions": found, **({"nextCursor": cursor} if cursor else {})})

    def _prompt(self, request_id: Any, params: Json) -> Replied:
        session = self._session(params)
        blocks = params.get("prompt")
        return Reply((yield from session.turns.prompt(request_id, blocks, session.meanwhile)))

    def _steer(self, request_id: Any, params: Json) -> Replied:
        return Reply((yield from self._session(params).turns.steer(params.get("prompt"))))

    def _set_mode(self, request_id: Any, params: Json) -> Replied:
        session, level = self._session(params), _text(params, "modeId")
        if level not in options.LEVELS:
            raise Fault(INVALID_PARAMS, f"There is no mode {level!r}.")
        yield from session.set({"level": level})
        return Reply({})

    def _set_option(self, request_id: Any, params: Json) -> Replied:
        session = self._session(params)
        option, value = params.get("configId"), params.get("value")
        if option == "agent":
            if value == session.fold.chat["harness"]:
                return Reply({"configOptions": session.settings()["configOptions"]})
            message = "A chat keeps its agent; open a new session with claudette acp --agent."
            raise Fault(INVALID_PARAMS, message)
        change = options.change(str(option), value, session.models)
        if change is None:
            raise Fault(INVALID_PARAMS, f"The option {option!r} cannot be {value!r}.")
        settings = yield from session.set(change)
        return Reply({"configOptions": settings["configOptions"]})

    def _session(self, params: Json) -> Session:
        session_id = _text(params, "sessionId")
        if session_id not in self._sessions:
            message = f"The session {session_id!r} is not open here; load it first."
            raise Fault(NOT_FOUND, message)
        return self._sessions[session_id]

    def _cancel(self, params: Json) -> None:
        session = self._sessions.get(str(params.get("sessionId")))
        if session is not None:
            self.link.begin(_quietly(session.turns.cancel()))

    def _cancel_request(self, params: Json) -> None:
        for session in self._sessions.values():
            if session.turns.has(params.get("requestId")):
                self.link.begin(_quietly(session.turns.cancel(params["requestId"])))


_REQUESTS: dict[str, Handler] = {
    "initialize": Bridge._initialize,
    "authenticate": Bridge._authenticate,
    "session/new": Bridge._new,
    "session/load": Bridge._load,
    "session/resume": Bridge._resume,
    "session/list": Bridge._list,
    "session/prompt": Bridge._prompt,
    "session/set_mode": Bridge._set_mode,
    "session/set_config_option": Bridge._set_option,
    "_session/steering": Bridge._steer,
}
_NOTIFICATIONS: dict[str, Callable[[Bridge, Json], None]] = {
    "session/cancel": Bridge._cancel,
    "$/cancel_request": Bridge._cancel_request,
}


def _quietly(steps: Steps) -> Steps:
    """A notification is not answered, whatever comes of it."""
    with suppress(Failure):
        yield from steps


def _text(params: Json, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise Fault(INVALID_PARAMS, f"{name} must be a text.")
    return value


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except ValueError:  # It holds a NUL, or is no text.
        raise Fault(INVALID_PARAMS, f"{path!r} is no directory.") from None


def _listed(chat: Json) -> Json:
    told = {"sessionId": chat["id"], "cwd": chat["cwd"], "updatedAt": chat["updatedAt"]}
    return told | ({"title": chat["title"]} if chat.get("title") else {})


def _is_in(chat: Json, place: str | None) -> bool:
    places = (chat["cwd"], chat["workspace"])
    return place is None or place in map(os.path.realpath, places)


def _fault(failure: Failure) -> Fault:
    if isinstance(failure, Refused):
        return Fault(_CODES.get(failure.name, INTERNAL), failure.message, failure.data or None)
    return Fault(INTERNAL, failure.message)
