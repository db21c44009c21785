"""Owns the backends as they are configured, the models found there, and where each is served."""

import difflib
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec
import trio
from msgspec.structs import replace

from claudetted.protocol import errors
from claudetted.protocol.backends import Backend, Runtime, RuntimeId, UpdateParams
from claudetted.protocol.endpoints import Endpoint
from claudetted.protocol.models import Model
from claudetted.protocol.sidecar import ModelRow
from claudetted.providers import kinds, naming
from claudetted.providers.credentials import Credentials
from claudetted.providers.exception_groups import first_of
from claudetted.providers.http import HttpFailed
from claudetted.providers.kinds import AGENTS, KINDS, Kind
from claudetted.providers.probes import Found, Look, look
from claudetted.providers.ranking import grouped
from claudetted.store import backends as rows
from claudetted.store.database import Database
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

Lacks = Callable[[str], str]
"""Why this build cannot use a runtime; empty when it can."""


class Config(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored of one backend: what the user chose, and what was found there last."""

    enabled: bool = True
    url: str = ""
    runtime: str = ""
    default_model: str = ""
    context_window: int | None = None
    models: list[str] = []
    found: list[Found] = []
    found_at: str = ""


class Backends:
    """Every backend of this build, in memory; changed only after the disk has it.

    Error handling: a row that cannot be read, or is of a backend this build does not know, is
    told in the log and left as it is.
    """

    def __init__(
        self,
        database: Database,
        credentials: Credentials,
        stored: Mapping[str, str],
        lacks: Lacks,
        now: Callable[[], str],
        environment: Callable[[], Awaitable[dict[str, str]]],
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._lacks = lacks
        self._now = now
        self._environment = environment
        """Its proxies and certificates are those that servers are asked with."""
        self._configs = {backend: _read(backend, row) for backend, row in stored.items()}

    # What is configured

    def config(self, kind: Kind) -> Config:
        return self._configs.get(kind.id) or Config()

    def kind(self, backend: str) -> Kind:
        """Raises BackendUnknown."""
        wanted = kinds.current_id(backend)
        if wanted in KINDS:
            return KINDS[wanted]
        nearest = difflib.get_close_matches(wanted, KINDS, n=3) or list(KINDS)
        message = f"There is no backend {backend}; there are: {', '.join(nearest)}."
        raise errors.BackendUnknown(message, backend=backend, nearest=nearest)

    def listed(self) -> list[Backend]:
        return [self.described(kind) for kind in KINDS.values()]

    def described(self, kind: Kind) -> Backend:
        config = self.config(kind)
        runtimes = [
            Runtime(runtime, kinds.RUNTIMES[runtime], self._lacks(runtime))
            for runtime in kind.runtimes
        ]
        return Backend(
            kind.id,
            kind.name,
            kind.about,
            self.runtime(kind),
            kinds.runtime_of(kind, "", with_pi=self.with_pi),
            runtimes,
            enabled=config.enabled,
            url=self.address(kind),
            own_url=bool(config.url),
            has_key=self._has_key(kind),
            default_model=config.default_model,
            context_window=config.context_window,
            models=len(self.offered(kind)),
            looked_at=config.found_at,
        )

    def runtime(self, kind: Kind) -> RuntimeId:
        return kinds.runtime_of(kind, self.config(kind).runtime, with_pi=self.with_pi)

    def address(self, kind: Kind) -> str:
        """Of the backend's own server, if it has one."""
        config = self.config(kind)
        if kind.borrows and not (config.url or self._has_key(kind)):
            return ""
        return config.url or kind.url

    async def update(self, params: UpdateParams) -> Kind:
        """Raises BackendUnknown, InvalidParams, KeychainUnavailable and StoreFull."""
        kind = self.kind(params.backend)
        changed = _changed(kind, self.config(kind), params, with_pi=self.with_pi)
        if params.key is not None:
            name = key_name(kind)
            key = params.key.strip()
            await (self._credentials.keep({name: key}) if key else self._credentials.drop({name}))
        await self._store(kind, changed)
        return kind

    # What is found there

    def offered(self, kind: Kind) -> list[Found]:
        """What the server told last, and what the user named."""
        config = self.config(kind)
        told = {found.name for found in config.found}
        return [*config.found, *(Found(name) for name in config.models if name not in told)]

    def find(self, kind: Kind, model: str) -> str | None:
        """The id of a model that is meant by its name, with the backend's prefix or without."""
        ids = [f"{kind.prefix}/{found.name}" for found in self.offered(kind)]
        if found := naming.meant(model, ids) or naming.meant(f"{model}:latest", ids):
            return found
        # Names of Ollama have a tag, which people leave out where it is clear.
        untagged = [known for known in ids if naming.meant(model, [known.partition(":")[0]])]
        return untagged[0] if len(untagged) == 1 else None

    def models(self) -> list[Model]:
        """All that was found, the first few of each backend first."""
        return [model for kind in KINDS.values() for model in self._models_of(kind)]

    @property
    def looked_at(self) -> str:
        """When any models were found last."""
        return max((config.found_at for config in self._configs.values()), default="")

    def _models_of(self, kind: Kind) -> list[Model]:
        config = self.config(kind)
        if not config.enabled or not self.address(kind):
            return []
        told = [
            ModelRow(
                f"{kind.prefix}/{found.name}",
                kind.prefix,
                found.name,
                self._window(kind, found.name),
                kind.name,
                found.images,
            )
            for found in self.offered(kind)
        ]
        runtime = self.runtime(kind)
        usable = not self._lacks(runtime)
        return [
            replace(model, backend=kind.id, runtime=kinds.RUNTIMES[runtime], usable=usable)
            for model in grouped(told)
        ]

    def own_models(self) -> list[Model]:
        """Of the agents that serve themselves, where they are installed."""
        own = (kind for kind in KINDS.values() if kind.own_models and self.config(kind).enabled)
        return [model for kind in own for model in self._own_models(kind)]

    def _own_models(self, kind: Kind) -> list[Model]:
        runtime = self.runtime(kind)
        if self._lacks(runtime):
            return []
        names = [*kind.own_models, *self.config(kind).models]
        rows = [
            ModelRow(f"{kind.prefix}/{name}", kind.prefix, name.title(), None, kind.name)
            for name in names
        ]
        shown = kinds.RUNTIMES[runtime]
        return [replace(model, backend=kind.id, runtime=shown) for model in grouped(rows)]

    async def look(self, kind: Kind) -> Look:
        """Asks the server and keeps what it told. Raises HttpFailed and the faults of a store."""
        address = self.address(kind)
        key = await self._credentials.value(key_name(kind))
        found = await look(kind, address, key, await self._environment())
        if self.address(kind) == address:
            changed = replace(self.config(kind), found=found.models, found_at=self._now())
            await self._store(kind, changed)
        return found

    async def refresh(self) -> str:
        """Asks every server at once; what of that a person should know. Raises StoreFull."""
        troubles: dict[str, str] = {}

        async def ask(kind: Kind) -> None:
            config = self.config(kind)
            try:
                await self.look(kind)
            except HttpFailed as failed:
                # Who never had one there does not want to hear that it is not there.
                if config.url or config.found or self._has_key(kind):
                    troubles[kind.id] = str(failed)
            except errors.KeychainUnavailable as fault:
                troubles[kind.id] = fault.message

        with first_of(errors.StoreFull):
            async with trio.open_nursery() as nursery:
                for kind in KINDS.values():
                    if self.config(kind).enabled and self.address(kind):
                        nursery.start_soon(ask, kind)
        return " ".join(troubles[backend] for backend in KINDS if backend in troubles)

    # Where a model is served

    def route(self, backend: str, model: str) -> Endpoint | None:
        """None when the agent knows the way itself. Raises HarnessMissing: nothing else is used
        instead of what was chosen."""
        if backend == AGENTS.id:
            return None
        kind = KINDS.get(backend)
        if kind is None:
            message = f"This version knows no backend {backend}; give the chat another model."
            raise errors.HarnessMissing(message, harness=backend)
        self.require(kind)
        if not model or not self.address(kind):
            return None
        name = model.removeprefix(f"{kind.prefix}/")
        if name == model:
            return None
        key = key_name(kind) if self._has_key(kind) else ""
        url = kinds.base_url(self.address(kind))
        images = next((one.images for one in self.offered(kind) if one.name == name), None)
        return Endpoint(kind.prefix, kind.name, url, name, key, self._window(kind, name), images)

    def require_runs_with(self, kind: Kind, harness: str) -> None:
        """Raises NotSupported: a chat keeps its agent, whose session holds what was said."""
        if harness not in kind.runtimes:
            names = " or ".join(kinds.RUNTIMES[runtime] for runtime in kind.runtimes)
            message = (
                f"{kind.name} runs with {names}, and the agent of this chat cannot be changed. "
                f"Begin another chat: claudette new --backend {kind.id}"
            )
            raise errors.NotSupported(message, harness=harness, capability="models")

    def require_harness(self, harness: str) -> None:
        """Raises HarnessMissing when there is no such agent here."""
        if lacking := self._lacks(harness):
            named = lacking if harness in lacking else f"{harness}: {lacking}"
            raise errors.HarnessMissing(named, harness=harness)

    def require(self, kind: Kind, harness: str = "") -> None:
        """Raises HarnessMissing when nothing here can run the backend."""
        runtime = harness or self.runtime(kind)
        if not self.config(kind).enabled:
            why = f"{kind.name} is switched off. Switch it on: {_set(kind)} --enable"
        elif runtime == kinds.PI and not self.with_pi:
            why = f"Pi is switched off. Switch it on: {_set(KINDS[kinds.PI])} --enable"
        elif runtime != kinds.PI and (lacking := self._lacks(runtime)):
            name = kinds.RUNTIMES[runtime]
            why = f"{kind.name} runs with {name}. {lacking} {self._instead(kind)}"
        else:
            return
        raise errors.HarnessMissing(why, harness=runtime)

    def _instead(self, kind: Kind) -> str:
        if kinds.PI not in kind.runtimes:
            return "For what can be used, see: claudette backend list"
        if not self.with_pi:
            return f"Pi is switched off. Switch it on: {_set(KINDS[kinds.PI])} --enable"
        return f"To use Pi: {_set(kind)} --runtime pi"

    def _window(self, kind: Kind, name: str) -> int | None:
        told = {found.name: found.window for found in self.offered(kind)}
        known = [size for size in (told.get(name), self.config(kind).context_window) if size]
        return min(known, default=None)

    def _has_key(self, kind: Kind) -> bool:
        return key_name(kind) in self._credentials.names

    @property
    def with_pi(self) -> bool:
        """Whether Pi is used at all."""
        return self.config(KINDS[kinds.PI]).enabled

    async def _store(self, kind: Kind, config: Config) -> None:
        row = msgspec.json.encode(config).decode()
        try:
            await self._database.commit(partial(rows.store, backend=kind.id, row=row))
        except StoreRefused as refusal:
            message = f"Could not write the backend to disk ({refusal}); try again."
            raise errors.StoreFull(message) from None
        self._configs[kind.id] = config


def key_name(kind: Kind) -> str:
    """Under which its key is kept and handed to sidecars: no variable of anybody's."""
    return f"CLAUDETTED_BACKEND_{kind.id.upper().replace('-', '_')}_KEY"


def _read(backend: str, row: str) -> Config:
    if backend not in KINDS:
        logger.warning("backend %s is not known to this version; its row is kept", backend)
        return Config()
    try:
        return msgspec.json.decode(row, type=Config)
    except msgspec.MsgspecError as error:
        logger.warning("backend %s has a row that cannot be read (%s)", backend, error)
        return Config()


def _set(kind: Kind) -> str:
    return f"claudette backend set {kind.id}"


def _changed(kind: Kind, config: Config, params: UpdateParams, *, with_pi: bool) -> Config:
    """What is stored once the change is made. Raises InvalidParams."""
    if not kind.server:
        _refuse_server(kind, params)
    url = config.url if params.url is None else params.url and kinds.checked_url(params.url)
    runtime = config.runtime if params.runtime is None else params.runtime
    if params.runtime and params.runtime not in kind.runtimes:
        allowed = ", ".join(kind.runtimes)
        message = f"{kind.name} cannot run with {params.runtime}; allowed: {allowed}."
        raise errors.InvalidParams(message, path="$.runtime")
    moved = url != config.url
    return Config(
        enabled=config.enabled if params.enabled is None else params.enabled,
        url=url,
        # Without Pi its name is a choice: another one is the default then.
        runtime="" if runtime == kind.runtimes[0] and with_pi else runtime,
        default_model=(
            config.default_model if params.default_model is None else params.default_model
        ),
        context_window=(
            config.context_window
            if params.context_window is None
            else params.context_window or None
        ),
        models=config.models if params.models is None else params.models,
        found=[] if moved else config.found,
        found_at="" if moved else config.found_at,
    )


def _refuse_server(kind: Kind, params: UpdateParams) -> None:
    where = "it uses the credentials of Pi's providers; see: claudette provider"
    if kinds.PI not in kind.runtimes:
        where = "its own program signs in"
    for name in ("url", "key", "models", "context_window"):
        if getattr(params, name):
            message = f"{kind.name} has no {name.replace('_', ' ')} of its own: {where}"
            raise errors.InvalidParams(message, path=f"$.{name}")


async def load_backends(
    database: Database,
    credentials: Credentials,
    lacks: Lacks,
    now: Callable[[], str],
    environment: Callable[[], Awaitable[dict[str, str]]],
) -> Backends:
    stored = await database.read(rows.load)
    return Backends(database, credentials, stored, lacks, now, environment)
