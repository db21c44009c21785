"""Owns an HTTP server that stands for every host of a process that preloads `reroute.ts`."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl


class Refuse(Exception):
    """The answer is an error with this status."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


class StandIn:
    """Runs as a context. A subclass says what is answered."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[str] = []
        """Host and path of each request."""
        self.sent: list[dict[str, Any]] = []
        """What was sent with it, a form or JSON."""
        handler = type("Handler", (_Handler,), {"stand_in": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._scheme = "https" if tls else "http"
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}"

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

    def answer(self, host: str, path: str, sent: dict[str, Any]) -> Any:
        """The JSON that is answered. Raises Refuse."""
        raise NotImplementedError

    def take(self, host: str, path: str, sent: dict[str, Any]) -> Any:
        self.asked.append(f"{host}{path}")
        self.sent.append(sent)
        return self.answer(host, path, sent)


class _Handler(BaseHTTPRequestHandler):
    stand_in: ClassVar[StandIn]

    def log_message(self, *_: object) -> None:
        """The requests are remembered; nothing is printed."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        sent = json.loads(body) if body.startswith("{") else dict(parse_qsl(body))
        _, host, path = self.path.partition("?")[0].split("/", 2)
        try:
            status, told = 200, self.stand_in.take(host, f"/{path}", sent)
        except Refuse as refusal:
            status, told = refusal.status, refusal.body
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET
