"""Owns what is Claude's own: which names mean Anthropic's models, which variables hold its tokens.

Pure. A Claude subscription belongs to Claude's own program: its tokens reach no agent of ours.
"""

import re
from collections.abc import Mapping

PROVIDER = "anthropic"
TOKENS = frozenset(
    {
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_OAUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR",
        "CLAUDE_CODE_SESSION_ACCESS_TOKEN",
    }
)
"""Variables that hold a token of a subscription."""
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}
"""Variables that keep its program from doing anything but what it is asked."""
_TOKEN = re.compile(r"\s*sk-ant-o[ar]t\d*-")
"""How such a token begins, whatever variable or key it is given as."""
_MASK = "sk-ant-oat00-"
"""Counts as a token and is none."""
_OURS = frozenset({PROVIDER, "claude"})
_BARE = re.compile(r"(claude|opus|sonnet|haiku)([-_].*)?")


def is_anthropic(model: str) -> bool:
    """Whether the agent's own provider of Anthropic's models would serve this one.

    Claude under another provider, such as `openrouter/anthropic/…`, is that one's.
    """
    provider, slash, _ = model.strip().lower().removeprefix("pi/").partition("/")
    return provider in _OURS if slash else bool(_BARE.fullmatch(provider))


def is_token(value: str) -> bool:
    """Whether this is no key but a token of a subscription."""
    return bool(_TOKEN.match(value))


def tokens_in(env: Mapping[str, str]) -> list[str]:
    """The names of the variables that hold one."""
    return sorted(
        name for name, value in env.items() if value and (name in TOKENS or is_token(value))
    )


def masked(env: Mapping[str, str]) -> dict[str, str]:
    """An environment to be kept: that there were tokens is known, and what they were is not."""
    return {**env, **dict.fromkeys(tokens_in(env), _MASK)}


def without_masks(env: Mapping[str, str]) -> dict[str, str]:
    """What was kept of an environment, without what only says that there was a token."""
    return {name: value for name, value in env.items() if value != _MASK}


def without_tokens(env: Mapping[str, str]) -> dict[str, str]:
    """What an agent may have of an environment."""
    held = TOKENS.union(tokens_in(env))
    return {name: value for name, value in env.items() if name not in held}
