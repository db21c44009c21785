"""Owns what the scripted agent answers: sessions made, loaded and set, prompts begun."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from tests.fakes.acp_agent.peer import Json, Peer
from tests.fakes.acp_agent.turn import Turn, images
from tests.fakes.sidecar.transcript import CannotOpen, Transcript
from tests.fakes.sidecar.turn import Said

# Without `typing`, which takes a sixth of a start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODELS = ("fake/small", "fake/large")
MODES = {"ask": "Ask first", "auto": "Auto", "plan": "Plan"}


class Session:
    def __init__(self, id: str, cwd: str, mode: str, transcript: Transcript) -> None:
        self.id = id
        self.cwd = cwd
        self.mode = mode
        self.transcript = transcript
        self.turn: Turn | None = None
        self.allowed: set[str] = set()


class Agent:
    def __init__(self, options: Json, gates: str) -> None:
        self.options = options
        self.gates = gates
        self.peer = Peer()
        self._sessions: dict[str, Session] = {}
        self._turns: list[Turn] = []
        self._leaving = False
        self._place = os.path.join(os.environ["HOME"], ".scripted-acp")

    def serve(self) -> None:
        os.umask(0o077)
        if code := self.options.get("die"):
            sys.stderr.write("Error: the scripted agent has no heart.\n")
            sys.stderr.flush()
            os._exit(code)
        if self.options.get("garbage"):
            self.peer.raw(b"Welcome!\n\xff\xfe{]\n[1, 2]\n" + b"x" * 300_000 + b"\n")
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._leave())
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if "method" not in message:
                self.peer.heard(message)
            elif message["method"] != self.options.get("hang"):
                self._take(message)
        self._leave()

    def _leave(self) -> None:
        """With all that its commands have left running, as agents should. The end of its input and
        a signal come together: what the first began, the second does not do again."""
        if self._leaving:
            return
        self._leaving = True
        for turn in self._turns:
            turn.stop()
        os._exit(0)

    def _take(self, message: Json) -> None:
        number, method, params = message.get("id"), message["method"], message.get("params", {})
        handle = getattr(self, "_" + method.lstrip("_").replace("/", "_"), None)
        if handle is None:
            if number is not None:
                self.peer.refuse(number, -32601, f"Method not found: {method}")
            return
        try:
            handle(number, params)
        except KeyError as missing:
            self.peer.refuse(number, -32602, f"Invalid params: {missing}")

    def _initialize(self, number: Any, params: Json) -> None:
        sessions: Json = {name: {} for name in ("resume", "delete") if self.options.get(name)}
        self.peer.answer(
            number,
            {
                "protocolVersion": self.options.get("version", 1),
                "agentCapabilities": {
                    "promptCapabilities": {"image": self.options.get("images", True)},
                    "loadSession": self.options.get("load", True),
                    "sessionCapabilities": sessions,
                },
                "authMethods": [{"id": "own", "name": "Own", "description": "Run `agent login`"}],
                "agentInfo": {"name": self.options.get("name", "scripted"), "version": "1.0"},
                "_meta": {"steering": {"supported": bool(self.options.get("steers"))}},
            },
        )

    def _session_new(self, number: Any, params: Json) -> None:
        if self.options.get("auth"):
            self.peer.refuse(number, -32000, "Authentication required")
            return
        session_id = f"ses_{os.urandom(16).hex()}"
        place = os.path.join(self._place, session_id)
        mode = self.options.get("mode", "ask")
        session = Session(session_id, params["cwd"], mode, Transcript.create(place, MODELS[0]))
        self._sessions[session_id] = session
        self.peer.answer(number, {"sessionId": session_id, **self._settable(session)})
        self._tell_commands(session)

    def _session_load(self, number: Any, params: Json) -> None:
        session = self._opened(number, params)
        if session and self.options.get("late"):
            self.peer.answer(number, self._settable(session))
            self._replay(session)
        elif session:
            self._replay(session)
            self.peer.answer(number, self._settable(session))
            self._tell_commands(session)

    def _session_delete(self, number: Any, params: Json) -> None:
        import shutil

        shutil.rmtree(os.path.join(self._place, params["sessionId"]))
        self.peer.answer(number, {})

    def _session_resume(self, number: Any, params: Json) -> None:
        if session := self._opened(number, params):
            self.peer.answer(number, self._settable(session))

    def _opened(self, number: Any, params: Json) -> Session | None:
        session_id = params["sessionId"]
        path = os.path.join(self._place, session_id, "session.jsonl")
        try:
            transcript = Transcript.open(path)
        except CannotOpen:
            self.peer.refuse(number, -32002, f"Resource not found: {session_id}")
            return None
        mode = self.options.get("mode", "ask")
        session = Session(session_id, params["cwd"], mode, transcript)
        self._sessions[session_id] = session
        return session

    def _replay(self, session: Session) -> None:
        for message in session.transcript.messages:
            kind = "user_message_chunk" if message["role"] == "user" else "agent_message_chunk"
            content = {"type": "text", "text": message["text"]}
            self.peer.update(session.id, kind, content=content, messageId=os.urandom(16).hex())

    def _tell_commands(self, session: Session) -> None:
        names = self.options.get("commands", [])
        rows = [{"name": name, "description": f"does {name}"} for name in names]
        self.peer.update(session.id, "available_commands_update", availableCommands=rows)

    def _settable(self, session: Session) -> Json:
        modes = [{"id": key, "name": name} for key, name in MODES.items()]
        with_modes = self.options.get("modes", True)
        if self.options.get("legacy"):
            models = [{"modelId": name, "name": name} for name in MODELS]
            told: Json = {
                "models": {"currentModelId": session.transcript.model, "availableModels": models}
            }
            if with_modes:
                told["modes"] = {"currentModeId": session.mode, "availableModes": modes}
            return told
        return {"configOptions": self._options(session)}

    def _options(self, session: Session) -> list[Json]:
        model = {
            "id": "model",
            "category": "model",
            "type": "select",
            "currentValue": session.transcript.model,
            "options": [{"value": name, "name": name} for name in MODELS],
        }
        mode = {
            "id": "mode",
            "category": "mode",
            "type": "select",
            "currentValue": session.mode,
            "options": [{"value": key, "name": name} for key, name in MODES.items()],
        }
        return [model, mode] if self.options.get("modes", True) else [model]

    def _session_set_config_option(self, number: Any, params: Json) -> None:
        session = self._sessions[params["sessionId"]]
        value = params["value"]
        if params["configId"] == "model" and value in MODELS:
            session.transcript.model = value
        elif params["configId"] == "mode" and value in MODES:
            if not self.options.get("forget"):
                session.mode = value
        else:
            self.peer.refuse(number, -32602, f"Invalid params: no {value}")
            return
        self.peer.answer(number, {"configOptions": self._options(session)})

    def _session_set_mode(self, number: Any, params: Json) -> None:
        self._sessions[params["sessionId"]].mode = params["modeId"]
        self.peer.answer(number, {})

    def _session_set_model(self, number: Any, params: Json) -> None:
        self._sessions[params["sessionId"]].transcript.model = params["modelId"]
        self.peer.answer(number, {})

    def _session_prompt(self, number: Any, params: Json) -> None:
        session = self._sessions[params["sessionId"]]
        blocks = params["prompt"]
        text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
        session.turn = Turn(self, session, number)
        self._turns.append(session.turn)
        said = Said(text, images(blocks))
        threading.Thread(target=session.turn.play, args=(said,)).start()

    def _session_cancel(self, _number: Any, params: Json) -> None:
        if turn := self._sessions[params["sessionId"]].turn:
            turn.stop()

    def _session_steering(self, number: Any, params: Json) -> None:
        turn = self._sessions[params["sessionId"]].turn
        blocks = params["prompt"]
        said = Said(blocks[0]["text"], images(blocks))
        taken = turn is not None and turn.steer(said)
        self.peer.answer(number, {"outcome": "injected" if taken else "rejected"})
