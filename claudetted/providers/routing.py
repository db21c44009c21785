"""Owns which backend and model are meant by what a person named, or by their defaults."""

from collections.abc import Callable
from typing import NamedTuple

from claudetted.protocol import errors
from claudetted.protocol.chats import Chat
from claudetted.protocol.endpoints import Endpoint
from claudetted.providers import claude, kinds, naming
from claudetted.providers.backends import Backends
from claudetted.providers.http import HttpFailed, any_listens
from claudetted.providers.kinds import AGENTS, KINDS, LOCAL, OWN, PI, Kind
from claudetted.providers.models import Models

Setting = Callable[[str, str], str]
"""(key, workspace) -> what the user chose, or nothing."""


class Choice(NamedTuple):
    """Which agent, with which backend, and the whole id of a model: without one the agent has a
    default of its own."""

    harness: str
    backend: str
    model: str


class Routing:
    """The entry that every choice of a model goes through, and every way to where it is served."""

    def __init__(self, backends: Backends, models: Models, setting: Setting) -> None:
        self._backends = backends
        self._models = models
        self._setting = setting

    def route(self, chat: Chat) -> Endpoint | None:
        """Where the chat's model is served, unless its agent knows. Raises HarnessMissing."""
        return self._backends.route(chat.backend, chat.model or "")

    def takes_images(self, chat: Chat) -> bool | None:
        """Whether the chat's model does; None when nobody knows."""
        return self._models.takes_images(chat.model or chat.model_used, chat.backend)

    async def with_nearest(self, fault: errors.Fault) -> errors.Fault:
        """A refusal of an agent, which knows its own models alone, with the nearest of all."""
        local = [model.id for model in self._backends.models() if model.usable]
        if not isinstance(fault.data, errors.ModelUnknown.Details) or not local:
            return fault
        model, told = fault.data.model, fault.data.nearest
        near = [*naming.nearest(model, [*told, *local]), *told]
        nearest = list(dict.fromkeys(near))[: naming.NEAREST]
        sentence = fault.message.partition(" Nearest: ")[0]
        text = f"{sentence} Nearest: {', '.join(nearest)}." if nearest else sentence
        return errors.ModelUnknown(text, model=model, nearest=nearest)

    def runs(self, harness: str, backend: str, model: str) -> str:
        """Which agent is meant, as far as names alone tell it. Raises BackendUnknown."""
        if harness:
            return harness
        if kind := self._serving_itself(model):
            return self._backends.runtime(kind)
        chosen = backend or self._setting("default_agent_backend", "")
        return self._backends.runtime(self._backends.kind(chosen)) if chosen else PI

    async def choose(
        self,
        model: str = "",
        backend: str = "",
        *,
        harness: str = "",
        current: str = "",
        workspace: str = "",
        look_again: bool = True,
    ) -> Choice:
        """What is meant: nothing at all means the defaults. `current` is the backend that the
        chat has, `harness` the agent that is wanted. Raises BackendUnknown, HarnessMissing,
        ModelUnknown and NotSupported; never takes another.

        The agent's models are looked up again for an unknown name with `look_again`.
        """
        if harness and harness != PI:
            kind = self._kind_for(harness, backend or current)
            return Choice(harness, *await self._within(kind, model, look_again, harness))
        found = await self._meant(model, backend, current, workspace, look_again)
        kind = KINDS[found[0]]
        if harness:
            self._backends.require_runs_with(kind, harness)
        return Choice(harness or self._backends.runtime(kind), *found)

    def _kind_for(self, harness: str, backend: str) -> Kind:
        """The backend that was named, else the agent's own. Whether an agent of the user's is
        there, is told by the PATH of the chat."""
        if backend in ("", AGENTS.id) and harness not in OWN:
            return AGENTS
        self._backends.require_harness(harness)
        kind = self._backends.kind(backend or OWN[harness])
        self._backends.require_runs_with(kind, harness)
        return kind

    async def _meant(
        self, model: str, backend: str, current: str, workspace: str, look_again: bool
    ) -> tuple[str, str]:
        if backend:
            kind = self._backends.kind(backend)
            model = model or await self._default_of(kind, workspace)
            return await self._within(kind, model, look_again)
        if model:
            preferred = current or self._setting("default_agent_backend", "")
            return await self._infer(model, preferred, look_again)
        return await self._default(workspace)

    async def default_of_now(self, workspace: str) -> Choice:
        """What a chat that chose nothing begins with. A default that cannot be had is named all the
        same: its agent says why, and takes no other. Raises HarnessMissing, AnthropicBlocked and
        StoreFull."""
        try:
            choice = await self.choose(workspace=workspace)
        except (errors.ModelUnknown, errors.BackendUnknown):
            return Choice(PI, PI, self._setting("default_model", workspace))
        return await self._local() or choice if choice == Choice(PI, PI, "") else choice

    async def _local(self) -> Choice | None:
        """Of a server on this machine or that the user has named its own default model, else the
        first, where Pi has none of its own at all."""
        if await self._models.of_agent():
            return None
        servers = self._servers_for_pi()
        if await self._may_serve(servers):
            await self._models.asked_agent()
        if not self._models.agent_has_none or await self._models.of_agent():
            return None
        if not any(map(self._backends.offered, servers)):
            # Nobody may have looked, or one was started since.
            await self._backends.refresh()
        for kind in servers:
            own = self._backends.config(kind).default_model
            # One that cannot be had is named all the same: another was not chosen.
            model = self._match(kind, own) or (own and kinds.qualified(kind.prefix, own))
            if model:
                return Choice(PI, kind.id, model)
        return None

    def _servers_for_pi(self) -> list[Kind]:
        """Those of this machine first."""
        local = [KINDS[name] for name in LOCAL]
        named = [kind for kind in KINDS.values() if kind not in local and self._is_named(kind)]
        runtime = self._backends.runtime
        return [kind for kind in local + named if self._is_open(kind) and runtime(kind) == PI]

    async def _may_serve(self, servers: list[Kind]) -> bool:
        """Whether any is worth asking Pi about its own models. No server is asked anything, and
        none of another machine is connected to: Pi may have models."""
        if any(self._is_named(kind) or self._backends.offered(kind) for kind in servers):
            return True
        return await any_listens(map(self._backends.address, servers))

    def _is_named(self, kind: Kind) -> bool:
        config = self._backends.config(kind)
        return bool(kind.server and (config.url or config.default_model))

    async def _default(self, workspace: str) -> tuple[str, str]:
        model = self._setting("default_model", workspace)
        backend = self._setting("default_agent_backend", "")
        if not backend:
            return await self._infer(model, PI) if model else await self._within(KINDS[PI], "")
        kind = self._backends.kind(backend)
        return await self._within(kind, await self._default_in(kind, workspace))

    async def _default_in(self, kind: Kind, workspace: str) -> str:
        """The user's default model if it is one of this backend. Pi's stays one when it cannot
        be had: that is refused, and no other model taken."""
        model = self._setting("default_model", workspace)
        if not model or await self._has(kind, model):
            return model
        named = self._named(model)
        return model if kind.id == PI and (named is None or named is kind) else ""

    async def _default_of(self, kind: Kind, workspace: str) -> str:
        """Of Pi, when Pi is asked for: the user's default if it is one, else the first."""
        own = self._backends.config(kind).default_model
        if own or kind.id != PI:
            return own
        model = await self._default_in(kind, workspace)
        return model or next(iter(await self._models.of_agent()), "")

    async def _infer(self, model: str, preferred: str, look_again: bool = False) -> tuple[str, str]:
        """The preferred backend if it has the model, then Pi, then the first other that has it."""
        head, _, rest = model.strip().partition("/")
        if serving := self._serving_itself(model):
            return await self._within(serving, model)
        named = self._named(model)
        if named and named.id == PI:
            return await self._within(named, rest, look_again)
        for backend in dict.fromkeys([preferred, PI]):
            kind = KINDS.get(backend)
            if kind and await self._has(kind, model):
                return await self._within(kind, model)
        if named:
            return await self._within(named, model if named.prefix == head.lower() else rest)
        for kind in KINDS.values():
            if self._is_open(kind) and self._backends.find(kind, model):
                return await self._within(kind, model)
        return await self._within(KINDS[PI], model, look_again)

    def _serving_itself(self, model: str) -> Kind | None:
        """The backend of an agent whose own model the name means."""
        head, slash, _ = model.strip().lower().partition("/")
        own = (kind for kind in KINDS.values() if kind.own_models and kind.prefix == head)
        return next(own, None) if slash else None

    def _named(self, model: str) -> Kind | None:
        """The backend that a whole id begins with; where Pi cannot run, its provider is meant."""
        head, slash, _ = model.strip().partition("/")
        named = KINDS.get(kinds.current_id(head)) if slash else None
        return named if named and PI in named.runtimes else None

    def _is_open(self, kind: Kind) -> bool:
        return self._backends.config(kind).enabled and bool(self._backends.address(kind))

    async def _has(self, kind: Kind, model: str) -> bool:
        if kind.own_models:
            return claude.is_anthropic(model)
        if self._backends.address(kind):
            return self._backends.find(kind, model) is not None
        wanted = kinds.qualified(kind.borrows, model) if kind.borrows else model
        return naming.meant(wanted, await self._models.of_agent()) is not None

    async def _within(
        self, kind: Kind, model: str, look_again: bool = False, harness: str = ""
    ) -> tuple[str, str]:
        if kind is AGENTS:
            return kind.id, model
        self._backends.require(kind, harness)
        model = model or self._backends.config(kind).default_model
        if self._backends.address(kind):
            return kind.id, await self._served(kind, model)
        if kind.own_models:
            # Its program knows which there are, and which of them the user may have.
            return kind.id, kinds.qualified(kind.prefix, model) if model else ""
        if kind.borrows and (harness or self._backends.runtime(kind)) == PI:
            return kind.id, await self._borrowed(kind, model)
        if kind.server:
            message = f"{kind.name} has no address yet: claudette backend set {kind.id} --url URL"
            raise errors.ModelUnknown(message, model=model)
        if model and not kind.borrows:
            model = await self._models.resolve(model, look_again=look_again)
        # Of an agent that signs in by itself: its program knows which there are.
        return kind.id, model

    async def _served(self, kind: Kind, model: str) -> str:
        """Of the backend's own server; it is asked again before it is said to lack a model."""
        trouble = ""
        if self._match(kind, model) is None:
            try:
                await self._backends.look(kind)
            except (HttpFailed, errors.KeychainUnavailable) as failed:
                trouble = str(failed)
        if found := self._match(kind, model):
            return found
        names = [found.name for found in self._backends.offered(kind)]
        raise self._unknown(f"{kind.name} has no model", model, kind.prefix, names, trouble)

    def _match(self, kind: Kind, model: str) -> str | None:
        if model:
            return self._backends.find(kind, model)
        offered = self._backends.offered(kind)
        return f"{kind.prefix}/{offered[0].name}" if offered else None

    async def _borrowed(self, kind: Kind, model: str) -> str:
        """One of the agent's own models of the provider that the backend stands for."""
        own = f"{kind.borrows}/"
        known = [one for one in await self._models.of_agent() if one.startswith(own)]
        suiting = (one for one in known if kind.suits in one)
        wanted = kinds.qualified(kind.borrows, model) if model else next(suiting, "")
        if known and not wanted:
            raise _needs_a_model(kind, known)
        if found := naming.meant(wanted, known) or (not known and wanted):
            return found
        names = [one.removeprefix(own) for one in known]
        trouble = "" if known else f"Give Pi a credential: claudette provider set {kind.borrows}"
        message = f"Pi's provider {kind.borrows} has no model"
        raise self._unknown(message, model, kind.borrows, names, trouble)

    def _unknown(
        self, message: str, model: str, prefix: str, names: list[str], trouble: str
    ) -> errors.ModelUnknown:
        bare = model.removeprefix(f"{prefix}/")
        nearest = naming.nearest(f"{prefix}/{bare}", [f"{prefix}/{name}" for name in names])
        hint = f"Nearest: {', '.join(nearest)}." if nearest else ""
        sentence = f"{message} {bare}." if model else f"{message} yet."
        text = " ".join(filter(None, [sentence, hint, trouble]))
        return errors.ModelUnknown(text, model=model, nearest=nearest)


def _needs_a_model(kind: Kind, known: list[str]) -> errors.ModelUnknown:
    """For a backend that no model suits by its name."""
    message = (
        f"{kind.name} needs the name of a model: none of Pi's provider {kind.borrows} has "
        f"{kind.suits} in its name. Choose one: claudette backend set {kind.id} --model {known[0]}"
    )
    return errors.ModelUnknown(message, model="", nearest=known[:5])
