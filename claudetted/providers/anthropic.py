"""Owns the block: with a Claude subscription about, Pi's own Anthropic models are not used.

So its tokens stay with Claude's own program. Everything that can begin with a model asks here.
"""

import codecs
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import trio

from claudetted.protocol.chats import Chat
from claudetted.protocol.errors import AnthropicBlocked
from claudetted.providers import claude, claude_cli

HARNESS = "pi"
FRESH_SECONDS = 60.0
"""So long an answer of Claude's program holds, unless what it has stored changes."""
UNANSWERED_SECONDS = 600.0
"""So long it is left alone when it gives none."""
SILENT = "which is installed and has a stored sign-in, does not answer"


class _Entry(msgspec.Struct):
    type: str = ""


class _AuthFile(msgspec.Struct):
    """Of Pi's auth.json. What is secret in it is skipped over."""

    anthropic: _Entry | None = None


class AnthropicBlock:
    """What is known of subscriptions. `base` is the user's own environment.

    Error handling: when Claude's program gives no answer the last one holds; when it never gave
    any, a stored sign-in counts as one.
    """

    def __init__(
        self, base: Callable[[], Awaitable[dict[str, str]]], nursery: trio.Nursery
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        """Told when the answer of Claude's program is another one than before."""
        self._ask_base = base
        self._nursery = nursery
        self._base: dict[str, str] = {}
        self._lock = trio.Lock()
        self._answer: str | None = None
        """The last that Claude's program gave."""
        self._told: str | None = None
        """What is concluded from it."""
        self._holds_until = 0.0
        self._fingerprint: tuple[object, ...] = ()

    async def check(self, model: str | None, env: Mapping[str, str] | None = None) -> None:
        """Raises AnthropicBlocked if the model may not be used now, with a chat's environment."""
        if model and claude.is_anthropic(model):
            await self.renew()
            if why := self._why(env or {}):
                raise AnthropicBlocked(why, model=model)

    async def check_chat(self, chat: Chat, env: Mapping[str, str]) -> None:
        """The same for the model that a chat would use next."""
        await self.check(_next_model(chat), env)

    async def renew_for(self, chat: Chat) -> None:
        """Makes `refuses` sure of a chat that might be concerned."""
        if claude.is_anthropic(_next_model(chat)):
            await self.renew()

    def refuses(self, chat: Chat, env: Mapping[str, str]) -> str:
        """Why the chat may not go on, as far as is known without asking; empty if it may."""
        concerned = self._told is not None and claude.is_anthropic(_next_model(chat))
        return self._why(env) if concerned else ""

    async def why(self, env: Mapping[str, str] | None = None) -> str:
        """Why Anthropic's models may not be used, as it is now; empty if they may."""
        await self.renew()
        return self._why(env or {})

    async def why_at_once(self) -> str:
        """The same as it was last known: who is shown a list does not wait for a program."""
        if self._told is None:
            return await self.why()
        self._nursery.start_soon(self.renew)
        return self._why({})

    async def renew(self) -> None:
        """Asks again if what is known is old, or is known to have changed."""
        async with self._lock:
            self._base = await self._ask_base()
            fingerprint = await trio.to_thread.run_sync(claude_cli.fingerprint, self._base)
            if trio.current_time() < self._holds_until and fingerprint == self._fingerprint:
                return
            answer = await claude_cli.subscription(self._base)
            before, self._told = self._told, self._concluded(answer)
            holds = UNANSWERED_SECONDS if answer is None else FRESH_SECONDS
            self._holds_until = trio.current_time() + holds
            self._fingerprint = fingerprint
        if before is not None and bool(before) != bool(self._told):
            self.changed()

    def _concluded(self, answer: str | None) -> str:
        if answer is not None:
            self._answer = answer
        if self._answer is not None:
            return self._answer
        return SILENT if claude_cli.has_stored_sign_in(self._base) else ""

    def _why(self, env: Mapping[str, str]) -> str:
        how = self._how({**self._base, **env, "HOME": self._base["HOME"]})
        if not how:
            return ""
        return (
            "Pi cannot use Anthropic's models while you are signed in with a Claude subscription "
            f"({how}): its tokens stay with the Claude CLI. Pick a model of another provider."
        )

    def _how(self, env: Mapping[str, str]) -> str:
        """By what a subscription is there."""
        if self._told == SILENT:
            return f"the Claude CLI, {SILENT}"
        if self._told:
            return f"`claude auth status` says {self._told}"
        if tokens := claude.tokens_in(env):
            return f"{tokens[0]} is set"
        return "Pi's auth.json has a Claude sign-in" if _is_signed_in_with_pi(env) else ""


def _next_model(chat: Chat) -> str:
    """What Pi would use next; other agents are none of its business."""
    return (chat.model or chat.model_used or "") if chat.harness == HARNESS else ""


def _is_signed_in_with_pi(env: Mapping[str, str]) -> bool:
    home = Path(env["HOME"])
    chosen = env.get("PI_CODING_AGENT_DIR", "")
    directory = home / chosen.removeprefix("~/") if chosen else home / ".pi/agent"
    try:
        text = (directory / "auth.json").read_bytes().removeprefix(codecs.BOM_UTF8)
        entry = msgspec.json.decode(text, type=_AuthFile).anthropic
    except (OSError, msgspec.MsgspecError):
        # The agent cannot read it either, and tells of it.
        return False
    return entry is not None and entry.type == "oauth"
