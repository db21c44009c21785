"""Owns the session: a thread of Codex's opened or gone on with, and what it is set to."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from claudetted.harnesses.codex import notes, search, trouble
from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.items import Items
from claudetted.harnesses.codex.turns import ASKING, Turns
from claudetted.harnesses.codex.vendor import (
    Account,
    Configuration,
    Head,
    Hook,
    Hooks,
    Models,
    Opened,
)
from claudetted.protocol import sidecar as sc
from claudetted.protocol.endpoints import Endpoint

T = TypeVar("T")
WriteNote = Callable[[str, notes.Note], None]

PROVIDER = "claudetted"
"""What a server of the user's is called in Codex's configuration."""
OPENAI = "openai"
NAME = "claudetted"
"""A thread with a name is written down before its first turn."""


class Opening(msgspec.Struct):
    """A start on its way."""

    line: sc.Start
    resumed: str = ""
    hook: Hook | None = None


class Session:
    def __init__(
        self, exchange: Exchange, turns: Turns, items: Items, hook: str, note: WriteNote
    ) -> None:
        self._exchange = exchange
        self._turns = turns
        self._items = items
        self._hook = hook
        """The command that Codex runs before each tool."""
        self._note = note
        self.version = ""
        self._keys: dict[str, str] | None = None
        self._waiting: Callable[[], None] | None = None
        self.path = ""
        self.model = ""
        """As Codex calls it."""
        self.line: sc.Start | None = None
        """How it was opened, and would be again."""
        self.opening = False
        self.failure = ""
        """Why it could not be gone on with in a new process, which nobody had asked for."""
        self.asks = True
        self.provider = ""
        self._wants_search = False
        """The user's configuration says in so many words that it searches."""

    @property
    def is_open(self) -> bool:
        return bool(self._turns.thread)

    @property
    def is_served(self) -> bool:
        """By a server of the user's."""
        return self.line is not None and self.line.endpoint is not None

    def reopen(self) -> None:
        """In a process that is new."""
        if self.line:
            self.start(replace(self.line, id=0, session_path=self.path))

    def start(self, line: sc.Start) -> None:
        self.line, self.failure, self.opening = line, "", True
        opening = Opening(line, notes.thread(line.session_path))
        if line.endpoint and line.endpoint.key and self._keys is None:
            self._waiting = lambda: self._read_config(opening)
            self._exchange.say(sc.CredentialsWanted())
        else:
            self._read_config(opening)

    def credentials(self, line: sc.Credentials) -> None:
        self._keys = line.keys
        waiting, self._waiting = self._waiting, None
        if waiting:
            waiting()

    def _read_config(self, opening: Opening) -> None:
        """Whose models the user's own configuration means."""

        def answered(head: Head) -> None:
            if head.error:
                self._fail(opening, trouble.unreadable(head.error.message))
                return
            told = decoded(head, Configuration)
            self.provider = (told.config.model_provider if told else None) or OPENAI
            self._wants_search = bool(told and told.config.web_search not in (None, "disabled"))
            self._check_account(opening)

        self._exchange.request("config/read", answered)

    def _check_account(self, opening: Opening) -> None:
        def answered(head: Head) -> None:
            account = decoded(head, Account)
            if account and account.signed_out and not opening.line.endpoint:
                self._fail(opening, trouble.SIGNED_OUT)
            else:
                self._find_hook(opening)

        self._exchange.request("account/read", answered)

    def _find_hook(self, opening: Opening) -> None:
        def answered(head: Head) -> None:
            hooks = decoded(head, Hooks)
            opening.hook = hooks.running(self._hook) if hooks else None
            self._open_thread(opening)

        self._exchange.request("hooks/list", answered, cwds=[opening.line.cwd])

    def _open_thread(self, opening: Opening) -> None:
        def answered(head: Head) -> None:
            opened = decoded(head, Opened)
            if opened is None:
                message = head.error.message if head.error else "its answer cannot be read"
                self._fail(opening, _not_opened(opening, message))
            else:
                self._check_asking(opening, opened)

        line = opening.line
        params: dict[str, Any] = {
            "cwd": line.cwd,
            # Codex would trust a project for good that it may write in from the beginning.
            "sandbox": "read-only",
            "approvalPolicy": ASKING,
            "config": self._config(opening),
        }
        if model := self._model(line.model, line.endpoint):
            params["model"] = model
        if self._search(line) == "asks":
            params["modelProvider"] = OPENAI
        if opening.resumed:
            resumed = {"threadId": opening.resumed, "excludeTurns": True}
            self._exchange.request("thread/resume", answered, **resumed, **params)
        else:
            self._exchange.request("thread/start", answered, **params)

    def _check_asking(self, opening: Opening, opened: Opened) -> None:
        """What asks for every call is there and trusted, or the chat runs at full only."""

        def answered(head: Head) -> None:
            hooks = decoded(head, Hooks)
            hook = hooks.running(self._hook) if hooks else None
            trusted = hook is not None and hook.enabled and hook.trust_status == "trusted"
            policy = bytes(opened.approval_policy) == f'"{ASKING}"'.encode()
            self.asks = trusted and policy
            if self.asks or opening.line.level == "full":
                self._opened(opening, opened)
            else:
                self._fail(opening, trouble.NOT_ASKING)

        self._exchange.request("hooks/list", answered, threadId=opened.thread.id)

    def _opened(self, opening: Opening, opened: Opened) -> None:
        line, turns = opening.line, self._turns
        self.opening = False
        turns.thread = opened.thread.id
        turns.level = line.level
        turns.model, turns.effort = self._model(line.model, line.endpoint), line.thinking
        self.provider = opened.model_provider
        turns.served = self._served_by(line.endpoint)
        untested = "" if opening.resumed else trouble.untested(self.version)
        if untested:
            self._exchange.say(sc.Notice("info", untested))
        if self._wants_search and self._search(line) == "off" and line.id:
            self._exchange.say(sc.Notice("info", search.OFF))
        self.path = line.session_path or notes.path(line.session_dir, opened.thread.id)
        self._note(self.path, notes.Note(opened.thread.path or ""))
        self._told(opened.model)
        if opening.resumed:
            self._tell_started(line)
            return
        self._exchange.request(
            "thread/name/set",
            lambda _: self._tell_started(line),
            threadId=opened.thread.id,
            name=NAME,
        )

    def _tell_started(self, line: sc.Start) -> None:
        """Of a new thread only when it is written down: it may be ended at once."""
        if line.id:
            self._exchange.reply(line.id, self._started(line.endpoint))

    def _started(self, endpoint: Endpoint | None) -> sc.Started:
        window = self._turns.meter.context.window or (endpoint.context_window if endpoint else None)
        effort = self._turns.effort
        return sc.Started(self.path, self._items.model, effort, window)

    def _told(self, model: str) -> None:
        """How the model is called by everybody else."""
        endpoint = self.line.endpoint if self.line else None
        provider = endpoint.provider if endpoint else self.provider
        self._items.model = f"{provider}/{model}"
        self.model = model

    def _served_by(self, endpoint: Endpoint | None) -> str:
        own = "" if self.provider == OPENAI else f"{self.provider} in Codex's configuration"
        return endpoint.name if endpoint else own

    def _fail(self, opening: Opening, sentence: str) -> None:
        self.opening = False
        if not opening.line.id:
            self.failure, self._turns.thread = sentence, ""
        else:
            self._exchange.refuse(opening.line.id, "HarnessFailed", sentence)
            self.line = None

    # What it is set to

    def configure(self, line: sc.Configure) -> None:
        turns = self._turns
        if line.level and line.level != "full" and not self.asks:
            self._exchange.refuse(line.id, "NotSupported", trouble.NOT_ASKING)
            return
        if line.level:
            turns.level = line.level
        if line.thinking:
            turns.effort = line.thinking
        if line.model:
            turns.model = self._model(line.model, line.endpoint)
            turns.served = self._served_by(line.endpoint)
            self._told(turns.model)
        self._exchange.reply(line.id, self._started(line.endpoint))

    def models(self, request: int) -> None:
        def answered(head: Head) -> None:
            found = decoded(head, Models)
            if found is None:
                message = head.error.message if head.error else "its list cannot be read"
                self._exchange.refuse(request, "HarnessFailed", f"Codex: {message}.")
                return
            provider = self.provider or OPENAI
            rows = [
                sc.ModelRow(
                    f"{provider}/{model.id}", provider, model.display_name, images=model.sees
                )
                for model in found.data
                if not model.hidden
            ]
            self._exchange.reply(request, sc.ModelList(rows))

        self._exchange.request("model/list", answered)

    def _model(self, name: str, endpoint: Endpoint | None) -> str:
        if endpoint:
            return endpoint.model
        head, slash, rest = name.partition("/")
        ours = {self.provider, OPENAI, "codex", "codex-native", "openai-codex"}
        return rest if slash and head in ours else name

    def _config(self, opening: Opening) -> dict[str, Any]:
        """Over the user's own configuration, for this thread alone and written nowhere."""
        line, hook = opening.line, opening.hook
        trust = "trusted" if line.trusted else "untrusted"
        config: dict[str, Any] = {"projects": {line.cwd: {"trust_level": trust}}}
        config |= search.SETTINGS[self._search(line)]
        if hook:
            config["hooks.state"] = {hook.key: {"trusted_hash": hook.current_hash}}
        if not line.instruction_files:
            config["project_doc_max_bytes"] = 0
        if endpoint := line.endpoint:
            config |= self._served(endpoint)
        return config

    def _search(self, line: sc.Start) -> search.How:
        openai = self.provider == OPENAI and not line.endpoint
        return search.how(line.unasked, openai=openai, version=self.version)

    def _served(self, endpoint: Endpoint) -> dict[str, Any]:
        """The key goes over the pipe: no argument and no variable of a command has it."""
        server = {"name": endpoint.name, "base_url": endpoint.base_url, "wire_api": "responses"}
        if key := (self._keys or {}).get(endpoint.key):
            server["experimental_bearer_token"] = key
        window = endpoint.context_window
        known = {"model_context_window": window} if window else {}
        return {"model_provider": PROVIDER, "model_providers": {PROVIDER: server}, **known}


def _not_opened(opening: Opening, message: str) -> str:
    if opening.resumed:
        return trouble.resume_failed(opening.resumed, message)
    if ASKING in message:
        return trouble.NOT_ASKING
    return f"Codex could not begin a session: {message.rstrip('.')}."


def decoded(head: Head, kind: type[T]) -> T | None:
    """Nothing when it was refused or is not understood."""
    if head.error:
        return None
    try:
        return msgspec.json.decode(head.result, type=kind)
    except msgspec.MsgspecError:
        return None
