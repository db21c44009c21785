"""Owns what is read of Codex's lines: JSON-RPC without its version, one object a line."""

import msgspec


class Struct(msgspec.Struct, rename="camel"):
    """Theirs have more, which nobody needs here."""


class Failure(Struct):
    message: str = ""


class Head(Struct):
    """Any line: a notification, a request of theirs (its id may be 0), or an answer to ours."""

    method: str = ""
    id: int | str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: Failure | None = None


class Introduction(Struct):
    """Result of `initialize`; the version stands in the middle of it."""

    user_agent: str = ""


class Thread(Struct):
    """`path` is where Codex writes it down."""

    id: str = ""
    path: str | None = None


class Opened(Struct):
    """Result of `thread/start` and `thread/resume`."""

    thread: Thread
    model: str = ""
    model_provider: str = ""
    approval_policy: msgspec.Raw = msgspec.Raw(b"null")
    reasoning_effort: str | None = None


class Hook(Struct):
    command: str = ""
    key: str = ""
    current_hash: str = ""
    enabled: bool = False
    trust_status: str = ""


class HookEntry(Struct):
    hooks: list[Hook] = []


class Hooks(Struct):
    """Result of `hooks/list`."""

    data: list[HookEntry] = []

    def running(self, command: str) -> Hook | None:
        found = (hook for entry in self.data for hook in entry.hooks)
        return next((hook for hook in found if hook.command == command), None)


class Account(Struct):
    """Result of `account/read`."""

    account: msgspec.Raw = msgspec.Raw(b"null")
    requires_openai_auth: bool = False

    @property
    def signed_out(self) -> bool:
        return self.requires_openai_auth and bytes(self.account) == b"null"


class Chosen(msgspec.Struct):
    model_provider: str | None = None
    web_search: str | None = None


class Configuration(Struct):
    """Result of `config/read`."""

    config: Chosen


class Effort(Struct):
    reasoning_effort: str


class Model(Struct):
    id: str
    display_name: str = ""
    hidden: bool = False
    supported_reasoning_efforts: list[Effort] = []
    input_modalities: tuple[str, ...] = ("text", "image")

    @property
    def sees(self) -> bool:
        return "image" in self.input_modalities


class Models(Struct):
    """Result of `model/list`."""

    data: list[Model] = []


class TurnError(Struct):
    message: str = ""
    additional_details: str | None = None
    codex_error_info: msgspec.Raw = msgspec.Raw(b"null")


class Turn(Struct):
    id: str = ""
    status: str = ""
    error: TurnError | None = None


class TurnStarted(Struct):
    """Result of `turn/start`."""

    turn: Turn


class OfTurn(Struct):
    """`turn/started` and `turn/completed`."""

    turn: Turn
    thread_id: str = ""


class OfError(Struct):
    error: TurnError
    will_retry: bool = False


class Change(Struct):
    path: str = ""
    diff: str = ""
    kind: dict[str, str | None] = {}


class Part(Struct):
    type: str = ""
    text: str = ""


class McpResult(Struct):
    content: list[Part] = []


class Item(Struct):
    """One piece of a turn; which fields it has depends on its type."""

    id: str
    type: str
    text: str = ""
    client_id: str | None = None
    summary: list[str] = []
    content: msgspec.Raw = msgspec.Raw(b"[]")
    command: str = ""
    cwd: str = ""
    process_id: str | None = None
    status: str = ""
    aggregated_output: str | None = None
    exit_code: int | None = None
    changes: list[Change] = []
    server: str = ""
    tool: str = ""
    arguments: msgspec.Raw = msgspec.Raw(b"{}")
    result: McpResult | None = None
    error: Failure | None = None
    query: str = ""
    prompt: str | None = None
    receiver_thread_ids: list[str] = []
    kind: str = ""
    agent_thread_id: str = ""
    agent_path: str = ""

    @property
    def began(self) -> list[str]:
        """Threads of agents that this call has started."""
        return [self.agent_thread_id] if self.agent_thread_id else self.receiver_thread_ids

    @property
    def is_told_otherwise(self) -> bool:
        """What an agent that was started does is shown as its own."""
        return self.type == "subAgentActivity" and self.kind != "started"


class OfItem(Struct):
    """`item/started` and `item/completed`."""

    item: Item
    thread_id: str = ""
    turn_id: str = ""


class Delta(Struct, gc=False):
    """A piece of an item that is open."""

    item_id: str
    delta: str
    thread_id: str = ""
    summary_index: int = 0


class Spent(Struct):
    total_tokens: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0


class TokenUsage(Struct):
    total: Spent
    last: Spent
    model_context_window: int | None = None


class OfUsage(Struct):
    token_usage: TokenUsage
    thread_id: str = ""


class Step(Struct):
    step: str
    status: str = ""


class Plan(Struct):
    """`turn/plan/updated`."""

    plan: list[Step] = []
    explanation: str | None = None


class OfDiff(Struct):
    """`turn/diff/updated`: of all changes so far together."""

    diff: str
    thread_id: str = ""


class Said(Struct):
    """`warning` and its like."""

    message: str = ""


class Rerouted(Struct):
    from_model: str = ""
    to_model: str = ""


class Window(Struct):
    used_percent: int = 0
    window_duration_mins: int | None = None


class Limits(Struct):
    primary: Window | None = None
    secondary: Window | None = None


class OfLimits(Struct):
    rate_limits: Limits


class Approval(Struct):
    """`item/commandExecution/requestApproval` and `item/fileChange/requestApproval`."""

    item_id: str = ""
    command: str | None = None
    cwd: str | None = None
    reason: str | None = None


class Meta(Struct, rename=None):
    codex_approval_kind: str = ""
    tool_name: str = ""
    tool_params: msgspec.Raw = msgspec.Raw(b"{}")


class Elicitation(msgspec.Struct):
    """`mcpServer/elicitation/request`."""

    serverName: str = ""
    mode: str = ""
    message: str = ""
    url: str | None = None
    requestedSchema: msgspec.Raw = msgspec.Raw(b"{}")
    meta: Meta | None = msgspec.field(default=None, name="_meta")


class Choice(Struct):
    label: str
    description: str = ""


class Ask(Struct):
    id: str
    question: str
    header: str = ""
    options: list[Choice] | None = None
    is_other: bool = False
    is_secret: bool = False


class Asks(Struct):
    """`item/tool/requestUserInput`."""

    questions: list[Ask] = []


class Resolved(Struct):
    """`serverRequest/resolved`: an answer is not wanted any more."""

    request_id: int | str


class Terminal(Struct):
    item_id: str = ""
    process_id: str = ""


class Terminals(Struct):
    """Result of `thread/backgroundTerminals/list`."""

    data: list[Terminal] = []


class HookCall(msgspec.Struct):
    """What our hook is given before a tool runs, with where the paths that it
    names really lead and the files that a patch changes."""

    tool_name: str
    tool_use_id: str
    tool_input: msgspec.Raw = msgspec.Raw(b"{}")
    cwd: str = ""
    session_id: str = ""
    agent_id: str = ""
    files: dict[str, str] = {}
    real: dict[str, str] = {}

    @property
    def thread(self) -> str:
        """The session is the chat's own thread also for agents that work for it."""
        return self.agent_id or self.session_id
