"""Owns one answer of the scripted model: what was asked, and what is streamed in return."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

from claudette_cli.demo import script

_WORD = re.compile(r"\s*\S{1,4096}|\s+")

Message = dict[str, Any]


@dataclass
class ModelRequest:
    """One request for an answer, and what became of it."""

    body: dict[str, Any]
    outcome: str = "running"
    """`running`, `answered`, `refused` (an error was asked for), `broken`, `hung up`."""
    key: str = ""
    """What the client identified itself with."""

    @property
    def messages(self) -> list[Message]:
        return cast(list[Message], self.body.get("messages", []))

    @property
    def tools(self) -> list[str]:
        return [tool["function"]["name"] for tool in self.body.get("tools", [])]

    @property
    def prompt(self) -> str:
        """The last message of the user."""
        users = [message for message in self.messages if message["role"] == "user"]
        return text_of(users[-1]) if users else ""

    @property
    def round(self) -> int:
        """How often the model has answered since the last message of the user."""
        answers = 0
        for message in reversed(self.messages):
            if message["role"] == "user":
                break
            answers += message["role"] == "assistant"
        return answers

    def attempt_key(self) -> str:
        """The same for every attempt at this answer; a workspace is in the system's message."""
        rules = [text_of(m) for m in self.messages if m["role"] in ("system", "developer")]
        known = json.dumps([rules, self.prompt, self.round])
        return hashlib.sha256(known.encode()).hexdigest()


class Unfinished(Exception):
    """The answer ends here, unfinished, as its script wanted or because its reader is gone."""


class Reader(Protocol):
    """Who the answer is streamed to."""

    def send(self, data: bytes) -> None: ...

    def flush(self) -> None: ...

    def hold(self, gate: str) -> None:
        """Returns when the gate is released; `Unfinished` when the reader is gone."""


class Answer:
    """One answer as it is streamed."""

    def __init__(self, reader: Reader, asked: ModelRequest, steps: Iterable[script.Step]) -> None:
        self._reader = reader
        self._asked = asked
        self._steps = steps
        self._delay = 0.0
        self._calls = 0
        self._said = 0
        self._usage: tuple[int, int] | None = None
        self._cost: float | None = None

    def stream(self) -> None:
        self._delta({"role": "assistant", "content": ""})
        self._reader.flush()
        for step in self._steps:
            self._step(step)
            self._reader.flush()
        self._chunk({}, "tool_calls" if self._calls else "stop")
        self._event({"choices": [], "usage": self._count()})
        self._reader.send(b"data: [DONE]\n\n")

    def _step(self, step: script.Step) -> None:
        match step.name:
            case "text":
                self._say("content", step.argument)
            case "think":
                self._say("reasoning_content", step.argument)
            case "echo-history":
                self._say("content", history(self._asked.messages))
            case "seen":
                self._say("content", script.seen(images_of(self._asked.messages)))
            case "tool":
                self._call(step.argument, json.dumps(step.tool, ensure_ascii=False))
            case "many":
                for _ in range(step.numbers()[0]):
                    self._say("content", "x")
            case "hold":
                self._reader.hold(step.argument)
            case "slow":
                self._delay = step.numbers()[0] / 1000
            case "usage":
                asked, said = step.numbers()
                self._usage = (asked, said)
            case "cost":
                self._cost = float(step.argument)
            case "midstream":
                self._reader.flush()
                raise Unfinished("broken")

    def _say(self, kind: str, text: str) -> None:
        for piece in pieces(text):
            self._delta({kind: piece})

    def _call(self, name: str, arguments: str) -> None:
        # The same in every chat that comes to the same point, unlike anything earlier in it.
        call = {"index": self._calls, "id": f"call_{len(self._asked.messages)}_{self._calls}"}
        function = {"name": name, "arguments": ""}
        self._delta({"tool_calls": [{**call, "type": "function", "function": function}]})
        for piece in pieces(arguments):
            part = {"index": self._calls, "function": {"arguments": piece}}
            self._delta({"tool_calls": [part]})
        self._calls += 1

    def _delta(self, delta: dict[str, Any]) -> None:
        if self._delay:
            self._reader.flush()
            time.sleep(self._delay)
        self._said += 1
        self._chunk(delta, None)

    def _chunk(self, delta: dict[str, Any], finish: str | None) -> None:
        self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def _event(self, part: dict[str, Any]) -> None:
        event = {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self._asked.body.get("model", ""),
            **part,
        }
        self._reader.send(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")

    def _count(self) -> dict[str, object]:
        length = sum(len(text_of(message)) for message in self._asked.messages)
        asked, said = self._usage or (length // 4 + 1, self._said)
        told = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
        price = {} if self._cost is None else {"cost": self._cost, "is_byok": False}
        return {**told, **price}


def text_of(message: Message) -> str:
    """The text of a message, whichever way it was sent."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def images_of(messages: list[Message]) -> Iterator[tuple[str, bytes]]:
    """(type, bytes) of what the last message of the user holds."""
    users = [message for message in messages if message["role"] == "user"]
    content = users[-1]["content"] if users else ""
    for part in content if isinstance(content, list) else ():
        if part["type"] == "image_url":
            head, _, data = part["image_url"]["url"].partition(",")
            yield head.removeprefix("data:").partition(";")[0], base64.b64decode(data)


def history(messages: list[Message]) -> str:
    """What was sent, one line a message, without the system's."""
    told: list[str] = []
    for message in messages:
        if message["role"] in ("system", "developer"):
            continue
        calls = [call["function"] for call in message.get("tool_calls") or []]
        said = [text_of(message), *(f"{call['name']}({call['arguments']})" for call in calls)]
        line = " ".join(filter(None, said))[:500]
        told.append(f"{message['role']}: {json.dumps(line, ensure_ascii=False)}")
    return "\n".join(told)


def pieces(text: str) -> Iterator[str]:
    """A text as a model would stream it: word by word, a very long one in larger pieces."""
    if len(text) > 256 * 1024:
        return (text[at : at + 8192] for at in range(0, len(text), 8192))
    return (found.group() for found in _WORD.finditer(text))
