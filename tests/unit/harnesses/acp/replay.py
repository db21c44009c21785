"""Owns replaying what a real agent has said, to a translation that never sees the agent."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from claudetted.harnesses import adapter
from claudetted.harnesses.acp import known
from claudetted.harnesses.acp.agent import Program
from claudetted.harnesses.acp.translation import Translation
from claudetted.protocol import sidecar as sc
from claudetted.protocol.permissions import Level

RECORDED = Path(__file__).parents[3] / "golden/acp"
WORK = "/work/project"
Json = dict[str, Any]


class Disk:
    """Files as they were when the agent was recorded."""

    def __init__(self, **files: str) -> None:
        self.files = {f"{WORK}/{name}": text for name, text in files.items()}

    def text(self, path: str) -> str | None:
        return self.files.get(path)

    def write(self, path: str, text: str) -> None:
        self.files[path] = text

    def read(self, path: str) -> bytes:
        return self.files[path].encode()

    def real(self, path: str) -> str:
        return path


class Driven:
    """A translation, with what it has told the daemon and the agent so far."""

    def __init__(self, like: str = "", name: str = "it", **files: str) -> None:
        self.disk = Disk(**files)
        agent = known.by_id(like) or known.UNKNOWN
        program = Program(name, ["it"], agent)
        self.translation = Translation(program, self.disk, {}, 1)
        self.told: list[Any] = []
        self.sent: list[Json] = []
        self._numbers = 0
        self._do(self.translation.begun())

    def _do(self, actions: Iterable[adapter.Action]) -> None:
        for action in actions:
            if isinstance(action, adapter.ToVendor):
                self.sent.append(json.loads(action.data))
            else:
                self.told.append(action)

    def line(self, line: Any) -> None:
        self._do(self.translation.line(line, 0.0))

    def id(self) -> int:
        self._numbers += 1
        return self._numbers

    def vendor(self, message: Json) -> None:
        self._do(self.translation.vendor_line(json.dumps(message).encode(), 0.0))

    def raw(self, data: bytes) -> None:
        self._do(self.translation.vendor_line(data, 0.0))

    def woken(self, what: str) -> None:
        self._do(self.translation.woken(what, 100.0))

    def ended(self, end: adapter.VendorEnd) -> None:
        self._do(self.translation.vendor_ended(end))

    def all(self, kind: type[Any]) -> list[Any]:
        return [line for line in self.told if isinstance(line, kind)]

    def reply(self, result: Json) -> None:
        """Answers what the agent was asked last."""
        self.vendor({"id": self.sent[-1]["id"], "result": result})

    def start(self, level: Level = "standard", model: str = "", path: str = "") -> None:
        line = sc.Start(self.id(), "chat", WORK, "/s", "/t", path, model=model, level=level)
        self.line(line)

    def started(self) -> sc.Started:
        (reply,) = [one for one in self.all(sc.Reply) if one.id == 1]
        assert reply.error is None, reply.error
        return msgspec.json.decode(reply.result, type=sc.Started)

    def refused(self, number: int = 1) -> sc.LineError:
        (reply,) = [one for one in self.all(sc.Reply) if one.id == number]
        assert reply.error
        return reply.error

    def prompt(self, turn: str = "T1", text: str = "go") -> None:
        self.line(sc.Prompt(self.id(), turn, text))

    def update(self, **update: Any) -> None:
        self.vendor({"method": "session/update", "params": {"sessionId": "S", "update": update}})

    def ask(self, number: int, call: Json, *options: tuple[str, str, str]) -> None:
        rows = [{"optionId": one, "name": name, "kind": kind} for one, name, kind in options]
        params = {"sessionId": "S", "toolCall": call, "options": rows}
        self.vendor({"id": number, "method": "session/request_permission", "params": params})

    def answer(self, number: int) -> Json:
        """What the agent was answered to a request of its own."""
        (found,) = [one for one in self.sent if one.get("id") == number and "method" not in one]
        return found


def ready(like: str = "", *, modes: Json | None = None, **files: str) -> Driven:
    """One whose session `S` has begun."""
    driven = Driven(like, **files)
    driven.start()
    driven.reply({"protocolVersion": 1, "agentCapabilities": {"loadSession": True}})
    driven.reply({"sessionId": "S", **(modes or {})})
    return driven


def replay(driven: Driven, name: str) -> None:
    """The whole recording: each request of the client is one of the translation's, in order."""
    numbers: dict[int, int] = {}
    for by, message in _read(name):
        if by == "client":
            _play_client(driven, message, numbers)
        elif "method" not in message and message["id"] in numbers:
            driven.vendor({**message, "id": numbers[message["id"]]})
        elif "method" in message:
            driven.vendor(message)


def _play_client(driven: Driven, message: Json, numbers: dict[int, int]) -> None:
    match message.get("method"):
        case "initialize":
            driven.start()
        case "session/prompt":
            text = message["params"]["prompt"][0]["text"]
            driven.prompt(f"T{message['id']}", text)
        case "session/cancel":
            driven.line(sc.Abort(driven.id()))
            return
        case None:
            outcome = message.get("result", {}).get("outcome", {})
            if option := outcome.get("optionId"):
                asked = driven.all(sc.Ask)[-1]
                driven.line(sc.Decide(asked.ask, "reject" not in option, "Not now."))
            return
        case "session/new" | "session/load" | "session/set_mode":
            pass
        case _:
            return
    if "id" in driven.sent[-1]:
        numbers[message["id"]] = driven.sent[-1]["id"]


def _read(name: str) -> Iterator[tuple[str, Json]]:
    for line in (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").split("\n"):
        if line:
            told = json.loads(line)
            yield told["by"], told["message"]
