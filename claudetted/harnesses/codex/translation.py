"""Owns the translation between Codex's app-server and our lines: who handles which of them. Pure.

Codex's program is started at once and asked who it is; what the daemon wants meanwhile waits. It is
started anew, between turns, when what it cannot be told while it runs has changed.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable

import msgspec
from msgspec.structs import replace

from claudetted.harnesses import adapter
from claudetted.harnesses.codex import hook, trouble, vendor
from claudetted.harnesses.codex.asks import Asks
from claudetted.harnesses.codex.capabilities import CAPABILITIES
from claudetted.harnesses.codex.compaction import Compaction
from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.hearing import Hearing
from claudetted.harnesses.codex.items import Items
from claudetted.harnesses.codex.questions import Questions
from claudetted.harnesses.codex.session import Session, WriteNote
from claudetted.harnesses.codex.sight import Sight
from claudetted.harnesses.codex.turns import Turns
from claudetted.harnesses.codex.usage import Meter
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import SIDECAR_LEVEL

START_SECONDS = 60.0
HANGS = "start"
END_SECONDS = 1.5
"""A turn has so long to stop before the program is ended with it."""
ENDS = "end"
_VERSION = re.compile(r"/(\d+\.\d+\.\d+\S*)")
_head = msgspec.json.Decoder(vendor.Head).decode
_MOST_LOGGED = 300


class Surroundings(msgspec.Struct, frozen=True):
    """What an adapter's process is told: how Codex is started, where, and how the hook is."""

    harness: str
    version: str
    pid: int
    argv: list[str]
    env: dict[str, str]
    directory: str
    hook: str
    note: WriteNote
    read: Callable[[str], bytes]
    """Of a file. Raises OSError."""


