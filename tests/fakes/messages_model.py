"""Owns a scripted model behind Anthropic's Messages: the same scripts as of the chat completions.

What was sent is read as a chat, so that tests ask of it what they ask of any scripted model.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from claudette_cli.demo import script
from claudette_cli.demo.scripted_answer import Answer, Message, ModelRequest, pieces
from claudette_cli.demo.scripted_model import Handler, ScriptedModel, steps_of

Named = Callable[[str, Any], tuple[str, Any]]
"""A tool and its arguments as the agent calls them."""

_OWN = (
    *("<system-reminder>", "# Environment\n", "The following deferred tools", "Tool loaded."),
    "[Image: source: ",
    *("This session is being continued", "## Exited Plan Mode", "Plan mode"),
)
"""What Claude Code says besides begins like this."""
_SURFACED = "\n\nThis is how Claude Code surfaces messages"
"""Follows a message that Claude Code delivers in mid-turn."""


def _as_it_is(name: str, arguments: Any) -> tuple[str, Any]:
    return name, arguments


class MessagesModel(ScriptedModel):
    """The server. `named` says what a script's tools are for the agent that asks."""

    def __init__(
        self, port: int = 0, models: tuple[str, ...] = ("small",), named: Named = _as_it_is
    ) -> None:
        super().__init__(port, models)
        self.named = named
        self._http.RequestHandlerClass = type("Handler", (_Messages,), {"model": self})

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Messages(Handler):
    model: ClassVar[ScriptedModel]

    def do_HEAD(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/control/"):
            super().do_POST()
            return
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if path == "/v1/messages":
            self._complete({**body, **as_chat(body)})
        elif path == "/v1/messages/count_tokens":
            self._answer(200, {"input_tokens": len(json.dumps(body)) // 4})
        else:
            self._answer(404, {"error": {"message": f"There is no {self.path}."}})

    def _play(self, asked: ModelRequest) -> str:
        steps = steps_of(asked)
        if refusal := self._unknown(asked) or self._refusal(asked, steps):
            status, error = refusal
            kind = {401: "authentication_error", 404: "not_found_error"}.get(status, "api_error")
            text = error["message"]
            if "maximum context length" in text:
                kind, text = "invalid_request_error", "prompt is too long: 205000 > 200000 maximum"
            self._answer(status, {"type": "error", "error": {"type": kind, "message": text}})
            return "refused"
        if not asked.body.get("stream"):
            self._answer(200, _short(asked))
            return "answered"
        self._begin_stream()
        named = self.model.named if isinstance(self.model, MessagesModel) else _as_it_is
        MessagesAnswer(self, asked, self._still_to_play(asked, steps), named).stream()
        self.send(b"")
        return "answered"

    def _unknown(self, asked: ModelRequest) -> tuple[int, dict[str, Any]] | None:
        name = str(asked.body.get("model", ""))
        known = name in self.model.models or name.startswith("claude-")
        return None if known else (404, {"message": f"model: {name}"})


class MessagesAnswer(Answer):
    """One answer in the events of Anthropic's Messages."""

    def __init__(
        self,
        reader: Handler,
        asked: ModelRequest,
        steps: Iterator[script.Step],
        named: Named,
    ) -> None:
        super().__init__(reader, asked, steps)
        self._named = named
        self._block = -1
        self._kind = ""

    def stream(self) -> None:
        usage = {"input_tokens": self._input(), "output_tokens": 1}
        message = {
            "id": f"msg_{len(self._asked.messages)}_{id(self):x}",
            "type": "message",
            "role": "assistant",
            "model": self._asked.body.get("model", ""),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        self._send("message_start", message=message)
        self._reader.flush()
        for step in self._steps:
            self._step(step)
            self._reader.flush()
        self._end_block()
        reason = "tool_use" if self._calls else "end_turn"
        asked, said = self._usage or (self._input(), self._said)
        self._send(
            "message_delta",
            delta={"stop_reason": reason, "stop_sequence": None},
            usage={"input_tokens": asked, "output_tokens": said},
        )
        self._send("message_stop")

    def _step(self, step: script.Step) -> None:
        if step.name == "tool":
            name, arguments = self._named(step.argument, step.tool)
            self._call(name, json.dumps(arguments, ensure_ascii=False))
        else:
            super()._step(step)

    def _say(self, kind: str, text: str) -> None:
        thinks = kind == "reasoning_content"
        self._begin_block("thinking" if thinks else "text")
        for piece in pieces(text):
            self._said += 1
            if thinks:
                self._piece({"type": "thinking_delta", "thinking": piece})
            else:
                self._piece({"type": "text_delta", "text": piece})

    def _call(self, name: str, arguments: str) -> None:
        self._end_block()
        call = f"toolu_{len(self._asked.messages)}_{self._calls}_{self._asked.attempt_key()[:8]}"
        self._begin_block("tool_use", id=call, name=name, input={})
        for piece in pieces(arguments):
            self._piece({"type": "input_json_delta", "partial_json": piece})
        self._calls += 1

    def _begin_block(self, kind: str, **more: Any) -> None:
        if self._kind == kind != "tool_use":
            return
        self._end_block()
        self._block, self._kind = self._block + 1, kind
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}.get(kind, {})
        block = {"type": kind, **empty, **more}
        self._send("content_block_start", index=self._block, content_block=block)

    def _end_block(self) -> None:
        if self._kind == "thinking":
            self._piece({"type": "signature_delta", "signature": "c2lnbmVk"})
        if self._kind:
            self._send("content_block_stop", index=self._block)
        self._kind = ""

    def _piece(self, delta: dict[str, Any]) -> None:
        if self._delay:
            self._reader.flush()
            time.sleep(self._delay)
        self._send("content_block_delta", index=self._block, delta=delta)

    def _send(self, kind: str, **more: Any) -> None:
        data = json.dumps({"type": kind, **more}, ensure_ascii=False)
        self._reader.send(f"event: {kind}\ndata: {data}\n\n".encode())

    def _input(self) -> int:
        if self._usage:
            return self._usage[0]
        return len(json.dumps(self._asked.messages)) // 4 + 1


def _short(asked: ModelRequest) -> dict[str, Any]:
    """For who only wants to know whether there is such a model."""
    return {
        "id": "msg_short",
        "type": "message",
        "role": "assistant",
        "model": asked.body.get("model", ""),
        "content": [{"type": "text", "text": "ok"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    """The messages and tools as chat completions have them."""
    messages = [found for message in body["messages"] for found in _split(message)]
    tools = [{"function": {"name": tool.get("name", "")}} for tool in body.get("tools", [])]
    return {"messages": messages, "tools": tools}


def _split(message: dict[str, Any]) -> Iterator[Message]:
    """Results of tools are messages of their own; what the agent reminds of is left out."""
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    results = [block for block in blocks if block["type"] == "tool_result"]
    for result in results:
        yield {"role": "tool", "content": _text(result.get("content") or "")}
    said = [
        block["text"].partition(_SURFACED)[0]
        for block in blocks
        if block["type"] == "text" and not block["text"].lstrip().startswith(_OWN)
    ]
    calls = [
        {"function": {"name": block["name"], "arguments": json.dumps(block["input"])}}
        for block in blocks
        if block["type"] == "tool_use"
    ]
    if message["role"] == "assistant":
        yield {"role": "assistant", "content": "\n".join(said), "tool_calls": calls}
    else:
        # Prompts that were never answered come as one message.
        users: list[Message] = [{"role": "user", "content": text} for text in said]
        if images := [_image(block) for block in blocks if block["type"] == "image"]:
            text = users.pop()["content"] if users else ""
            users.append({"role": "user", "content": [{"type": "text", "text": text}, *images]})
        yield from users


def _image(block: dict[str, Any]) -> dict[str, Any]:
    url = f"data:{block['source']['media_type']};base64,{block['source']['data']}"
    return {"type": "image_url", "image_url": {"url": url}}


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content)


def main() -> None:
    """Serves until it is told to end by a signal; one line says where."""
    parser = argparse.ArgumentParser(prog="tests.fakes.messages_model")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with MessagesModel(options.port) as server:
        sys.stdout.write(json.dumps({"port": server.port, "baseUrl": server.base_url}) + "\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
