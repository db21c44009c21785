"""Owns the lines of Claude Code: as much of them as is needed, and those that it is sent.

Its protocol is open and moves: unknown types and fields are passed over, and a known field that
has another shape than expected makes one line unreadable and nothing else.
"""

import os
from collections.abc import Iterable
from typing import Any

import msgspec


class Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    stop_reason: str | None = None


class Tokens(msgspec.Struct):
    """What one answer of the model took."""

    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cache_read_input_tokens: int | None = 0
    cache_creation_input_tokens: int | None = 0
    output_tokens_details: dict[str, Any] | None = None

    @property
    def occupied(self) -> int:
        """What of the context the answer fills, itself included."""
        return sum(
            count or 0
            for count in (
                self.input_tokens,
                self.output_tokens,
                self.cache_read_input_tokens,
                self.cache_creation_input_tokens,
            )
        )


class Block(msgspec.Struct):
    """One piece of a message."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    tool_use_id: str = ""
    content: Any = None
    is_error: bool | None = False


class Message(msgspec.Struct):
    id: str = ""
    model: str = ""
    content: list[Block] | str = ""
    usage: Tokens | None = None


class Event(msgspec.Struct):
    """One event of the model's stream."""

    type: str = ""
    index: int = 0
    message: Message | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Tokens | None = None


class Asked(msgspec.Struct):
    """What Claude Code wants of us."""

    subtype: str = ""
    tool_name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    tool_use_id: str = ""


class HookInput(msgspec.Struct):
    """The call that a hook is about, and where it would run."""

    cwd: str = ""
    agent_id: str | None = ""
    """Of an agent below the main conversation."""
    tool_name: str = ""
    tool_input: msgspec.Raw = msgspec.Raw(b"{}")


class Model(msgspec.Struct):
    value: str = ""
    resolvedModel: str = ""
    displayName: str = ""


class SlashCommand(msgspec.Struct):
    name: str = ""
    description: str = ""
    argumentHint: str = ""


class Answer(msgspec.Struct):
    """What it answers to any request of ours, of all of them together."""

    commands: list[SlashCommand] = []
    models: list[Model] = []
    claude_code_version: str = ""
    hooks_applied: bool = True
    model: str | None = ""


class Response(msgspec.Struct):
    subtype: str = ""
    request_id: str = ""
    response: msgspec.Raw = msgspec.Raw(b"{}")
    error: str = ""
    error_code: str = ""


class CompactMetadata(msgspec.Struct):
    pre_tokens: int | None = None
    post_tokens: int | None = None
    duration_ms: int | None = 0


class RateLimit(msgspec.Struct):
    status: str = ""
    resetsAt: float | None = None
    rateLimitType: str | None = ""
    utilization: float | None = None


class ModelUsage(msgspec.Struct):
    contextWindow: int | None = None


class Frame(msgspec.Struct):
    """One line. Which fields are there is a matter of `type` and `subtype`."""

    type: str = ""
    subtype: str = ""
    event: Event | None = None
    message: Message | None = None
    parent_tool_use_id: str | None = None
    tool_use_result: msgspec.Raw = msgspec.Raw(b"null")
    """Of the one call whose result the message is, in fields."""
    isReplay: bool | None = False
    isSynthetic: bool | None = False
    error: Any = None
    api_error_status: int | None = None
    # asks and answers
    request_id: str | None = ""
    request: msgspec.Raw = msgspec.Raw(b"null")
    response: Response | None = None
    # system
    status: str | None = ""
    compact_result: str | None = ""
    compact_error: str | None = ""
    compact_metadata: CompactMetadata | None = None
    model: str | None = ""
    attempt: int = 0
    max_retries: int = 0
    retry_delay_ms: float = 0
    error_status: int | None = None
    # agents below the main conversation
    task_id: str | None = ""
    tool_use_id: str | None = ""
    # lifecycle
    command_uuid: str = ""
    state: str = ""
    rate_limit_info: RateLimit | None = None
    # result
    is_error: bool = False
    result: str | None = ""
    errors: list[str] = []
    stop_reason: str | None = ""
    terminal_reason: str | None = ""
    total_cost_usd: float | None = None
    usage: Tokens | None = None
    modelUsage: dict[str, ModelUsage] = {}


decode = msgspec.json.Decoder(Frame).decode
decode_asked = msgspec.json.Decoder(Asked).decode
decode_answer = msgspec.json.Decoder(Answer).decode
decode_hook_input = msgspec.json.Decoder(HookInput).decode
_encode = msgspec.json.Encoder().encode


# What it is sent

_HOOK_SECONDS = 2_000_000
"""So long a person may take: 23 days, the most that its timer can hold."""


def request(request_id: str, subtype: str, **fields: Any) -> bytes:
    body = {"subtype": subtype, **fields}
    return _line({"type": "control_request", "request_id": request_id, "request": body})


def initialize(request_id: str, hook: str) -> bytes:
    """Every call comes to our hook; when that fails, none runs."""
    gate = {
        "matcher": "*",
        "hookCallbackIds": [hook],
        "onFailure": "block",
        "timeout": _HOOK_SECONDS,
    }
    return request(request_id, "initialize", hooks={"PreToolUse": [gate]})


def ask_next(request_id: str) -> bytes:
    """The hook lets a call go on: whatever rules Claude Code has, it asks."""
    return _hook_decision(request_id, {"permissionDecision": "ask"})


def block(request_id: str, message: str) -> bytes:
    """The hook lets a call not go on, whatever another one says."""
    denied = {"permissionDecision": "deny", "permissionDecisionReason": message}
    return _hook_decision(request_id, denied)


def _hook_decision(request_id: str, decision: dict[str, str]) -> bytes:
    output = {"hookEventName": "PreToolUse", **decision}
    return answer(request_id, {"hookSpecificOutput": output})


def allow(request_id: str, arguments: msgspec.Raw) -> bytes:
    """These arguments run, whatever else became of the call meanwhile."""
    return answer(request_id, {"behavior": "allow", "updatedInput": arguments})


def deny(request_id: str, message: str) -> bytes:
    return answer(request_id, {"behavior": "deny", "message": message})


def answer(request_id: str, response: dict[str, Any]) -> bytes:
    body = {"subtype": "success", "request_id": request_id, "response": response}
    return _line({"type": "control_response", "response": body})


def unsupported(request_id: str) -> bytes:
    body = {"subtype": "error", "request_id": request_id, "error": "not supported"}
    return _line({"type": "control_response", "response": body})


def prompt(
    uuid: str, texts: list[str], *, literal: bool, images: Iterable[tuple[str, str]] = ()
) -> bytes:
    """A literal one is no slash command, whatever it begins with. `images` are (type, base64)."""
    blocks: list[object] = [{"type": "text", "text": text} for text in texts if text]
    blocks += [
        {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
        for kind, data in images
    ]
    content: object = texts[0] if len(texts) == len(blocks) == 1 and texts[0] else blocks
    line: dict[str, Any] = {
        "type": "user",
        "message": {"role": "user", "content": content},
        "parent_tool_use_id": None,
        "uuid": uuid,
    }
    return _line(line | {"client_composed": True} if literal else line)


def new_uuid() -> str:
    """A random one, of version 4."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _line(body: dict[str, Any]) -> bytes:
    return _encode(body) + b"\n"
