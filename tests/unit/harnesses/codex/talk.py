"""Owns a talk with Codex without Codex: its recorded lines, or lines that a test makes up."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from claudetted.harnesses import adapter
from claudetted.harnesses.codex import notes
from claudetted.harnesses.codex.translation import CodexTranslation, Surroundings
from claudetted.protocol import sidecar as sc

RECORDED = Path(__file__).parents[3] / "golden/codex"
HOOK = "/python -I -S /checkout/claudetted/harnesses/codex/hook.py /chat"
Json = dict[str, Any]
_decode = msgspec.json.Decoder(sc.ToSidecar).decode


def surroundings(written: dict[str, notes.Note] | None = None) -> Surroundings:
    kept = {} if written is None else written
    return Surroundings(
        "codex",
        "0.1.0",
        1,
        ["codex", "app-server"],
        {},
        "/chat",
        HOOK,
        kept.__setitem__,
        lambda path: Path(path).read_bytes(),
    )


def shown(action: adapter.Action) -> Json:
    """As the recordings have it."""
    match action:
        case adapter.ToVendor(data):
            return {"toVendor": json.loads(data)}
        case adapter.AnswerCaller(caller, data):
            return {"answerCaller": caller, "verdict": json.loads(data)}
        case (
            adapter.StartVendor()
            | adapter.EndVendor()
            | adapter.Wake()
            | adapter.Exit()
            | adapter.Listen()
        ):
            return {"does": type(action).__name__}
        case _:
            return {"says": json.loads(msgspec.json.encode(action))}


class Talk:
    """Feeds a translation. `then` is what it did last, `says` all that it told the daemon."""

    def __init__(self) -> None:
        self.notes: dict[str, notes.Note] = {}
        self.translation = CodexTranslation(surroundings(self.notes))
        self.then: list[Json] = []
        self.says: list[Json] = []
        self.now = 0.0
        self._requests = 0

    def give(self, given: Json) -> list[Json]:
        """One of a recording's; see `RECORDED`."""
        at, talk = self.now, self.translation
        match given:
            case {"begun": _}:
                return self._took(talk.begun())
            case {"line": line}:
                return self._took(talk.line(_decode(json.dumps(line)), at))
            case {"vendorLine": line}:
                return self._took(talk.vendor_line(json.dumps(line).encode(), at))
            case {"caller": caller, "question": question}:
                return self._took(talk.called(caller, json.dumps(question).encode()))
            case {"callerLeft": caller}:
                return self._took(talk.caller_left(caller))
            case {"vendorEnded": code}:
                return self._took(talk.vendor_ended(adapter.VendorEnd(code, "")))
        raise AssertionError(given)

    def opened(self, provider: str = "fake") -> "Talk":
        """As the recordings begin: with a session."""
        for step in recording("work"):
            self.give(json.loads(json.dumps(step["given"]).replace('"fake"', f'"{provider}"')))
            if any("sessionPath" in str(told) for told in self.then):
                return self
        raise AssertionError("no session was opened")

    def told(self, method: str, **params: Any) -> list[Json]:
        return self.give({"vendorLine": {"method": method, "params": params}})

    def asked(self, request: int, method: str, **params: Any) -> list[Json]:
        return self.give({"vendorLine": {"id": request, "method": method, "params": params}})

    def line(self, kind: str, **fields: Any) -> list[Json]:
        return self.give({"line": {"type": kind, **fields}})

    def raw(self, data: bytes) -> list[Json]:
        return self._took(self.translation.vendor_line(data, self.now))

    def ended(self, code: int, stderr: str = "", error: str = "") -> list[Json]:
        return self._took(self.translation.vendor_ended(adapter.VendorEnd(code, stderr, error)))

    def woken(self, what: str) -> list[Json]:
        return self._took(self.translation.woken(what, self.now))

    def last_said(self, kind: str) -> Json:
        return next(line for line in reversed(self.says) if line["type"] == kind)

    def refusal(self) -> str:
        return str(self.last_said("reply")["error"]["message"])

    def _took(self, actions: Iterable[adapter.Action]) -> list[Json]:
        self.then = [shown(action) for action in actions]
        self.says += [done["says"] for done in self.then if "says" in done]
        return self.then


def recording(name: str) -> list[Json]:
    text = (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
