"""Owns setting and clearing keys: written first, then cleared elsewhere, and told what was left."""

import difflib

from claudetted.protocol import errors, sidecar
from claudetted.protocol.providers import ListResult, Provider, SetKeyParams
from claudetted.providers import catalogue, claude
from claudetted.providers.control import Control
from claudetted.providers.credentials import Credentials

_Refusal = errors.AuthFileBroken | errors.KeychainUnavailable


class Keys:
    """Both places of a key: the agent's own file, and the private one."""

    def __init__(self, control: Control, credentials: Credentials) -> None:
        self._control = control
        self._credentials = credentials

    async def listed(self) -> ListResult:
        """Every provider as it is now."""
        told = await self._control.ask(sidecar.Providers, sidecar.ProviderList)
        return catalogue.listed(told)

    async def look(self, provider: str) -> Provider:
        """One of them. Raises ProviderUnknown."""
        rows = {row.id: row for row in (await self.listed()).providers}
        wanted = catalogue.current_id(provider)
        if wanted in rows:
            return rows[wanted]
        nearest = difflib.get_close_matches(wanted, rows, n=3)
        hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
        raise errors.ProviderUnknown(
            f"There is no provider {provider}.{hint}", provider=provider, nearest=nearest
        )

    async def store(self, params: SetKeyParams) -> list[str]:
        """Stores the key; what could not be cleared elsewhere. Raises what nothing came of."""
        provider = await self.look(params.provider)
        key = params.key.strip()
        if not key:
            raise errors.InvalidParams("The key is empty.", path="$.key")
        if claude.is_token(key):
            message = "This is a token of a Claude subscription, which stays with the Claude CLI."
            raise errors.InvalidParams(f"{message} Set an API key.", path="$.key")
        if strange := sorted(set(params.extra) - set(provider.variables)):
            known = ", ".join(provider.variables[1:]) or "nothing"
            message = f"{provider.name} takes {known} beside its key, and not {strange[0]}."
            raise errors.InvalidParams(message, path="$.extra")
        if params.private:
            return await self._set_private(provider, key, params.extra)
        return await self._set_shared(provider, key, params.extra)

    async def clear(self, provider: Provider) -> list[str]:
        """Clears both places, one of them even when the other refuses; what is left."""
        refused: dict[str, _Refusal] = {}
        try:
            await self._clear_shared(provider)
        except errors.AuthFileBroken as fault:
            refused["auth.json"] = fault
        try:
            await self._clear_private(provider)
        except errors.KeychainUnavailable as fault:
            refused["private"] = fault
        cleared = {provider.source, *provider.overrides} & {"auth.json", "private"} - set(refused)
        if refused and not cleared:
            raise next(iter(refused.values()))
        return [f"What is {place} is still there: {refused[place].message}" for place in refused]

    async def _set_shared(self, provider: Provider, key: str, extra: dict[str, str]) -> list[str]:
        await self._control.ask(lambda n: sidecar.StoreKey(n, provider.id, key, extra), type(None))
        try:
            await self._clear_private(provider)
        except errors.KeychainUnavailable as fault:
            return [f"The shared key is in use; the private one is still there: {fault.message}"]
        return []

    async def _set_private(self, provider: Provider, key: str, extra: dict[str, str]) -> list[str]:
        if not provider.variables:
            message = f"{provider.name} has no variable that a private key could stand in for."
            raise errors.InvalidParams(message, path="$.private")
        await self._credentials.keep({provider.variables[0]: key, **extra})
        try:
            await self._clear_shared(provider)
        except errors.AuthFileBroken as fault:
            return [f"The private key is stored; a shared one may still win: {fault.message}"]
        return []

    async def _clear_shared(self, provider: Provider) -> None:
        await self._control.ask(lambda n: sidecar.ClearKey(n, provider.id), sidecar.Cleared)

    async def _clear_private(self, provider: Provider) -> None:
        await self._credentials.drop(set(provider.variables))
