"""Owns a scripted model behind OpenAI's Responses: the same scripts as of the chat completions.

What was sent is read as a chat, so that tests ask of it what they ask of any scripted model.
"""

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from claudette_cli.demo import script
from claudette_cli.demo.scripted_answer import Answer, Message, ModelRequest, pieces
from claudette_cli.demo.scripted_model import Handler, ScriptedModel, steps_of

MODELS = ("small", "large", "gpt-5.5")
_SURROUNDINGS = ("<environment_context>", "<user_instructions>", "# AGENTS.md", "<permissions")
"""How the messages begin that Codex adds to what a person says."""
_TOOLS = {"bash": "exec_command", "write": "apply_patch"}
"""What scripts call, and what Codex has for it."""
_COMMANDS = {"ls": "ls", "read": "cat"}
"""What Codex does by a command."""


CONFIG = """
model = "small"
model_provider = "fake"
model_context_window = 42106
check_for_update_on_startup = false
[analytics]
enabled = false
[features]
plugins = false
[model_providers.fake]
name = "Fake"
base_url = "{url}"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 1
"""


def write_codex_config(home: Path, model: ScriptedModel) -> None:
    """Makes `home` fit for CODEX_HOME: one provider, quick retries, nothing fetched or reported."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(CONFIG.format(url=model.base_url))


OPENAI = """
openai_base_url = "{url}"
check_for_update_on_startup = false
cli_auth_credentials_store = "file"
[analytics]
enabled = false
[features]
plugins = false
"""


def write_openai_config(home: Path, model: ScriptedModel) -> None:
    """Has Codex take the scripted model for OpenAI's own service, with a key."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(OPENAI.format(url=model.base_url))
    key = {"OPENAI_API_KEY": "sk-scripted", "auth_mode": "apikey"}
    (home / "auth.json").write_text(json.dumps(key))


def add_blind_model(home: Path, codex: Path) -> None:
    """Has Codex know one model more, `blind`, which takes no images."""
    env = os.environ | {"HOME": os.fspath(home), "CODEX_HOME": os.fspath(home)}
    words = [os.fspath(codex), "debug", "models"]
    told = subprocess.run(words, env=env, capture_output=True, check=True).stdout
    models = json.loads(told)["models"]
    seeing = next(one for one in models if one["slug"] == "gpt-5.5")
    models.append(seeing | {"slug": "blind", "input_modalities": ["text"]})
    (home / "models.json").write_text(json.dumps({"models": models}))
    config = home / "config.toml"
    config.write_text(f'model_catalog_json = "{home}/models.json"\n{config.read_text()}')


class ResponsesModel(ScriptedModel):
    """The server."""

    def __init__(self, port: int = 0, models: tuple[str, ...] = MODELS) -> None:
        super().__init__(port, models)
        self._http.RequestHandlerClass = type("Handler", (_Responses,), {"model": self})


class _Responses(Handler):
    model: ClassVar[ScriptedModel]

    def do_POST(self) -> None:
        if self.path != "/v1/responses":
            super().do_POST()
            return
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._complete({**body, **as_chat(body)})

    def _play(self, asked: ModelRequest) -> str:
        steps = steps_of(asked)
        if refusal := self._refusal(asked, steps):
            status, error = refusal
            self._answer(status, {"error": error})
            return "refused"
        self._begin_stream()
        ResponsesAnswer(self, asked, self._still_to_play(asked, steps)).stream()
        self.send(b"")
        return "answered"


