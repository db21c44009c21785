"""Owns a server of chat completions with one model. It answers with what a test has written."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Canned:
    """One answer."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})


def streamed(*deltas: dict[str, Any], finish: str = "stop") -> Canned:
    """What a server streams: each delta as it is, then the reason of the end."""
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": delta, "finish_reason": None} for delta in deltas
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "small"}
    lines = [f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n" for choice in choices]
    return Canned("".join([*lines, "data: [DONE]\n\n"]))


def said(text: str) -> Canned:
    return streamed({"role": "assistant", "content": text})


def refused(status: int, message: str, **headers: str) -> Canned:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": {"message": message}})
    return Canned(body, status, {"Content-Type": "application/json", **named})


def page(title: str) -> Canned:
    html = f"<!doctype html><html><head><title>{title}</title></head></html>"
    return Canned(html, 200, {"Content-Type": "text/html; charset=utf-8"})


class CannedModel:
    """Runs as a context. The last answer is given for all requests that follow."""

    def __init__(self, *answers: Canned) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        """The bodies of the requests."""
        self.targets: list[str] = []
        """What they asked for: a path, or a whole address where we are their proxy."""
        handler = type("Handler", (_Handler,), {"model": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def take(self, target: str, body: dict[str, Any]) -> Canned:
        self.targets.append(target)
        self.asked.append(body)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    model: ClassVar[CannedModel]

    def log_message(self, *_: object) -> None:
        """The requests are remembered; nothing is printed."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._give(self.model.take(self.path, json.loads(body)))

    def do_GET(self) -> None:
        self._give(Canned('{"data": [{"id": "small"}]}', 200, {"Content-Type": "application/json"}))

    def _give(self, answer: Canned) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body.encode())
