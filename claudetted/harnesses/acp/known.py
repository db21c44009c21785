"""Owns what is known of agents that speak the protocol, by having run them. Data.

The protocol does not say whether an agent asks before it acts, so it is said here: in which mode it
asks, and what makes it ask about calls that the user's own settings let run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

_CLAUDE_TOOLS = (
    *("Bash", "Read", "Edit", "Write", "NotebookEdit", "Grep", "Glob", "LS"),
    *("WebFetch", "WebSearch", "mcp__*"),
)
_ASK_ALL = {
    "*": "ask",
    "bash": {"*": "ask"},
    "edit": {"*": "ask"},
    # Its own list of what is to do: nothing outside of the conversation changes.
    "todowrite": "allow",
    "todoread": "allow",
}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class Known(msgspec.Struct, frozen=True):
    """One agent. `programs` are the words of a command that mean it, `calls_itself` the names it
    gives itself; modes are named by id or by name."""

    id: str
    programs: tuple[str, ...]
    calls_itself: tuple[str, ...] = ()
    asks: bool = True
    """Whether it asks before each command and each change of a file."""
    asking_mode: str = ""
    """The mode in which it asks; without one the mode that it starts in."""
    reading_mode: str = ""
    """The mode for readonly: its model is told not to change anything."""
    env: Mapping[str, str] = {}
    """What its process needs in its environment so that it asks."""
    untrusted_env: Mapping[str, str] = {}
    """What makes it leave aside the configuration of a project that is not trusted."""
    meta: Mapping[str, Any] = {}
    """`_meta` of a session, so that it asks."""
    untrusted_meta: Mapping[str, Any] = {}
    """Added to it in a project that is not trusted."""
    keeps_tokens: bool = False
    """It is Claude's own program, whose sign-in is a Claude subscription's."""
    install: str = ""
    sign_in: str = ""
    tested: str = ""
    replay_quiet: float = 0.3
    """Seconds without a word after which the replay of a loaded session is over."""


KNOWN = (
    Known(
        "opencode",
        ("opencode", "opencode-ai"),
        ("OpenCode",),
        asking_mode="build",
        reading_mode="plan",
        env={
            "OPENCODE_PERMISSION": _json(_ASK_ALL),
            "OPENCODE_CONFIG_CONTENT": _json(
                {
                    "permission": _ASK_ALL,
                    "agent": {
                        name: {"permission": _ASK_ALL}
                        for name in ("build", "plan", "general", "explore")
                    },
                }
            ),
        },
        untrusted_env={"OPENCODE_DISABLE_PROJECT_CONFIG": "1"},
        install="npm install -g opencode-ai",
        sign_in="opencode auth login",
        tested="1.18.33",
    ),
    Known(
        "claude-agent-acp",
        ("claude-agent-acp",),
        ("@agentclientprotocol/claude-agent-acp",),
        asking_mode="default",
        reading_mode="plan",
        meta={
            "claudeCode": {"options": {"settings": {"permissions": {"ask": list(_CLAUDE_TOOLS)}}}}
        },
        untrusted_meta={"claudeCode": {"options": {"settingSources": ["user"]}}},
        keeps_tokens=True,
        install="npm install -g @agentclientprotocol/claude-agent-acp",
        sign_in="claude auth login",
        tested="0.101.0",
    ),
    Known(
        "codex-acp",
        ("codex-acp",),
        ("codex-acp", "@agentclientprotocol/codex-acp"),
        asks=False,
        install="npm install -g @agentclientprotocol/codex-acp",
        sign_in="codex login",
        tested="2.6.0",
    ),
    Known(
        "gemini-cli",
        ("gemini", "gemini-cli"),
        ("gemini-cli",),
        asking_mode="default",
        install="npm install -g @google/gemini-cli",
        sign_in="gemini",
        tested="0.61.0",
        replay_quiet=1.5,
    ),
    Known(
        "qwen-code",
        ("qwen", "qwen-code"),
        ("qwen-code",),
        asking_mode="default",
        reading_mode="plan",
        install="npm install -g @qwen-code/qwen-code",
        sign_in="qwen",
        tested="0.24.4",
    ),
    Known(
        "kimi-code",
        ("kimi", "kimi-code"),
        asking_mode="default",
        install="npm install -g @moonshot-ai/kimi-code",
        sign_in="kimi login",
        tested="2.1.0",
    ),
    Known(
        "copilot",
        ("copilot",),
        ("Copilot",),
        asking_mode="Agent",
        reading_mode="Plan",
        install="npm install -g @github/copilot",
        sign_in="copilot login",
        tested="1.0.102",
    ),
    Known(
        "vibe",
        ("vibe-acp", "vibe"),
        asking_mode="default",
        reading_mode="plan",
        install="pip install mistral-vibe",
        sign_in="vibe --setup",
        tested="3.0.2",
    ),
    Known(
        "nanocoder",
        ("nanocoder",),
        asking_mode="normal",
        reading_mode="plan",
        install="npm install -g @nanocollective/nanocoder",
        tested="1.30.0",
    ),
    Known("pi-acp", ("pi-acp",), ("pi-acp",), asks=False, tested="0.0.34"),
    Known("fast-agent", ("fast-agent-acp", "fast-agent"), asks=False, tested="0.10.48"),
    Known("hermes", ("hermes", "hermes-agent", "hermes-acp"), asks=False, tested="0.19.0"),
    Known("cline", ("cline",), sign_in="cline auth"),
)

UNKNOWN = Known("", ())


def by_id(name: str) -> Known | None:
    return next((one for one in KNOWN if one.id == name), None)


def by_command(command: Sequence[str]) -> Known:
    """Which agent a command starts: by its program, or the package that it hands to a runner."""
    for word in command:
        program = _program(word)
        if found := next((one for one in KNOWN if program in one.programs), None):
            return found
    return UNKNOWN


def by_own_name(name: str) -> Known | None:
    return next((one for one in KNOWN if name and name in one.calls_itself), None)


def _program(word: str) -> str:
    """`/usr/bin/opencode`, `opencode-ai@1.2` and `@scope/opencode@latest` as one name."""
    name = word.rstrip("/").rpartition("/")[2]
    return name.partition("@")[0] if not name.startswith("@") else name
