"""Owns a server that plays GitHub's device flow and what Copilot needs after it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

CODE = "ABCD-1234"


class GitHub:
    """Each poll for the token is answered with the next of `polls`; the last one stays."""

    def __init__(self, *polls: str) -> None:
        self.polls = list(polls)
        self.asked: list[str] = []
        """Host and path of each request."""
        handler = type("Handler", (_Handler,), {"github": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

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

    def answer(self, host: str, path: str) -> Any:
        self.asked.append(f"{host}{path}")
        if path == "/login/device/code":
            urls = {"verification_uri": f"https://{host}/login/device", "user_code": CODE}
            return {"device_code": "d", **urls, "interval": 1, "expires_in": 900}
        if path == "/login/oauth/access_token":
            poll = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
            if poll == "granted":
                return {"access_token": "gho_granted", "token_type": "bearer", "scope": ""}
            return {"error": poll, "interval": 1}
        if path == "/copilot_internal/v2/token":
            return {"token": f"tid=1;proxy-ep=proxy.{host}", "expires_at": 4_000_000_000}
        return {"data": []}


class _Handler(BaseHTTPRequestHandler):
    github: ClassVar[GitHub]

    def log_message(self, *_: object) -> None:
        """The requests are remembered; nothing is printed."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        _, host, path = self.path.partition("?")[0].split("/", 2)
        data = json.dumps(self.github.answer(host, f"/{path}")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET
