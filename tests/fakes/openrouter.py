"""Owns a server that tells credits as OpenRouter does, in front of a scripted model."""

import contextlib
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

Answer = tuple[int, Any]

FORBIDDEN: Answer = (403, {"error": {"code": 403, "message": "Only management keys can do this"}})


def credits(total: float, used: float) -> Answer:
    return 200, {"data": {"total_credits": total, "total_usage": used}}


def key(used: float, limit: float | None = None, remaining: float | None = None) -> Answer:
    told = {"label": "sk-or-v1-abc...def", "usage": used, "limit": limit}
    return 200, {"data": {**told, "limit_remaining": remaining, "is_free_tier": False}}


class OpenRouter:
    """Answers by path. It may be made to hold its answers back."""

    def __init__(self, model_port: int = 0, **answers: Answer) -> None:
        self.model_port = model_port
        self.answers = answers
        self.asked: list[tuple[str, str]] = []
        """Path and key of each request."""
        self.open = threading.Event()
        self.open.set()
        handler = type("Handler", (_Handler,), {"router": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._came = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/api/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.open.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wait_asked(self, count: int, timeout: float = 60.0) -> None:
        """Returns when so many requests have come."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.asked) >= count, timeout):
                raise TimeoutError(f"OpenRouter was asked {self.asked}.")

    def answer(self, path: str, key: str) -> Answer:
        with self._came:
            self.asked.append((path, key))
            self._came.notify_all()
        self.open.wait()
        return self.answers.get(path.rpartition("/")[2], (404, {"error": "not here"}))


class _Handler(BaseHTTPRequestHandler):
    router: ClassVar[OpenRouter]

    def log_message(self, *_: object) -> None:
        """The requests are remembered; nothing is printed."""

    def do_GET(self) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, body = self.router.answer(self.path, key)
        self._answer(status, json.dumps(body).encode())

    def do_POST(self) -> None:
        """What is said, the model says."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        names = ("Authorization", "Content-Type")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        model = http.client.HTTPConnection("127.0.0.1", self.router.model_port)
        with contextlib.closing(model):
            model.request("POST", "/v1/chat/completions", body, headers)
            answer = model.getresponse()
            self._answer(answer.status, answer.read(), answer.headers["Content-Type"])

    def _answer(self, status: int, data: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
