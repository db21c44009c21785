"""Owns what the daemon's lines mean to Claude Code, and its lines to the daemon."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import msgspec

from claudetted import __version__
from claudetted.harnesses.adapter import (
    Action,
    EndVendor,
    Exit,
    StartVendor,
    ToVendor,
    VendorEnd,
    Wake,
    log,
)
from claudetted.harnesses.claude import frames, invocation, session, trouble
from claudetted.harnesses.claude.conversation import Conversation
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.frames import Answer, Response
from claudetted.harnesses.claude.invocation import Wanted
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import SIDECAR_LEVEL

START_SECONDS = 90.0
"""So long the program may take to answer for the first time."""
HOOK = "gate"
MOST_TOLD = 80
"""Letters of what a command is for."""
HIDDEN = frozenset(
    {
        *("clear", "color", "config", "doctor", "effort", "fast", "focus", "goal", "heapdump"),
        *("loop", "model", "output-style", "rename", "workflow-launch-exec"),
    }
)
"""Commands that are for its own screen, work without being asked, or are the daemon's."""

Actions = Iterator[Action]
Answered = Callable[[Response], Actions]


class Claude:
    """The process of one chat. The program runs from `start` on, and again whenever it has to be
    told something that only its start can tell it; that happens between turns."""

    def __init__(self, environment: Mapping[str, str], disk: Disk) -> None:
        self._environment = dict(environment)
        self._disk = disk
        self._version = ""
        self._stage = "new"
        """new, asking (for its version), idle, starting, ready, replacing, ending."""
        self._early: list[sc.ToSidecar] = []
        """Lines that came before the version was known."""
        self._wanted: Wanted | None = None
        self._session: session.Session | None = None
        self._starting: int | None = None
        """The request that waits for the program's start."""
        self._held: sc.Prompt | sc.Compact | None = None
        """What waits for the program to be replaced."""
        self._stale = False
        """The program has to be started anew before its next turn."""
        self._answer = Answer()
        self._said = ""
        """By a program that could not start."""
        self._requests: dict[str, Answered] = {}
        self._generation = 0
        self._key_waits = False
        self.talk = Conversation(disk, self._send)

    def begun(self) -> Actions:
        program = invocation.program_of(self._environment)
        if version := invocation.version_of(program, self._disk):
            yield from self._introduce(version)
        else:
            self._stage = "asking"
            yield StartVendor([program, "--version"], self._environment, os.getcwd())

    def _introduce(self, version: str) -> Actions:
        self._version, self._stage = version, "idle"
        yield sc.Hello(SIDECAR_LEVEL, "claude", __version__, version, os.getpid(), drives=True)
        early, self._early = self._early, []
        for line in early:
            yield from self.line(line, 0.0)

    # Lines of the daemon

    def line(self, line: sc.ToSidecar, now: float) -> Actions:
        if self._stage in ("new", "asking"):
            self._early.append(line)
            return
        match line:
            case sc.Start():
                yield from self._start(line)
            case sc.Credentials():
                yield from self._credentials(line)
            case sc.Prompt() | sc.Compact():
                yield from self._begin(line)
            case sc.Abort():
                yield from self._abort(line)
            case sc.Configure():
                yield from self._configure(line)
            case sc.Environment(changed):
                merged = {**self._environment, **changed}
                self._environment = {name: text for name, text in merged.items() if text}
                self._stale = self._stage in ("starting", "ready")
            case sc.Dispose():
                yield from self._dispose(line)
            case sc.Models(number):
                yield _reply(number, sc.ModelList(self._models()))
            case sc.Commands(number):
                yield _reply(number, sc.CommandList(self._commands()))
            case sc.Steer() | sc.Decide() | sc.Inform():
                yield from self.talk.line(line)
            case _:
                message = f"Claude Code keeps its own sign-in: {trouble.SIGN_IN}"
                yield _refuse(line.id, sc.LineError("NotSupported", message))

    def _start(self, line: sc.Start) -> Actions:
        if self._stage != "idle":
            yield _refuse(line.id, sc.LineError("InvalidRequest", "The session is open already."))
            return
        if old := trouble.too_old(self._version):
            yield _refuse(line.id, old)
            return
        try:
            self._session = self._opened(line)
        except (session.Broken, OSError) as broken:
            yield _refuse(line.id, sc.LineError("HarnessFailed", str(broken)))
            return
        cwd = self._disk.real(line.cwd, "/")
        self._wanted = Wanted(
            cwd, line.model, line.thinking, line.level, line.trusted, line.endpoint
        )
        self._starting = line.id
        if line.endpoint and line.endpoint.key:
            self._key_waits = True
            yield sc.CredentialsWanted()
        else:
            yield from self._launch()

    def _opened(self, line: sc.Start) -> session.Session:
        """Raises Broken and OSError."""
        self._disk.make(line.temp_dir)
        if line.session_path:
            return session.stored(self._disk, line.session_path)
        return session.new(self._disk, line.session_dir, self._environment)

    def _credentials(self, line: sc.Credentials) -> Actions:
        wanted = self._wanted
        if wanted is None or wanted.endpoint is None:
            return
        key = line.keys.get(wanted.endpoint.key, "")
        self._stale = self._stale or (self._stage == "ready" and key != wanted.key)
        self._wanted = msgspec.structs.replace(wanted, key=key)
        if self._key_waits:
            self._key_waits = False
            yield from self._launch()

    def _launch(self) -> Actions:
        assert self._wanted and self._session
        self._stage, self._stale, self._said = "starting", False, ""
        self._generation += 1
        self.talk.prepare(self._wanted, self._session)
        yield invocation.start(self._wanted, self._session, self._environment)
        yield Wake(START_SECONDS, f"start {self._generation}")
        yield from self._send("", self._initialized, partial(frames.initialize, hook=HOOK))

    def _initialized(self, response: Response) -> Actions:
        if self._stage != "starting":
            return
        try:
            self._answer = frames.decode_answer(response.response)
        except msgspec.MsgspecError as error:
            yield from self._fail(sc.LineError("HarnessFailed", f"{_UNREADABLE} ({error})."))
            return
        if response.subtype == "error" or not self._answer.hooks_applied:
            yield from self._fail(trouble.ungated())
        elif unknown := self._unknown_model():
            yield from self._fail(unknown)
        else:
            yield from self._ready()

    def _ready(self) -> Actions:
        self._stage = "ready"
        if self._starting is not None:
            yield _reply(self._starting, self._started())
            self._starting = None
        held, self._held = self._held, None
        if held:
            yield from self.talk.begin(held)

    def _started(self) -> sc.Started:
        assert self._wanted and self._session
        wanted = self._wanted
        model = wanted.model or invocation.PREFIX + self._resolved("default")
        endpoint = wanted.endpoint
        window = (endpoint.context_window if endpoint else None) or self.talk.window
        places = [os.path.join(wanted.cwd, name) for name in invocation.PROJECT]
        left = [] if wanted.trusted else self._disk.there(*places)
        names = [os.path.relpath(path, wanted.cwd) for path in left]
        self.talk.items.model = model
        return sc.Started(
            self._session.path,
            model,
            wanted.thinking,
            context_window=window,
            resources=names,
            commands=self._commands(),
        )

    def _unknown_model(self) -> sc.LineError | None:
        """Names it tells of, and whatever looks like one of Anthropic's, which it may just not
        tell of."""
        assert self._wanted
        name = invocation.model_of(self._wanted)
        known = {word for one in self._answer.models for word in (one.value, one.resolvedModel)}
        if self._wanted.endpoint or not name or not known or name in known:
            return None
        return None if name.startswith("claude-") else self._no_model(name)

    def _no_model(self, name: str) -> sc.LineError:
        nearest = [invocation.PREFIX + one.value for one in self._answer.models]
        message = f"Claude Code has no model {name}. It has: {', '.join(nearest)}."
        return sc.LineError("ModelUnknown", message, {"model": name, "nearest": nearest})

    def _resolved(self, name: str) -> str:
        told = (one.resolvedModel for one in self._answer.models if one.value == name)
        return next(told, name) or name

    def _models(self) -> list[sc.ModelRow]:
        return [
            sc.ModelRow(
                invocation.PREFIX + one.value, "claude", one.displayName, None, "Claude Code"
            )
            for one in self._answer.models
        ]

    def _commands(self) -> list[sc.CommandRow]:
        return [
            sc.CommandRow(one.name, one.description[:MOST_TOLD], one.argumentHint[:MOST_TOLD])
            for one in self._answer.commands
            if not one.name.startswith("_") and one.name not in HIDDEN
        ]

    # Turns

    def _begin(self, line: sc.Prompt | sc.Compact) -> Actions:
        if self._stage == "ready" and self._stale and not self.talk.busy:
            self._held = line
            yield from self._replace()
        elif self._stage == "ready":
            yield from self.talk.begin(line)
        elif self._wanted and self._stage != "ending" and self._held is None:
            self._held = line
        else:
            message = "The session is not open, or something else waits for it."
            yield _refuse(line.id, sc.LineError("ChatBusy", message))

    def _abort(self, line: sc.Abort) -> Actions:
        held, self._held = self._held, None
        if isinstance(held, sc.Prompt):
            yield sc.Reply(held.id)
            yield sc.TurnEnd(held.turn, "stopped")
        elif held:
            yield _refuse(held.id, sc.LineError("HarnessFailed", "It was stopped."))
        yield from self.talk.abort(line)

    def _configure(self, line: sc.Configure) -> Actions:
        assert self._wanted
        before = self._wanted
        self._wanted = after = msgspec.structs.replace(
            before,
            thinking=line.thinking or before.thinking,
            level=line.level or before.level,
            trusted=before.trusted if line.trusted is None else line.trusted,
            model=line.model or before.model,
            endpoint=line.endpoint if line.model else before.endpoint,
        )
        self.talk.gate.level = after.level
        if (after.trusted, after.endpoint) != (before.trusted, before.endpoint):
            self._stale = True
        if line.level and self._stage == "ready":
            mode = invocation.mode_of(after.level)
            yield from self._send("set_permission_mode", self._noted, mode=mode)
        if line.thinking and self._stage == "ready":
            settings = {"effortLevel": invocation.effort_of(after.thinking)}
            yield from self._send("apply_flag_settings", self._noted, settings=settings)
        if after.model != before.model and not self._stale and self._stage == "ready":
            changed = partial(self._model_set, line.id, before)
            yield from self._send("set_model", changed, model=invocation.model_of(after))
        else:
            yield _reply(line.id, self._started())

    def _model_set(self, number: int, before: Wanted, response: Response) -> Actions:
        assert self._wanted
        if response.subtype != "error":
            yield _reply(number, self._started())
            return
        name = invocation.model_of(self._wanted)
        self._wanted = before
        if response.error_code == "not_found":
            yield _refuse(number, self._no_model(name))
        else:
            message = f"Claude Code does not take the model {name}: {response.error}"
            yield _refuse(number, sc.LineError("HarnessFailed", message))

    def _noted(self, response: Response) -> Actions:
        if response.subtype == "error":
            log(f"Claude Code refused a setting: {response.error}")
        return iter(())

    def _dispose(self, line: sc.Dispose) -> Actions:
        yield from self.talk.give_up()
        self._stage = "ending"
        yield sc.Reply(line.id)
        yield Exit()

    # Lines of the program

    def vendor_line(self, data: bytes, now: float) -> Actions:
        if self._stage == "asking":
            self._said += data.decode(errors="replace")
            return
        try:
            frame = frames.decode(data)
        except msgspec.MsgspecError as error:
            log(f"Claude Code wrote what cannot be read ({error}): {data[:200]!r}")
            return
        if frame.type == "control_response" and frame.response:
            answered = self._requests.pop(frame.response.request_id, None)
            if answered:
                yield from answered(frame.response)
        elif self._stage == "starting" and frame.type == "result":
            self._said = "; ".join(frame.errors) or frame.result or ""
        elif self._stage == "ready":
            yield from self.talk.heard(frame)

    def vendor_ended(self, end: VendorEnd) -> Actions:
        if self._stage == "asking":
            word = self._said.split(" ")[0]
            yield from self._introduce(word if trouble.parsed(word) else "unknown")
        elif self._stage == "replacing":
            yield from self._launch()
        elif self._stage == "starting":
            yield from self._fail(trouble.failed(end, self._said))
        elif self._stage == "ready":
            self._stage = "ending"
            log(trouble.died(end))
            yield Exit(1)

    def woken(self, what: str, now: float) -> Actions:
        if self._stage == "starting" and what == f"start {self._generation}":
            yield from self._fail(trouble.hangs(START_SECONDS))

    def _fail(self, error: sc.LineError) -> Actions:
        """Its start went wrong: whoever waits for it learns why."""
        self._stage = "idle"
        self._requests.clear()
        yield EndVendor(0.0)
        held, self._held = self._held, None
        started, self._starting, self._wanted = self._starting, None, None
        for number in (started, held.id if held else None):
            if number is not None:
                yield _refuse(number, error)
        if started is None:
            # The next message tries anew, with a process of its own.
            log(error.message)
            yield Exit(1)

    def _replace(self) -> Actions:
        self._stage = "replacing"
        self._requests.clear()
        yield EndVendor()

    def _send(
        self,
        subtype: str,
        answered: Answered,
        build: Callable[[str], bytes] | None = None,
        **fields: object,
    ) -> Actions:
        """A request to the program; `answered` is told what it says."""
        number = frames.new_uuid()
        self._requests[number] = answered
        yield ToVendor(build(number) if build else frames.request(number, subtype, **fields))


_UNREADABLE = "Claude Code answered in a way that this version does not understand"


def _reply(number: int, result: object) -> sc.Reply:
    return sc.Reply(number, result=msgspec.Raw(msgspec.json.encode(result)))


def _refuse(number: int, error: sc.LineError) -> sc.Reply:
    return sc.Reply(number, error)
