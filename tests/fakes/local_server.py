"""Owns a model server that also answers what Ollama and LM Studio are asked about themselves."""

import json
import socket
from collections.abc import Callable
from typing import Any

from claudette_cli.demo.scripted_model import ScriptedModel

Answer = Any
"""JSON, or what makes it of the question, or a status that is an error."""


class LocalServer(ScriptedModel):
    """Chats like the scripted model. `answers` are by path; `asked` has path and key of each."""

    def __init__(self, answers: dict[str, Answer] | None = None, port: int = 0) -> None:
        super().__init__(port)
        self.answers = answers or {}
        self.asked: list[tuple[str, str]] = []
        base: Any = self._http.RequestHandlerClass

        class Handler(base):
            def do_GET(self) -> None:
                _served(self, server) or super().do_GET()

            def do_POST(self) -> None:
                _served(self, server) or super().do_POST()

        server = self
        self._http.RequestHandlerClass = Handler

    def held(self, _body: object) -> int:
        """An answer that waits until gate `answer` is released, and is an error."""
        waiting, other = socket.socketpair()
        with waiting, other:
            self.hold("answer", waiting)
        return 500

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def ollama(**windows: int | None) -> LocalServer:
    """An Ollama with these models; dots and slashes of their names are written as __ and ___."""
    models = {_name(name): window for name, window in windows.items()}
    server = LocalServer()
    server.answers = {
        "/api/tags": lambda _body: {"models": [{"name": name} for name in models]},
        "/api/show": lambda body: shown(models[body["model"]]),
    }
    return server


def shown(window: int | None, *capabilities: str, parameters: str = "") -> dict[str, Any]:
    """What Ollama tells of a model."""
    info = {"general.architecture": "llama", "llama.context_length": window} if window else {}
    can = ["completion", *(capabilities or ("tools",))]
    return {"capabilities": can, "parameters": parameters, "model_info": info}


def _name(written: str) -> str:
    return written.replace("___", "/").replace("__", ".")


def _served(handler: Any, server: LocalServer) -> bool:
    """Whether the path is one of ours; then it is answered."""
    server.asked.append((handler.path, handler.headers.get("Authorization", "")))
    if handler.path not in server.answers:
        return False
    answer = server.answers[handler.path]
    length = int(handler.headers.get("Content-Length", 0))
    body = json.loads(handler.rfile.read(length) or b"null")
    found = answer(body) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
    if isinstance(found, int):
        handler._answer(found, {"error": "no"})
    else:
        handler._answer(200, found)
    return True
