"""Owns the requests of the daemon: each line is answered once, none holds up another."""

from __future__ import annotations

import os
import threading

from tests.fakes.sidecar.commands import Groups
from tests.fakes.sidecar.compaction import Compaction
from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.tools import Asks, Place
from tests.fakes.sidecar.transcript import CannotOpen, Transcript
from tests.fakes.sidecar.turn import WINDOW, Agent, Said, Turn

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MODELS = ("fake/small", "fake/large", "fake/thinker")

BLIND = ("fake/thinker",)

COMMANDS = [
    {"name": "review", "about": "Reviews a file.", "arguments": "<file>"},
    {"name": "skill:rig", "about": "How to rig a ship.", "arguments": "[text]"},
]


class Refusal(Exception):
    """The error that answers a request."""

    def __init__(self, name: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.error = {"name": name, "message": message, "data": data}


class Desk:
    """One sidecar's session and what it is busy with."""

    def __init__(self, out: Outlet, gates: str) -> None:
        self._out = out
        self._gates = gates
        self._asks = Asks(out)
        self._groups = Groups(out)
        self._agent: Agent | None = None
        self._place: Place | None = None
        self._model = ""
        self._thinking = "off"
        self._trusted = False
        self._busy_with: Turn | Compaction | None = None
        self._last: Turn | Compaction | None = None
        self.deaf = threading.Event()

    def take(self, line: dict[str, Any]) -> None:
        match line["type"]:
            case "decide":
                self._asks.decide(line["ask"], line["allow"], line.get("reason", ""))
            case "credentials":
                pass  # It has no use for any.
            case "prompt":
                self._answer(line["id"], self._prompt, line)
            case "compact":
                self._answer(line["id"], self._compact, line)
            case _:
                self._answer(line["id"], self._reply, line)
        if line["type"] == "dispose":
            os._exit(0)

    def close(self) -> None:
        if self._last:
            self._last.abort()
        self._groups.end_all()

    def _answer(self, request: int, work: Any, line: dict[str, Any]) -> None:
        try:
            work(line)
        except Refusal as refusal:
            self._out.send("reply", id=request, error=refusal.error)

    def _reply(self, line: dict[str, Any]) -> None:
        self._out.send("reply", id=line["id"], result=self._result(line))

    def _result(self, line: dict[str, Any]) -> Any:
        match line["type"]:
            case "start":
                return self._start(line)
            case "models":
                return {"models": [_row(name) for name in MODELS]}
            case "commands":
                return {"commands": COMMANDS}
            case "configure":
                return self._configure(line)
            case "steer":
                self._steer(line)
            case "abort":
                if self._last:
                    self._last.abort()
            case "dispose":
                self.close()
            case unknown:
                raise Refusal("InvalidRequest", f"Unknown request {unknown}.")
        return None

    def _start(self, line: dict[str, Any]) -> dict[str, Any]:
        if self._agent:
            raise Refusal("InvalidRequest", "The session is started already.")
        model = _known(line)
        transcript = _session(line, model or MODELS[0])
        self._model = model or transcript.model
        self._thinking = line.get("thinking") or "off"
        self._trusted = line.get("trusted", False)
        self._set_place(os.path.realpath(line["cwd"]), line["tempDir"], line.get("level", ""))
        self._agent = Agent(
            self._out,
            self._asks,
            self._where,
            transcript,
            lambda: self._model,
            self._gates,
            self.deaf.set,
        )
        return self._started()

    def _set_place(self, cwd: str, temp_dir: str, level: str) -> None:
        self._place = Place(cwd, temp_dir, level or "standard", self._out, self._groups)

    def _where(self) -> Place:
        assert self._place
        return self._place

    def _ready(self) -> Agent:
        if self._agent:
            return self._agent
        raise Refusal("InvalidRequest", "The session is not started.")

    def _idle(self) -> Agent:
        if self._busy_with:
            message = "The agent is busy with another turn or a compaction."
            raise Refusal("ChatBusy", message, status="running")
        return self._ready()

    def _started(self) -> dict[str, Any]:
        transcript = self._ready().transcript
        return {
            "sessionPath": transcript.path,
            "model": self._model,
            "thinking": self._thinking,
            "contextWindow": WINDOW,
            "contextUsed": transcript.characters // 4,
            "resources": [] if self._trusted else _held_back(self._where().cwd),
        }

    def _prompt(self, line: dict[str, Any]) -> None:
        said = _said(line)
        turn = Turn(self._idle(), line["turn"], self._now_idle)
        self._busy_with = self._last = turn
        self._out.send("reply", id=line["id"], result=None)
        turn.start(said, line.get("note", ""))

    def _steer(self, line: dict[str, Any]) -> None:
        running = self._busy_with
        said = _said(line)
        if not isinstance(running, Turn) or not running.steer(line["turn"], said):
            raise Refusal("NotRunning", "No turn is running that could take the message.")

    def _configure(self, line: dict[str, Any]) -> dict[str, Any]:
        self._ready()
        self._model = _known(line) or self._model
        self._thinking = line.get("thinking") or self._thinking
        place = self._where()
        self._set_place(place.cwd, place.temp_dir, line.get("level") or place.level)
        return self._started()

    def _compact(self, line: dict[str, Any]) -> None:
        transcript = self._idle().transcript
        compaction = Compaction(self._out, transcript, self._gates, line.get("instructions", ""))
        self._busy_with = self._last = compaction

        def end(error: str) -> None:
            self._now_idle()
            fault = Refusal("NothingToCompact", error).error
            self._out.send("reply", id=line["id"], **({"error": fault} if error else {}))

        compaction.start(end)

    def _now_idle(self) -> None:
        self._busy_with = None


def _said(line: dict[str, Any]) -> Said:
    images = [(image["mimeType"], _bytes(image)) for image in line.get("images", [])]
    return Said(line["text"], images)


def _bytes(image: dict[str, str]) -> bytes:
    try:
        with open(image["path"], "rb") as file:
            return file.read()
    except OSError:
        raise Refusal("HarnessFailed", f"The image {image['name']} is not there.") from None


def _row(name: str) -> dict[str, Any]:
    row = {"id": name, "provider": "fake", "name": name[5:], "contextWindow": WINDOW}
    return {**row, "images": name not in BLIND}


def _session(line: dict[str, Any], model: str) -> Transcript:
    if not line.get("sessionPath"):
        return Transcript.create(line["sessionDir"], model)
    try:
        return Transcript.open(line["sessionPath"])
    except CannotOpen as error:
        raise Refusal("HarnessFailed", str(error), harness="pi") from None


def _held_back(cwd: str) -> list[str]:
    return [name for name in (".pi/prompts",) if os.path.exists(os.path.join(cwd, name))]


def _known(line: dict[str, Any]) -> str:
    """One of ours, or what a server has that we are told of."""
    model = str(line.get("model", ""))
    served = line.get("endpoint") or {}
    if not model or model in MODELS or model == f"{served.get('provider')}/{served.get('model')}":
        return model
    import difflib

    nearest = difflib.get_close_matches(model, MODELS, n=5, cutoff=0.3)
    hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
    message = f"No configured provider has a model {model}.{hint}"
    raise Refusal("ModelUnknown", message, model=model, nearest=nearest)
