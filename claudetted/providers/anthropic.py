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
from claudetted.providers import claude, claude_cli, installed
from claudetted.providers.kinds import PI

FRESH_SECONDS = 60.0
"""So long an answer of Claude's program holds, unless what it has stored changes."""
UNANSWERED_SECONDS = 600.0
"""So long it is left alone when it gives none."""
LEARNED_MOST = 64
"""So many PATHs and configurations of clients are remembered, the newest ones."""


class _Entry(msgspec.Struct):
    type: str = ""


class _AuthFile(msgspec.Struct):
    """Of Pi's auth.json. What is secret in it is skipped over."""

    anthropic: _Entry | None = None


class AnthropicBlock:
    """What is known of subscriptions. `base` is the user's own environment, `paths` are the PATHs
    of the user's shells and of the daemon; those of clients and chats are learned as they come.

    Error handling: a Claude CLI that is there and gives no answer blocks until it gives one; when
    it gave one before, that one holds. A stored sign-in without a CLI counts as one.
    """

    def __init__(
        self,
        base: Callable[[], Awaitable[dict[str, str]]],
        paths: Callable[[], Awaitable[list[str]]],
        nursery: trio.Nursery,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        """Told when the answer of Claude's program is another one than before."""
        self._ask_base = base
        self._ask_paths = paths
        self._learned_paths: dict[str, None] = {}
        self._learned_configurations: dict[str, None] = {}
        self._nursery = nursery
        self._base: dict[str, str] = {}
        self._lock = trio.Lock()
        self._answers: dict[tuple[str, str], str] = {}
        """The last that each program gave, by its path and the configuration."""
        self._told: str | None = None
        """By what there is a subscription, as far as programs and files tell."""
        self._holds_until = 0.0
        self._fingerprint: tuple[object, ...] = ()

    async def check(self, model: str | None, env: Mapping[str, str] | None = None) -> None:
        """Raises AnthropicBlocked if the model may not be used now, with a chat's environment."""
        self.learn(env or {})
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
        self.learn(env or {})
        await self.renew()
        return self._why(env or {})

    async def why_at_once(self) -> str:
        """The same as it was last known: who is shown a list does not wait for a program."""
        if self._told is None:
            return await self.why()
        self._nursery.start_soon(self.renew)
        return self._why({})

    def learn(self, env: Mapping[str, str]) -> None:
        """Takes note of where a client or a chat would find Claude's program and its sign-in."""
        if path := env.get("PATH"):
            _remember(self._learned_paths, path)
        if directory := env.get("CLAUDE_CONFIG_DIR"):
            _remember(self._learned_configurations, directory)

    async def renew(self) -> None:
        """Asks again if what is known is old, or is known to have changed."""
        async with self._lock:
            self._base = await self._ask_base()
            paths = [*await self._ask_paths(), *self._learned_paths]
            programs = await trio.to_thread.run_sync(
                installed.find, "claude", self._base["HOME"], paths
            )
            own = [
                claude_cli.configuration(env) for env in (self._base, {"HOME": self._base["HOME"]})
            ]
            configurations = list(dict.fromkeys([*own, *self._learned_configurations]))
            fingerprint = await trio.to_thread.run_sync(
                claude_cli.fingerprint, programs, configurations
            )
            if trio.current_time() < self._holds_until and fingerprint == self._fingerprint:
                return
            before = self._told
            self._told, answered = await self._concluded(programs, configurations)
            holds = FRESH_SECONDS if answered else UNANSWERED_SECONDS
            self._holds_until = trio.current_time() + holds
            self._fingerprint = fingerprint
        if before is not None and bool(before) != bool(self._told):
            self.changed()

    async def _concluded(self, programs: list[str], configurations: list[str]) -> tuple[str, bool]:
        """By what there is a subscription, and whether every program has answered."""
        if not programs:
            stored = claude_cli.stored_sign_in(configurations)
            return (f"{stored} is a sign-in of Claude's" if stored else ""), True
        silent = ""
        for asked in self._to_ask(programs, configurations):
            try:
                self._answers[asked] = await self._ask(*asked)
            except claude_cli.Silent:
                silent = silent or asked[0]
            if method := self._answers.get(asked):
                return f"`claude auth status` says {method}", not silent
        if silent and any(
            asked not in self._answers for asked in self._to_ask([silent], configurations)
        ):
            return (
                f"{silent} is installed and does not answer `claude auth status`; run that to see "
                "why, or remove the program"
            ), False
        return "", not silent

    def _to_ask(self, programs: list[str], configurations: list[str]) -> list[tuple[str, str]]:
        """Each program about the first configuration, and about any other with a sign-in."""
        stored = [one for one in configurations[1:] if claude_cli.stored_sign_in([one])]
        return [(program, one) for program in programs for one in [configurations[0], *stored]]

    async def _ask(self, program: str, configuration: str) -> str:
        env = dict(self._base)
        if configuration != claude_cli.configuration(env):
            env["CLAUDE_CONFIG_DIR"] = configuration
        return await claude_cli.subscription(program, env)

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
        if self._told:
            return self._told
        if tokens := claude.tokens_in(env):
            return f"{tokens[0]} is set"
        return "Pi's auth.json has a Claude sign-in" if _is_signed_in_with_pi(env) else ""


def _remember(known: dict[str, None], one: str) -> None:
    """As the newest of a limited number."""
    known.pop(one, None)
    known[one] = None
    if len(known) > LEARNED_MOST:
        del known[next(iter(known))]


def _next_model(chat: Chat) -> str:
    """What Pi would use next; other agents are none of its business."""
    return (chat.model or chat.model_used or "") if chat.harness == PI else ""


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