class CodexTranslation:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._env = dict(around.env)
        exchange = self._exchange = Exchange()
        self._items = Items(exchange)
        self._asks = Asks(exchange, self._items)
        self._questions = Questions(exchange)
        self._meter = Meter()
        self._compaction = Compaction(exchange, self._meter)
        self._turns = Turns(
            exchange,
            self._items,
            self._asks,
            self._questions,
            self._meter,
            self._compaction,
            around.read,
        )
        self._session = Session(exchange, self._turns, self._items, around.hook, around.note)
        self._hearing = Hearing(exchange, self._items, self._asks, self._questions, self._turns)
        self._sight = Sight(exchange, self._session)
        self._told = CAPABILITIES
        self._waiting: deque[sc.ToSidecar] = deque()
        self._ready = False
        """Codex has said who it is."""
        self._greeted = False
        self._failure = ""
        self._stale = False
        """Something has changed that Codex only learns when it starts."""
        self._ending: int | None = None
        """The request to end."""
        self._asked_to_end = False
        self._now = 0.0

    # The loop's side

    def begun(self) -> Iterable[adapter.Action]:
        self._exchange.do(adapter.Listen(self._around.directory, hook.NAME))
        self._launch()
        return self._exchange.take()

    def line(self, line: sc.ToSidecar, now: float) -> Iterable[adapter.Action]:
        self._now = now
        self._waiting.append(line)
        self._go_on()
        return self._exchange.take()

    def vendor_line(self, data: bytes, now: float) -> Iterable[adapter.Action]:
        self._now = now
        try:
            self._hearing.hear(_head(data), now)
        except msgspec.MsgspecError as error:
            adapter.log(f"Codex wrote what is not understood ({error}): {_cut(data)}")
        self._stale = self._stale or self._turns.signed_out
        self._turns.signed_out = False
        self._go_on()
        self._end_when_idle()
        return self._exchange.take()

    def vendor_ended(self, end: adapter.VendorEnd) -> Iterable[adapter.Action]:
        self._exchange.forget()
        self._sight.forget_question()
        if self._ending is not None:
            self._exchange.reply(self._ending)
            self._exchange.do(adapter.Exit())
        elif self._stale:
            self._stale = False
            self._launch()
        elif self._session.is_open:
            adapter.log(trouble.last_words(end))
            self._exchange.do(adapter.Exit(end.code if end.code > 0 else 1))
        elif not self._failure:
            self._fail(trouble.start_failed(end))
        return self._exchange.take()

    def woken(self, what: str, now: float) -> Iterable[adapter.Action]:
        self._now = now
        if what == ENDS:
            self._exchange.do(adapter.EndVendor(0.0))
        elif what == HANGS and not self._ready and not self._failure:
            self._fail(trouble.start_hangs(START_SECONDS))
            self._exchange.do(adapter.EndVendor(0.0))
        return self._exchange.take()

    def called(self, caller: int, question: bytes) -> Iterable[adapter.Action]:
        self._asks.called(caller, question)
        return self._exchange.take()

    def caller_left(self, caller: int) -> Iterable[adapter.Action]:
        self._asks.caller_left(caller)
        return self._exchange.take()

    # Start and end

    def _launch(self) -> None:
        around = self._around
        self._ready = False
        self._exchange.do(adapter.StartVendor(around.argv, self._env, around.directory))
        self._exchange.do(adapter.Wake(START_SECONDS, HANGS))
        client = {"name": "claudetted", "title": "claudetted", "version": around.version}
        self._exchange.request(
            "initialize",
            self._introduced,
            clientInfo=client,
            capabilities={"experimentalApi": True},
        )

    def _introduced(self, head: vendor.Head) -> None:
        told = msgspec.json.decode(head.result, type=vendor.Introduction)
        found = _VERSION.search(told.user_agent)
        version = self._session.version = found[1] if found else ""
        self._greet(version)
        self._exchange.notify("initialized")
        self._ready = True
        self._session.reopen()

    def _greet(self, version: str) -> None:
        if not self._greeted:
            self._greeted = True
            self._introduce(version)

    def _introduce(self, version: str) -> None:
        us, able = self._around, self._told
        self._exchange.say(
            sc.Hello(SIDECAR_LEVEL, us.harness, us.version, version, us.pid, able, drives=True)
        )

    def _tell_sight(self) -> None:
        """Another model may see what the last one did not."""
        if self._told != self._sight.capabilities:
            self._told = self._sight.capabilities
            self._introduce(self._session.version)

    def _fail(self, sentence: str) -> None:
        self._failure = sentence
        self._greet("")
        self._go_on()

    def _go_on(self) -> None:
        """Takes what waits, as far as it can be taken now."""
        while self._waiting and (self._failure or self._is_ready() or self._is_urgent()):
            if self._starts_anew() or self._sight.looks_first(self._waiting[0]):
                return
            self._take(self._waiting.popleft())
            self._tell_sight()

    def _is_ready(self) -> bool:
        return self._ready and not self._session.opening

    def _is_urgent(self) -> bool:
        return isinstance(self._waiting[0], sc.Dispose | sc.Credentials)

    def _starts_anew(self) -> bool:
        """Before a turn, if what has changed needs it."""
        wanted = self._stale and isinstance(self._waiting[0], sc.Prompt) and not self._turns.busy
        if wanted and self._ready:
            self._ready = False
            self._exchange.do(adapter.EndVendor())
        return wanted

    # The daemon's side

    def _take(self, line: sc.ToSidecar) -> None:
        request = getattr(line, "id", None)
        if isinstance(line, sc.Dispose):
            self._dispose(line)
        elif self._failure and request is not None:
            self._exchange.refuse(request, "HarnessFailed", self._failure)
        elif isinstance(line, sc.Abort) and not self._session.is_open:
            self._exchange.reply(line.id)
        elif isinstance(line, _OF_SESSION) and not self._session.is_open:
            why = self._session.failure or "The session is not open."
            self._exchange.refuse(line.id, "HarnessFailed", why)
        elif request is not None and (why := self._sight.refuses(line)):
            self._exchange.refuse(request, "NotSupported", why)
        else:
            self._carry_out(line)

    def _carry_out(self, line: sc.ToSidecar) -> None:
        match line:
            case sc.Start():
                self._session.start(line)
                self._asks.cwd = line.cwd
            case sc.Prompt():
                self._turns.prompt(line)
            case sc.Steer():
                self._turns.steer(line)
            case sc.Abort():
                self._turns.abort(line.id)
            case sc.Decide():
                self._asks.decided(line)
            case sc.Inform():
                self._questions.informed(line)
            case sc.Configure():
                self._configure(line)
            case sc.Compact():
                self._turns.compact(line, self._now)
            case sc.Environment():
                self._change_environment(line)
            case sc.Credentials():
                self._session.credentials(line)
            case sc.Models():
                self._session.models(line.id)
            case _:
                request = getattr(line, "id", None)
                if request is not None:
                    message = "Codex's own program keeps its sign-ins and commands."
                    self._exchange.refuse(request, "NotSupported", message)

    def _configure(self, line: sc.Configure) -> None:
        opened = self._session.line
        assert opened
        known = {
            "trusted": opened.trusted if line.trusted is None else line.trusted,
            "instruction_files": (
                opened.instruction_files
                if line.instruction_files is None
                else line.instruction_files
            ),
            "endpoint": line.endpoint or opened.endpoint,
            "unasked": opened.unasked if line.unasked is None else line.unasked,
        }
        changed = replace(opened, **known)
        self._stale = self._stale or changed != opened
        self._session.line = replace(
            changed,
            level=line.level or opened.level,
            thinking=line.thinking or opened.thinking,
            model=line.model or opened.model,
        )
        self._session.configure(line)

    def _change_environment(self, line: sc.Environment) -> None:
        env = {**self._env, **line.env}
        env = {name: value for name, value in env.items() if value or name not in line.env}
        self._stale = self._stale or env != self._env
        self._env = env

    def _dispose(self, line: sc.Dispose) -> None:
        self._ending = line.id
        if self._failure:
            self._exchange.reply(line.id)
            self._exchange.do(adapter.Exit())
            return
        if self._turns.busy:
            self._turns.stop()
            self._exchange.do(adapter.Wake(END_SECONDS, ENDS))
        self._end_when_idle()

    def _end_when_idle(self) -> None:
        if self._ending is not None and not self._turns.busy and not self._asked_to_end:
            self._asked_to_end = True
            self._exchange.do(adapter.EndVendor())


_OF_SESSION = (sc.Prompt, sc.Steer, sc.Configure, sc.Compact)


def _cut(data: bytes) -> str:
    text = data[:_MOST_LOGGED].decode(errors="replace")
    return text if len(data) <= _MOST_LOGGED else f"{text}… ({len(data)} bytes)"
