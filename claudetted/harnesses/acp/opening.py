"""Owns how a session begins or goes on, and how it is set: one request after the other.

The mode in which the agent asks is set, and confirmed, before the first prompt can be sent.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from claudetted import __version__
from claudetted.harnesses.acp import messages as acp
from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.inspection import inspected
from claudetted.harnesses.acp.messages import Incoming
from claudetted.harnesses.acp.refusals import (
    NotSignedIn,
    Refused,
    by_hand,
    check_level,
    not_signed_in,
)
from claudetted.harnesses.acp.sessions import NAME, Stored, read
from claudetted.harnesses.acp.settings import Done, applied, started, wanted
from claudetted.harnesses.acp.vendor import Vendor, sentence
from claudetted.harnesses.adapter import Action, StartVendor, Wake
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

PATIENCE_SECONDS = 90.0
"""An agent that has not begun its session by then is given up; the daemon waits a little longer."""
QUIET = "quiet"


class Opening:
    """Begins sessions. `running` is whether the program has been started."""

    def __init__(self, agent: Agent, disk: Disk, env: Mapping[str, str]) -> None:
        self.vendor = Vendor()
        self.running = False
        self.replaying = False
        """What the agent tells was told before."""
        self.heard_at = 0.0
        self.path = ""
        """Where the session's name is kept, once there is one that can be talked to."""
        self._agent = agent
        self._disk = disk
        self._env = env
        self._line: sc.Start | None = None
        self._inspecting = False
        self._forgetting = ""
        """The session that is to be removed, and none opened."""

    @property
    def line(self) -> sc.Start | None:
        """The start that is under way."""
        return self._line

    def inspect(self, line: sc.Inspect) -> Iterator[Action | Line]:
        """As far as a session, and no further."""
        self._inspecting = True
        yield from self.start(sc.Start(line.id, "", line.cwd, "", ""))

    def forget(self, line: sc.Forget) -> Iterator[Action | Line]:
        """One session of the agent's history, without opening another."""
        self._forgetting = line.session
        yield from self.start(sc.Start(line.id, "", line.cwd, "", ""))

    def start(self, line: sc.Start) -> Iterator[Action | Line]:
        self._line, self.path = line, ""
        self._agent.level = line.level
        if self.running:
            yield from self._step(self._delete if self._forgetting else self._open)
            return
        self.running, self.vendor = True, Vendor()
        known = self._agent.known
        extra = {} if line.trusted else known.untrusted_env
        yield StartVendor(self._agent.program.command, {**self._env, **extra}, line.cwd)
        yield Wake(PATIENCE_SECONDS, f"start {line.id}")
        yield self.vendor.ask("initialize", INITIALIZE, self._then(self._initialized))

    def failed(self, refused: Refused) -> Iterator[Line]:
        if line := self._line:
            self._line, self.replaying, self._forgetting = None, False, ""
            if self._inspecting:
                yield inspected(line.id, self._agent, refused)
            else:
                yield sc.Reply(line.id, refused.error)

    def given_up(self) -> Iterator[Line]:
        """It does not answer."""
        owed = self.vendor.owed or "a request"
        yield from self.failed(
            Refused(
                f"{self._agent.name} did not answer {owed} within {PATIENCE_SECONDS:.0f} s. "
                f"Run its command by hand to see why: {by_hand(self._agent)}"
            )
        )

    def _then(self, step: Callable[[Incoming], Iterable[Action | Line]]) -> Any:
        """What answers a request: an error of the agent, or of ours, ends the start."""

        def answered(message: Incoming) -> Iterator[Action | Line]:
            yield from self._step(lambda: self._checked(step, message))

        return answered

    def _step(self, step: Done) -> Iterator[Action | Line]:
        if self._line is None:
            return
        try:
            yield from step()
        except Refused as refused:
            yield from self.failed(refused)

    def _checked(
        self, step: Callable[[Incoming], Iterable[Action | Line]], message: Incoming
    ) -> Iterator[Action | Line]:
        if message.error:
            raise self._refusal(message.error)
        try:
            yield from step(message)
        except msgspec.MsgspecError as error:
            text = f"{self._agent.name} sent an unexpected answer: {error}."
            raise Refused(text) from None

    def _refusal(self, fault: acp.Fault) -> Refused:
        if fault.code == acp.AUTH_REQUIRED:
            return NotSignedIn(not_signed_in(self._agent, fault))
        return Refused(f"{self._agent.name} cannot begin: {sentence(fault)}")

    # From the program to the session

    def _initialized(self, message: Incoming) -> Iterator[Action | Line]:
        told = msgspec.json.decode(message.result, type=acp.Initialized)
        if told.protocol_version != acp.VERSION:
            raise Refused(
                f"{self._agent.name} speaks version {told.protocol_version} of the Agent Client "
                f"Protocol, and claudetted version {acp.VERSION}: install another version of it."
            )
        self._agent.recognise(told)
        if hello := self._agent.hello():
            yield hello
        yield from self._delete() if self._forgetting else self._open()

    def _delete(self) -> Iterator[Action | Line]:
        if not self._agent.initialized.deletes:
            message = f"{self._agent.name} has no way to remove a session from its history."
            raise Refused(message, "NotSupported", capability="forget")
        params = {"sessionId": self._forgetting}
        yield self.vendor.ask("session/delete", params, self._then(self._deleted))

    def _deleted(self, _message: Incoming) -> Iterator[Line]:
        if line := self._line:
            self._line, self._forgetting = None, ""
            yield sc.Reply(line.id)

    def _open(self) -> Iterator[Action | Line]:
        line = self._line
        assert line
        if not self._inspecting:
            check_level(self._agent, line.level)
        params = {"cwd": line.cwd, "mcpServers": [], **_meta(self._agent, line.trusted)}
        if not line.session_path:
            yield self.vendor.ask("session/new", params, self._then(self._opened))
            return
        self._agent.session = self._stored(line.session_path).session_id
        self.replaying = True
        params["sessionId"] = self._agent.session
        yield self.vendor.ask(self._method(), params, self._then(self._opened))

    def _method(self) -> str:
        told = self._agent.initialized
        if told.resumes:
            return "session/resume"
        if told.agent_capabilities.load_session:
            return "session/load"
        raise Refused(
            f"{self._agent.name} cannot take up a session again, and its process has ended. "
            "Begin a new one: claudette reset CHAT"
        )

    def _stored(self, path: str) -> Stored:
        text = self._disk.text(path)
        try:
            return read(text or "")
        except msgspec.MsgspecError:
            missing = "is gone" if text is None else "cannot be read"
            raise Refused(f"The session {path} {missing}.") from None

    def _opened(self, message: Incoming) -> Iterator[Action | Line]:
        session = msgspec.json.decode(message.result, type=acp.Session)
        self._agent.session = session.session_id or self._agent.session
        self._agent.offered.take(session)
        if self._inspecting and (line := self._line):
            self._line = None
            yield inspected(line.id, self._agent, None)
        elif self.replaying:
            # Some go on with the replay when they have said that it is over.
            yield Wake(self._agent.known.replay_quiet, QUIET)
        else:
            yield from self._set_up()

    def quiet(self, now: float) -> Iterator[Action | Line]:
        """Nothing was said for a while: the replay is over, unless something was."""
        left = self.heard_at + self._agent.known.replay_quiet - now
        if self._line and left > 0:
            yield Wake(left, QUIET)
        elif self._line:
            yield from self._step(self._set_up)

    def _set_up(self) -> Iterator[Action | Line]:
        line = self._line
        assert line
        chosen = wanted(self._agent, line.model, line.thinking)
        yield from self._apply(chosen, self._ready)

    def _ready(self) -> Iterator[Action | Line]:
        line = self._line
        assert line
        self._line, self.replaying = None, False
        path = line.session_path or os.path.join(line.session_dir, NAME)
        stored = Stored(self._agent.name, self._agent.session, line.cwd)
        if not line.session_path:
            self._keep(path, stored)
        if hello := self._agent.hello():
            yield hello
        self.path = path
        yield sc.Reply(line.id, result=msgspec.Raw(msgspec.json.encode(started(self._agent, path))))

    def _keep(self, path: str, stored: Stored) -> None:
        try:
            self._disk.write(path, msgspec.json.encode(stored).decode())
        except OSError as fault:
            raise Refused(f"The session cannot be kept: {fault}.") from fault

    def _apply(self, chosen: list[tuple[str, str]], done: Done) -> Iterator[Action | Line]:
        yield from applied(self._agent, self.vendor, chosen, done, self._then)


def _meta(agent: Agent, trusted: bool) -> dict[str, Any]:
    meta = agent.known.meta if trusted else merged(agent.known.meta, agent.known.untrusted_meta)
    return {"_meta": dict(meta)} if meta else {}


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, at any depth; the second has the last word."""
    both = dict(one)
    for key, value in other.items():
        known = both.get(key)
        deeper = isinstance(known, Mapping) and isinstance(value, Mapping)
        both[key] = merged(known, value) if deeper else value  # type: ignore[arg-type]
    return both


INITIALIZE = {
    "protocolVersion": acp.VERSION,
    # Files and terminals stay the agent's own: through us they would need the engine as well.
    "clientCapabilities": {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
    },
    "clientInfo": {"name": "claudetted", "title": "claudetted", "version": __version__},
}
