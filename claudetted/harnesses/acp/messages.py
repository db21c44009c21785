"""Owns the messages of the Agent Client Protocol, version 1, as far as they mean anything to us.

JSON-RPC 2.0, one message a line. Fields that an agent leaves out or sets to null have the default;
fields that we do not know are left out.
"""

from typing import Annotated, Any

import msgspec

from claudetted.harnesses import images, plans

VERSION = 1
AUTH_REQUIRED = -32000
CANCELLED = -32800
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602

Id = int | str
_NULL = msgspec.Raw(b"null")
_encode = msgspec.json.Encoder().encode


class Message(msgspec.Struct, rename="camel"):
    """What all messages have in common."""


class Fault(Message):
    code: int = 0
    message: str = ""
    data: msgspec.Raw = _NULL


class Incoming(Message):
    """A request (`id` and `method`), a notification (`method`) or an answer (`id`)."""

    id: Id | None = None
    method: str = ""
    params: msgspec.Raw = _NULL
    result: msgspec.Raw = _NULL
    error: Fault | None = None


class AgentInfo(Message):
    name: str = ""
    title: str | None = None
    version: str = ""


class AuthMethod(Message):
    id: str = ""
    name: str = ""
    description: str | None = None


class SessionCapabilities(Message):
    resume: dict[str, Any] | None = None
    delete: dict[str, Any] | None = None


class PromptCapabilities(Message):
    image: bool = False


class AgentCapabilities(Message):
    load_session: bool = False
    prompt_capabilities: PromptCapabilities | None = None
    session_capabilities: SessionCapabilities | None = None


class _Steering(Message):
    supported: bool = False


class _InitializedMeta(Message):
    steering: _Steering | None = None


class Initialized(Message):
    """Result of `initialize`."""

    protocol_version: int = 0
    agent_capabilities: AgentCapabilities = msgspec.field(default_factory=AgentCapabilities)
    agent_info: AgentInfo | None = None
    auth_methods: list[AuthMethod] | None = None
    meta: _InitializedMeta | None = msgspec.field(default=None, name="_meta")

    @property
    def sees(self) -> bool:
        """Whether it takes images."""
        prompts = self.agent_capabilities.prompt_capabilities
        return bool(prompts and prompts.image)

    @property
    def steers(self) -> bool:
        return bool(self.meta and self.meta.steering and self.meta.steering.supported)

    @property
    def resumes(self) -> bool:
        return self._can.resume is not None

    @property
    def deletes(self) -> bool:
        return self._can.delete is not None

    @property
    def _can(self) -> SessionCapabilities:
        return self.agent_capabilities.session_capabilities or SessionCapabilities()


class Choice(Message):
    """One value of an option, or a group of them."""

    value: str = ""
    name: str = ""
    options: list["Choice"] = []


class Option(Message):
    """Something of a session that can be set. `category` says what it means."""

    id: str = ""
    category: str | None = None
    current_value: Any = None
    options: list[Choice] = []


class Mode(Message):
    id: str = ""
    name: str = ""


class Modes(Message):
    current_mode_id: str = ""
    available_modes: list[Mode] = []


class Model(Message):
    model_id: str = ""
    name: str = ""


class Models(Message):
    current_model_id: str = ""
    available_models: list[Model] = []


class Session(Message):
    """Result of `session/new`, `session/load` and `session/resume`; of the last two without id."""

    session_id: str = ""
    modes: Modes | None = None
    models: Models | None = None
    config_options: list[Option] | None = None


class Configured(Message):
    config_options: list[Option] | None = None


class Spent(Message):
    input_tokens: int = 0
    output_tokens: int = 0
    cached_read_tokens: int | None = None
    cached_write_tokens: int | None = None
    thought_tokens: int | None = None


class Prompted(Message):
    """Result of `session/prompt`: the turn is over."""

    stop_reason: str = "end_turn"
    usage: Spent | None = None


class Steered(Message):
    outcome: str = ""


class Text(Message):
    """A block of content. Texts say something to us, and of an image that there is one."""

    type: str = ""
    text: str = ""
    data: str = ""

    @property
    def shown(self) -> str:
        return images.stand_in(self.data) if self.type == "image" else self.text


class Produced(Message):
    """What a call shows: a text, or a change of a file."""

    type: str = ""
    content: Text | None = None
    path: str = ""
    old_text: str | None = None
    new_text: str = ""


class Location(Message):
    path: str = ""


class _CodeMeta(Message):
    tool_name: str = ""


class _CallMeta(Message):
    claude_code: _CodeMeta | None = None


class ToolCall(Message):
    """`tool_call`, `tool_call_update`, and what a permission is asked for. What is null or absent
    has not changed."""

    tool_call_id: str = ""
    title: str | None = None
    name: str | None = None
    kind: str | None = None
    status: str | None = None
    content: list[Produced] | None = None
    locations: list[Location] | None = None
    raw_input: Any = None
    raw_output: Any = None
    meta: _CallMeta | None = msgspec.field(default=None, name="_meta")

    @property
    def tool(self) -> str:
        """The name of the tool, where the agent tells it."""
        if self.name:
            return self.name
        return self.meta.claude_code.tool_name if self.meta and self.meta.claude_code else ""


class PermissionOption(Message):
    option_id: str = ""
    name: str = ""
    kind: str = ""


class PermissionRequest(Message):
    session_id: str = ""
    tool_call: ToolCall = msgspec.field(default_factory=ToolCall)
    options: list[PermissionOption] = []


class _Kind(Message):
    session_update: str = ""


class Update(Message):
    """A `session/update`, whose `update` is read by its kind."""

    session_id: str = ""
    update: msgspec.Raw = msgspec.Raw(b"{}")


class Chunk(Message):
    content: Text = msgspec.field(default_factory=Text)
    message_id: str | None = None


class Plan(Message):
    entries: list[plans.Entry] = []


class _Input(Message):
    hint: str = ""


class AgentCommand(Message):
    name: str = ""
    description: str = ""
    input: _Input | None = None


class AgentCommands(Message):
    available_commands: list[AgentCommand] = []


class Cost(Message):
    amount: float = 0.0
    currency: str = "USD"


class Used(Message):
    used: int | None = None
    size: int | None = None
    cost: Cost | None = None


class ModeChanged(Message):
    current_mode_id: str = ""


class Cancelled(Message):
    """Of `$/cancel_request`."""

    request_id: Annotated[Id | None, "of the request that is withdrawn"] = None


_decode_kind = msgspec.json.Decoder(_Kind).decode


def kind_of(update: msgspec.Raw) -> str:
    return _decode_kind(update).session_update


def request(number: int, method: str, params: dict[str, Any]) -> bytes:
    return _line({"id": number, "method": method, "params": params})


def notification(method: str, params: dict[str, Any]) -> bytes:
    return _line({"method": method, "params": params})


def answer(number: Id, result: dict[str, Any]) -> bytes:
    return _line({"id": number, "result": result})


def refusal(number: Id, code: int, message: str) -> bytes:
    return _line({"id": number, "error": {"code": code, "message": message}})


def _line(fields: dict[str, Any]) -> bytes:
    return _encode({"jsonrpc": "2.0", **fields}) + b"\n"
