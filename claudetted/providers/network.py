"""Owns the way requests take to servers elsewhere: the proxies and certificates that a turn begun
now would go with."""

from collections.abc import Awaitable, Callable, Mapping

CERTIFICATES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NAMES = frozenset({*CERTIFICATES, *_PROXIES, *(name.lower() for name in _PROXIES)})


class Network:
    """What a client brought last lies over the environment of the user's login shell."""

    def __init__(self, base: Callable[[], Awaitable[dict[str, str]]]) -> None:
        self._base = base
        self._brought: dict[str, str] = {}
        self.changed: Callable[[], None] = lambda: None
        """Told when requests that begin now take another way than before."""

    def learn(self, env: Mapping[str, str]) -> None:
        """Takes note of what a client carries. An empty value takes a variable away."""
        brought = self._brought | {name: env[name] for name in NAMES & env.keys()}
        if brought != self._brought:
            self._brought = brought
            self.changed()

    async def environment(self) -> dict[str, str]:
        """As an agent would have it that was started now."""
        env = {**await self._base(), **self._brought}
        return {name: value for name, value in env.items() if value or name not in self._brought}
