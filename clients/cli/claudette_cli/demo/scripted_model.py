"""Owns a model that needs no network: an OpenAI chat-completions server that follows scripts.

It streams text, reasoning and tool calls, counts tokens, fails on demand (see `script`) and
remembers what it was asked. A prompt without a script is answered with `You said: ...`.
"""

import json
import os
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from claudette_cli.demo import script
from claudette_cli.demo.scripted_answer import Answer, ModelRequest, Unfinished

_HEADING = "/control/"
OVERFLOW = {
    "message": "This model's maximum context length is 128000 tokens. However, your messages "
    "resulted in 131072 tokens. Please reduce the length of the messages.",
    "type": "invalid_request_error",
    "param": "messages",
    "code": "context_length_exceeded",
}


class Gate:
    """A place where an answer stops until it is released, or its reader is gone."""

    def __init__(self) -> None:
        self._wait, self._open = os.pipe()
        self._released = False

    def release(self) -> None:
        if not self._released:
            self._released = True
            os.close(self._open)

    def close(self) -> None:
        self.release()
        os.close(self._wait)

    def passed(self, reader: socket.socket) -> bool:
        """Waits; false when the reader hung up first."""
        with selectors.DefaultSelector() as watch:
            watch.register(reader, selectors.EVENT_READ)
            watch.register(self._wait, selectors.EVENT_READ)
            return any(key.fileobj == self._wait for key, _ in watch.select())


@dataclass
class _Log:
    """What happened, told to whoever waits for it."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    requests: list[ModelRequest] = field(default_factory=list)
    gates: dict[str, Gate] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)


class ScriptedModel:
    """The server, on a loopback port of its own, in threads of its own. Use it as a context."""

    def __init__(self, port: int = 0, models: tuple[str, ...] = ("small", "large")) -> None:
        self.models = models
        self._log = _Log()
        handler = type("Handler", (Handler,), {"model": self})
        self._http = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[ModelRequest]:
        with self._log.changed:
            return list(self._log.requests)

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
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()
        for gate in self._log.gates.values():
            gate.close()

    def release(self, name: str) -> None:
        """Lets every answer pass gate `name`, now and later."""
        self._gate(name).release()

    def wait(self, reached: Callable[[list[ModelRequest]], bool], timeout: float = 60) -> None:
        """Returns once `reached` is true of the requests so far."""
        log = self._log
        with log.changed:
            if not log.changed.wait_for(lambda: reached(log.requests), timeout):
                raise TimeoutError(f"The model was asked {len(log.requests)} times.")

    def wait_held(self, name: str, timeout: float = 60) -> None:
        """Returns once an answer has come to gate `name`."""
        log = self._log
        with log.changed:
            if not log.changed.wait_for(lambda: name in log.held, timeout):
                raise TimeoutError(f"No answer came to gate {name!r}.")

    def _gate(self, name: str) -> Gate:
        with self._log.changed:
            return self._log.gates.setdefault(name, Gate())

    def hold(self, name: str, reader: socket.socket) -> None:
        gate = self._gate(name)
        with self._log.changed:
            self._log.held.add(name)
            self._log.changed.notify_all()
        if not gate.passed(reader):
            raise Unfinished("hung up")

    def begin(self, body: dict[str, Any], key: str = "") -> ModelRequest:
        asked = ModelRequest(body, key=key)
        with self._log.changed:
            self._log.requests.append(asked)
            self._log.changed.notify_all()
        return asked

    def end(self, asked: ModelRequest, outcome: str) -> None:
        with self._log.changed:
            asked.outcome = outcome
            self._log.changed.notify_all()

    def first_attempt(self, asked: ModelRequest, what: str) -> bool:
        key = what + asked.attempt_key()
        with self._log.changed:
            self._log.attempts[key] = self._log.attempts.get(key, 0) + 1
            return self._log.attempts[key] == 1


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that closing it ends every answer that still runs."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that vanished is no news; what else goes wrong is shown as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # It ended by itself meanwhile.


class Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    model: ClassVar[ScriptedModel]
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024

    def log_message(self, format: str, *args: Any) -> None:
        """The requests are remembered; nothing is printed."""

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            rows = [{"id": name, "object": "model"} for name in self.model.models]
            self._answer(200, {"object": "list", "data": rows})
        elif self.path == f"{_HEADING}requests":
            told = [{"outcome": r.outcome, "body": r.body} for r in self.model.requests]
            self._answer(200, told)
        elif self.path.startswith(f"{_HEADING}held/"):
            self.model.wait_held(self.path.rpartition("/")[2])
            self._answer(200, {})
        else:
            self._answer(404, {"error": {"message": f"There is no {self.path}."}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith(f"{_HEADING}release/"):
            self.model.release(self.path.rpartition("/")[2])
            self._answer(200, {})
        elif self.path == "/v1/chat/completions":
            self._complete(json.loads(body))
        else:
            self._answer(404, {"error": {"message": f"There is no {self.path}."}})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _complete(self, body: dict[str, Any]) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        asked = self.model.begin(body, key)
        outcome = "hung up"
        try:
            outcome = self._play(asked)
        except Unfinished as end:
            outcome = str(end)
            self.close_connection = True
        finally:
            self.model.end(asked, outcome)

    def _play(self, asked: ModelRequest) -> str:
        try:
            steps = steps_of(asked)
            refusal = self._refusal(asked, steps)
        except script.BadScript as error:
            refusal = (400, {"message": str(error), "type": "invalid_request_error"})
        if refusal:
            self._answer(refusal[0], {"error": refusal[1]})
            return "refused"
        self._begin_stream()
        Answer(self, asked, self._still_to_play(asked, steps)).stream()
        self.send(b"")
        return "answered"

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()

    def send(self, data: bytes) -> None:
        """One chunk of the body; an empty one is its end."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def flush(self) -> None:
        self.wfile.flush()

    def hold(self, gate: str) -> None:
        self.model.hold(gate, self.connection)

    def _refusal(
        self, asked: ModelRequest, steps: list[script.Step]
    ) -> tuple[int, dict[str, Any]] | None:
        for step in steps:
            if step.name == "error":
                return _error(step)
            if step.name == "error-once" and self.model.first_attempt(asked, step.name):
                return _error(step)
            if step.name == "overflow" and self.model.first_attempt(asked, step.name):
                return 400, OVERFLOW
        return None

    def _still_to_play(
        self, asked: ModelRequest, steps: list[script.Step]
    ) -> Iterator[script.Step]:
        for step in steps:
            if step.name != "midstream" or self.model.first_attempt(asked, step.name):
                yield step


def _error(step: script.Step) -> tuple[int, dict[str, Any]]:
    status, _, message = step.argument.partition(" ")
    return int(status), {"message": message, "type": "scripted"}


def steps_of(asked: ModelRequest) -> list[script.Step]:
    if not (rounds := script.rounds(asked.prompt)):
        return [script.Step("text", f"You said: {asked.prompt[:2000]}")]
    if asked.round < len(rounds):
        return rounds[asked.round]
    return [script.Step("text", "The script has no further round.")]
