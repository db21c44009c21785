"""Owns which models can be used: looked up with the agent, stored, and listed without it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import msgspec
from msgspec.structs import replace

from claudetted.protocol import errors, sidecar
from claudetted.protocol.models import ListResult
from claudetted.providers import naming
from claudetted.providers.control import Control
from claudetted.providers.ranking import SEEDS, grouped
from claudetted.store import models as rows
from claudetted.store.database import Database
from claudetted.store.writer import StoreRefused

ADVICE = (
    "No model can be used yet: set a key with `claudette provider set openrouter`, sign in with "
    "`claudette provider login github-copilot`, or describe a local server in Pi's models.json."
)


class Models:
    """What the last look found, kept for those who list it. Raises the faults of Control."""

    def __init__(self, database: Database, control: Control, now: Callable[[], str]) -> None:
        self._database = database
        self._control = control
        self._now = now
        self._known: ListResult | None = None

    async def known(self) -> ListResult:
        """As stored; the seeds when nothing ever was."""
        if self._known is None:
            stored = await self._database.read(rows.load)
            found = msgspec.json.decode(stored, type=ListResult) if stored else ListResult()
            self._known = found
        if self._known.models:
            return self._known
        seeds = [replace(model, usable=False, primary=True) for model in SEEDS]
        return replace(self._known, models=seeds, advice=ADVICE)

    async def refresh(self) -> ListResult:
        """Looks again. Finding nothing changes nothing that is stored. Raises StoreFull, too."""
        await self.known()
        told = await self._control.ask(sidecar.Models, sidecar.ModelList)
        if told.models:
            found = ListResult(grouped(told.models), refreshed_at=self._now())
            await self._store(found)
            self._known = found
        return replace(await self.known(), trouble=told.trouble)

    async def resolve(self, name: str, *, look_again: bool = False) -> str:
        """The id of the model that a name means. Raises ModelUnknown with the nearest names.

        While no models are known at all, the agent decides about the name. What is not found is
        looked for once more with `look_again`: it may be new.
        """
        ids = await self._usable()
        found = naming.meant(name, ids)
        if found is None and ids and look_again:
            # Who cannot look now knows what was known.
            with suppress(errors.HarnessMissing, errors.HarnessFailed, errors.StoreFull):
                await self.refresh()
            ids = await self._usable()
            found = naming.meant(name, ids)
        if found or not ids:
            return found or naming.bare(name)
        nearest = naming.nearest(name, ids)
        hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
        message = f"No configured provider has a model {name}.{hint}"
        raise errors.ModelUnknown(message, model=name, nearest=nearest)

    async def _usable(self) -> list[str]:
        return [model.id for model in (await self.known()).models if model.usable]

    async def _store(self, found: ListResult) -> None:
        encoded = msgspec.json.encode(found).decode()
        try:
            await self._database.commit(partial(rows.store, found=encoded))
        except StoreRefused as refusal:
            message = f"The disk did not take the list of models ({refusal}); try again."
            raise errors.StoreFull(message) from None
