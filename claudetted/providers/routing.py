"""Owns which backend and model are meant by what a person named, or by their defaults."""

from collections.abc import Callable
from typing import NamedTuple

from claudetted.protocol import errors
from claudetted.protocol.endpoints import Endpoint
from claudetted.providers import kinds, naming
from claudetted.providers.backends import Backends
from claudetted.providers.http import HttpFailed
from claudetted.providers.kinds import KINDS, Kind
from claudetted.providers.models import Models

Setting = Callable[[str, str], str]
"""(key, workspace) -> what the user chose, or nothing."""


class Choice(NamedTuple):
    """A backend, and the whole id of a model: without one the agent has a default of its own."""

    backend: str
    model: str


class Routing:
    """The entry that every choice of a model goes through, and every way to where it is served."""

    def __init__(self, backends: Backends, models: Models, setting: Setting) -> None:
        self._backends = backends
        self._models = models
        self._setting = setting

    def route(self, backend: str, model: str) -> Endpoint | None:
        """Where the model is served, unless the agent knows. Raises HarnessMissing."""
        return self._backends.route(backend, model)

    async def choose(
        self,
        model: str = "",
        backend: str = "",
        *,
        current: str = "",
        workspace: str = "",
        look_again: bool = True,
    ) -> Choice:
        """What is meant: nothing at all means the defaults. `current` is the backend that the
        chat has. Raises BackendUnknown, HarnessMissing and ModelUnknown; never takes another.

        The agent's models are looked up again for an unknown name with `look_again`.
        """
        if backend:
            kind = self._backends.kind(backend)
            model = model or await self._default_of(kind, workspace)
            return await self._within(kind, model, look_again)
        if model:
            preferred = current or self._setting("default_agent_backend", "")
            return await self._infer(model, preferred, look_again)
        return await self._default(workspace)

    async def _default(self, workspace: str) -> Choice:
        model = self._setting("default_model", workspace)
        backend = self._setting("default_agent_backend", "")
        if not backend:
            return await self._infer(model, "pi") if model else await self._within(KINDS["pi"], "")
        kind = self._backends.kind(backend)
        return await self._within(kind, await self._default_in(kind, workspace))

    async def _default_in(self, kind: Kind, workspace: str) -> str:
        """The user's default model if it is one of this backend. Pi's stays one when it cannot
        be had: that is refused, and no other model taken."""
        model = self._setting("default_model", workspace)
        if not model or await self._has(kind, model):
            return model
        named = self._named(model)
        return model if kind.id == "pi" and (named is None or named is kind) else ""

    async def _default_of(self, kind: Kind, workspace: str) -> str:
        """Of Pi, when Pi is asked for: the user's default if it is one, else the first."""
        own = self._backends.config(kind).default_model
        if own or kind.id != "pi":
            return own
        model = await self._default_in(kind, workspace)
        return model or next(iter(await self._models.of_agent()), "")

    async def _infer(self, model: str, preferred: str, look_again: bool = False) -> Choice:
        """The preferred backend if it has the model, then Pi, then the first other that has it."""
        head, _, rest = model.strip().partition("/")
        named = self._named(model)
        if named and named.id == "pi":
            return await self._within(named, rest, look_again)
        for backend in dict.fromkeys([preferred, "pi"]):
            kind = KINDS.get(backend)
            if kind and await self._has(kind, model):
                return await self._within(kind, model)
        if named:
            return await self._within(named, model if named.prefix == head.lower() else rest)
        for kind in KINDS.values():
            if self._is_open(kind) and self._backends.find(kind, model):
                return await self._within(kind, model)
        return await self._within(KINDS["pi"], model, look_again)

    def _named(self, model: str) -> Kind | None:
        """The backend that a whole id begins with; where Pi cannot run, its provider is meant."""
        head, slash, _ = model.strip().partition("/")
        named = KINDS.get(kinds.current_id(head)) if slash else None
        return named if named and "pi" in named.runtimes else None

    def _is_open(self, kind: Kind) -> bool:
        return self._backends.config(kind).enabled and bool(self._backends.address(kind))

    async def _has(self, kind: Kind, model: str) -> bool:
        if self._backends.address(kind):
            return self._backends.find(kind, model) is not None
        wanted = kinds.qualified(kind.borrows, model) if kind.borrows else model
        return naming.meant(wanted, await self._models.of_agent()) is not None

    async def _within(self, kind: Kind, model: str, look_again: bool = False) -> Choice:
        self._backends.require(kind)
        model = model or self._backends.config(kind).default_model
        if self._backends.address(kind):
            return Choice(kind.id, await self._served(kind, model))
        if kind.borrows:
            return Choice(kind.id, await self._borrowed(kind, model))
        if kind.server:
            message = f"{kind.name} has no address yet: claudette backend set {kind.id} --url URL"
            raise errors.ModelUnknown(message, model=model)
        if model:
            model = await self._models.resolve(model, look_again=look_again)
        return Choice(kind.id, model)

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
        wanted = kinds.qualified(kind.borrows, model) if model else next(iter(known), "")
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
