"""Owns which models can be used: looked up with the agent, stored, and listed without it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec
import trio
from msgspec.structs import replace

from claudetted.protocol import errors, sidecar
from claudetted.protocol.models import ListResult
from claudetted.providers import naming
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.backends import Backends
from claudetted.providers.claude import PROVIDER
from claudetted.providers.control import Control
from claudetted.providers.exception_groups import first_of
from claudetted.providers.ranking import SEEDS, grouped
from claudetted.store import models as rows
from claudetted.store.database import Database
from claudetted.store.writer import StoreRefused

ADVICE = (
    "No model can be used yet: set a key with `claudette provider set openrouter`, sign in with "
    "`claudette provider login github-copilot`, or start Ollama and look again with "
    "`claudette model --refresh`."
)
PI_IS_OFF = "Pi is switched off. Switch it on: claudette backend set pi --enable"


class Models:
    """What the last look found, kept for those who list it. Raises the faults of Control."""

    def __init__(
        self,
        database: Database,
        control: Control,
        backends: Backends,
        block: AnthropicBlock,
        now: Callable[[], str],
    ) -> None:
        self._database = database
        self._control = control
        self._backends = backends
        self._block = block
        self._now = now
        self._known: ListResult | None = None
        self.agent_has_none: bool | None = None
        """Whether the agent was asked and has not a single model; None before it was."""

    async def known(self) -> ListResult:
        """As stored, those of the backends first; the seeds when there never were any. What is
        blocked is hidden."""
        return _without_blocked(await self._all(), await self._block.why_at_once())

    async def _all(self) -> ListResult:
        told = await self._listed()
        own = self._backends.own_models()
        return replace(told, models=[*told.models, *own])

    async def _listed(self) -> ListResult:
        """Without those of agents that serve themselves."""
        told = await self._of_agent()
        found = self._backends.models()
        if found or told.models:
            taken = {model.id for model in told.models}
            others = [model for model in found if model.id not in taken]
            at = told.refreshed_at or self._backends.looked_at
            return replace(told, models=[*others, *told.models], refreshed_at=at)
        if not self._backends.with_pi:
            return replace(told, models=[], advice=PI_IS_OFF)
        seeds = [replace(model, usable=False, primary=True) for model in SEEDS]
        return replace(told, models=seeds, advice=ADVICE)

    async def recall(self) -> None:
        """Has what is stored in memory, for `takes_images`."""
        await self._of_agent()

    def takes_images(self, model: str, backend: str) -> bool | None:
        """Whether a model does, by its id; None when nobody knows. Answers from memory."""
        told = self._known.models if self._known else []
        same = [one for one in [*told, *self._backends.models()] if one.id == model]
        same.sort(key=lambda one: one.backend != backend)
        return same[0].images if same else None

    async def of_agent(self) -> list[str]:
        """The ids that the agent knows by itself and may use; none while Pi is switched off."""
        blocked = await self._block.why_at_once()
        return [model.id for model in _without_blocked(await self._of_agent(), blocked).models]

    async def resolve(self, name: str, *, look_again: bool = False) -> str:
        """The id of the agent's model that a name means. Raises ModelUnknown with the nearest
        names, those of the backends' models among them; AnthropicBlocked for one that is hidden.

        With `look_again`, for an agent that is going to be asked: what is not found is looked for
        once more, and a whole name is left to the agent, whose chat may have a key of its own.
        While no models are known at all, a name is taken as it is.
        """
        ids = await self.of_agent()
        found = naming.meant(name, ids)
        if found is None:
            await self._block.check(name)
        if found is None and ids and look_again:
            # Who cannot look now knows what was known.
            with suppress(errors.HarnessMissing, errors.HarnessFailed, errors.StoreFull):
                await self.refresh()
            ids = await self.of_agent()
            found = naming.meant(name, ids)
        if found:
            return found
        whole = "/" in naming.bare(name)
        if (look_again and whole) or not (ids or self._backends.models()):
            return naming.bare(name)
        usable = [model.id for model in (await self.known()).models if model.usable]
        nearest = naming.nearest(name, usable)
        hint = f"Nearest: {', '.join(nearest)}." if nearest else "See: claudette model"
        message = f"No configured provider has a model {name}. {hint}"
        raise errors.ModelUnknown(message, model=name, nearest=nearest)

    async def refresh(self) -> ListResult:
        """Looks again. Finding nothing changes nothing that is stored. Raises StoreFull, too.

        The agent takes the time it needs; a server that is slow is told about and not waited for.
        """
        troubles: list[str] = []

        async def ask_servers() -> None:
            troubles.append(await self._backends.refresh())

        with first_of(errors.Fault):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask_servers)
                if self._backends.with_pi:
                    troubles.insert(0, await self._ask_agent())
        found, blocked = await self._all(), await self._block.why()
        trouble = " ".join(filter(None, troubles))
        return _without_blocked(replace(found, trouble=trouble), blocked)

    async def asked_agent(self) -> None:
        """Has `agent_has_none` known, where it can be."""
        if self.agent_has_none is None:
            with suppress(errors.HarnessMissing, errors.HarnessFailed, errors.StoreFull):
                await self._ask_agent()

    async def _of_agent(self) -> ListResult:
        if self._known is None:
            stored = await self._database.read(rows.load)
            self._known = msgspec.json.decode(stored, type=ListResult) if stored else ListResult()
        return self._known if self._backends.with_pi else ListResult()

    async def _ask_agent(self) -> str:
        await self._of_agent()
        told = await self._control.ask(sidecar.Models, sidecar.ModelList)
        self.agent_has_none = not told.models and not told.trouble
        if told.models:
            found = ListResult(grouped(told.models), refreshed_at=self._now())
            await self._store(found)
            self._known = found
        return told.trouble

    async def _store(self, found: ListResult) -> None:
        encoded = msgspec.json.encode(found).decode()
        try:
            await self._database.commit(partial(rows.store, found=encoded))
        except StoreRefused as refusal:
            message = f"Could not write the list of models to disk ({refusal}); try again."
            raise errors.StoreFull(message) from None


def _without_blocked(found: ListResult, why: str) -> ListResult:
    """Why some are missing is told when they could be used."""
    shown = [model for model in found.models if model.provider != PROVIDER]
    if not why or len(shown) == len(found.models):
        return found
    usable = any(model.usable for model in found.models if model.provider == PROVIDER)
    trouble = f"{found.trouble} {why}".strip() if usable else found.trouble
    return replace(found, models=shown, trouble=trouble)