class ResponsesAnswer(Answer):
    """One answer in the events of the Responses API."""

    def __init__(self, reader: Handler, asked: ModelRequest, steps: Iterator[script.Step]) -> None:
        super().__init__(reader, asked, steps)
        self._items = 0
        self._open: dict[str, Any] = {}
        self._text = ""

    def stream(self) -> None:
        told = {"id": f"resp_{id(self):x}", "object": "response", "status": "in_progress"}
        self._send("response.created", response=told)
        self._reader.flush()
        for step in self._steps:
            self._step(step)
            self._reader.flush()
        self._end_item()
        self._send("response.completed", response={**told, "usage": self._spent()})

    def _step(self, step: script.Step) -> None:
        if step.name == "tool":
            self._tool(step.argument, step.tool)
        else:
            super()._step(step)

    def _say(self, kind: str, text: str) -> None:
        thinks = kind == "reasoning_content"
        self._begin_item("reasoning" if thinks else "message")
        for piece in pieces(text):
            self._pause()
            self._said += 1
            self._text += piece
            if thinks:
                self._part("response.reasoning_summary_text.delta", summary_index=0, delta=piece)
            else:
                self._part("response.output_text.delta", content_index=0, delta=piece)

    def _tool(self, name: str, arguments: Any) -> None:
        self._end_item()
        call = f"call_{len(self._asked.messages)}_{self._calls}_{self._asked.attempt_key()[:8]}"
        self._calls += 1
        if command := _COMMANDS.get(name):
            words = [command, arguments.get("path", ".")]
            name, arguments = "bash", {"command": shlex.join(words)}
        *space, name = name.split("/")
        if name == "web_search":
            action = {"type": "search", **arguments}
            self._begin({"type": "web_search_call", "status": "completed", "action": action})
            self._end_item()
            return
        item: dict[str, Any] = {"call_id": call, "name": _TOOLS.get(name, name)}
        if space:
            item["namespace"] = space[0]
        if item["name"] == "apply_patch":
            item |= {"type": "custom_tool_call", "input": _patch(arguments)}
        elif item["name"] == "exec":
            item |= {"type": "custom_tool_call", "input": arguments["code"]}
        else:
            item |= {"type": "function_call", "arguments": json.dumps(_arguments(name, arguments))}
        self._begin(item)
        self._end_item()

    def _begin_item(self, kind: str) -> None:
        if self._open.get("type") == kind:
            return
        self._end_item()
        self._text = ""
        if kind == "reasoning":
            self._begin({"type": kind, "summary": []})
            part = {"type": "summary_text", "text": ""}
            self._part("response.reasoning_summary_part.added", summary_index=0, part=part)
        else:
            self._begin({"type": kind, "role": "assistant", "content": []})

    def _begin(self, item: dict[str, Any]) -> None:
        self._open = {"id": f"item_{id(self):x}_{self._items}", **item}
        self._part("response.output_item.added", item=self._open)

    def _end_item(self) -> None:
        if not self._open:
            return
        said = {"text": self._text, "annotations": []}
        if self._open["type"] == "message":
            self._open["content"] = [{"type": "output_text", **said}]
        elif self._open["type"] == "reasoning":
            self._open["summary"] = [{"type": "summary_text", "text": self._text}]
        self._part("response.output_item.done", item=self._open)
        self._open, self._items = {}, self._items + 1

    def _part(self, kind: str, **more: Any) -> None:
        self._send(kind, output_index=self._items, item_id=self._open["id"], **more)

    def _pause(self) -> None:
        if self._delay:
            self._reader.flush()
            time.sleep(self._delay)

    def _send(self, kind: str, **more: Any) -> None:
        data = json.dumps({"type": kind, **more}, ensure_ascii=False)
        self._reader.send(f"event: {kind}\ndata: {data}\n\n".encode())

    def _spent(self) -> dict[str, Any]:
        told = self._count()
        return {
            "input_tokens": told["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": told["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": told["total_tokens"],
        }


def _arguments(name: str, arguments: Any) -> Any:
    if name != "bash":
        return arguments
    return {"cmd": arguments["command"], **{k: v for k, v in arguments.items() if k != "command"}}


def _patch(arguments: Any) -> str:
    """A patch as it is, or the one that writes a new file."""
    if "patch" in arguments:
        return str(arguments["patch"])
    lines = "".join(f"+{line}\n" for line in arguments["content"].splitlines())
    return f"*** Begin Patch\n*** Add File: {arguments['path']}\n{lines}*** End Patch"


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    """The input and the tools as chat completions have them."""
    messages: list[Message] = []
    for item in body["input"]:
        for found in _message(item):
            _add(messages, found)
    tools = [
        {"function": {"name": tool.get("name") or tool["type"]}} for tool in body.get("tools", [])
    ]
    return {"messages": messages, "tools": tools}


def _add(messages: list[Message], found: Message) -> None:
    """One answer of the model is several items."""
    last = messages[-1] if messages else {"role": ""}
    if last["role"] == found["role"] == "assistant":
        last["content"] += found["content"]
        last["tool_calls"] = last.get("tool_calls", []) + found.get("tool_calls", [])
    else:
        messages.append(found)


def _message(item: dict[str, Any]) -> Iterator[Message]:
    """What Codex adds of its own is the system's; thoughts are left out."""
    kind = item.get("type", "message")
    if kind == "message":
        text = "".join(part.get("text", "") for part in item["content"])
        added = item["role"] == "user" and text.lstrip().startswith(_SURROUNDINGS)
        yield {"role": "system" if added else item["role"], "content": _content(text, item)}
    elif kind in ("function_call", "custom_tool_call"):
        call = {"name": item["name"], "arguments": item.get("arguments") or item.get("input", "")}
        yield {"role": "assistant", "content": "", "tool_calls": [{"function": call}]}
    elif kind in ("function_call_output", "custom_tool_call_output"):
        yield {"role": "tool", "content": _output(item["output"])}


def _content(text: str, item: dict[str, Any]) -> Any:
    images = [
        {"type": "image_url", "image_url": {"url": part["image_url"]}}
        for part in item["content"]
        if part["type"] == "input_image"
    ]
    return [{"type": "text", "text": text}, *images] if images else text


def _output(told: Any) -> str:
    if isinstance(told, str):
        return told
    parts = told if isinstance(told, list) else [told]
    return "".join(part.get("text") or part.get("content") or "" for part in parts)
