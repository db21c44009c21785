"""Owns a translation of Claude Code's without a process: recorded lines in, actions out."""

import itertools
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from claudetted.harnesses.adapter import StartVendor, ToVendor, VendorEnd
from claudetted.harnesses.claude import frames
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.translation import Claude
from claudetted.protocol import sidecar as sc
from claudetted.protocol.endpoints import Endpoint

RECORDED = Path(__file__).parents[3] / "golden/claude/2.1.332"
L = TypeVar("L")


class Talk:
    """One chat. `said` is all that went to the daemon, `sent` what went to the program."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[Any] = []
        self.sent: list[dict[str, Any]] = []
        self.started: list[StartVendor] = []
        self.ended = 0
        self.place = place
        self.uuids: list[str] = []
        """Given to the next messages, as a recording has them."""
        counted = (f"id-{number}" for number in itertools.count())
        monkeypatch.setattr(
            frames, "new_uuid", lambda: self.uuids.pop(0) if self.uuids else next(counted)
        )
        program = place / "2.1.332"
        program.touch()
        env = {"CLAUDETTE_CLAUDE": str(program), "HOME": str(place), "PATH": "/bin"}
        self.claude = Claude(env, Disk())
        self._do(self.claude.begun())

    def _do(self, actions: Any) -> None:
        for action in actions:
            if isinstance(action, ToVendor):
                self.sent.append(msgspec.json.decode(action.data))
            elif isinstance(action, StartVendor):
                self.started.append(action)
            else:
                self.said.append(action)

    def line(self, line: Any) -> None:
        self._do(self.claude.line(line, 0.0))

    def hears(self, data: bytes | str) -> None:
        self._do(self.claude.vendor_line(data.encode() if isinstance(data, str) else data, 0.0))

    def dies(self, code: int, stderr: str = "", error: str = "") -> None:
        self._do(self.claude.vendor_ended(VendorEnd(code, stderr, error)))

    def wakes(self) -> None:
        self._do(self.claude.woken("start 1", 0.0))

    def opens(self, **more: Any) -> None:
        """As far as `start`; the program has not answered."""
        names = {"cwd": "", "session_dir": "sessions/s1", "temp_dir": "tmp"}
        paths = {name: str(self.place / rest) for name, rest in names.items()}
        self.line(sc.Start(1, "chat", **{**paths, **more}))

    def starts(self, **more: Any) -> None:
        self.opens(**more)
        self.answers((RECORDED / "initialize.json").read_text())

    def answers(self, response: str, error: str = "", code: str = "") -> None:
        """The last request that the program was sent."""
        body = {
            "subtype": "error" if error else "success",
            "request_id": self.sent[-1]["request_id"],
            "response": msgspec.Raw(response.encode()),
            "error": error,
            "error_code": code,
        }
        self.hears(msgspec.json.encode({"type": "control_response", "response": body}))

    def prompts(self, text: str = "hello", turn: str = "T1", **more: Any) -> None:
        self.line(sc.Prompt(2, turn, text, **more))

    def plays(self, name: str, *, until: str = "") -> list[str]:
        """A recorded turn, or its beginning up to the first line with a text; gives the rest."""
        lines = (RECORDED / f"{name}.jsonl").read_text().splitlines()
        return self.goes_on(lines, until=until)

    def goes_on(self, lines: list[str], *, until: str = "") -> list[str]:
        for number, line in enumerate(lines, 1):
            self.hears(line)
            if until and until in line:
                return lines[number:]
        return []

    def all(self, kind: type[L]) -> list[L]:
        return [line for line in self.said if isinstance(line, kind)]

    def one(self, kind: type[L]) -> L:
        (found,) = self.all(kind)
        return found

    def last(self, kind: type[L]) -> L:
        return self.all(kind)[-1]

    def error(self, number: int) -> sc.LineError:
        (reply,) = [line for line in self.all(sc.Reply) if line.id == number]
        assert reply.error
        return reply.error


SERVED = Endpoint("fake", "Fake", "http://127.0.0.1:1/v1", "small", context_window=40_000)
