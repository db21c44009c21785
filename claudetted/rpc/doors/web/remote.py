"""Owns whether the door for other machines is open: its configuration on the disk, its listeners,
and what is told of it."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec
import trio

from claudetted.protocol import errors_remote
from claudetted.protocol.remote import EnableParams, Remote
from claudetted.rpc.doors.activation import PassedSockets
from claudetted.rpc.doors.web import listening
from claudetted.rpc.doors.web.listening import Listening
from claudetted.rpc.doors.web.origins import is_loopback
from claudetted.rpc.doors.web.pairing import Pairing
from claudetted.rpc.doors.web.push_keys import PushKeys
from claudetted.store import devices as rows
from claudetted.store.database import Database
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
"""An address may come later than the daemon, such as that of a private network."""

Serve = Callable[[Listening], Awaitable[None]]


class RemoteDoor:
    """Opened and closed by requests; `run` accepts through it."""

    def __init__(
        self,
        database: Database,
        pairing: Pairing,
        public_origins: Callable[[], Sequence[str]],
        config: EnableParams | None,
        passed: PassedSockets,
    ) -> None:
        self.pairing = pairing
        self.public_origins = public_origins
        self.push_keys = PushKeys()
        self._database = database
        self._config = config
        self._passed = passed
        self._listening: Listening | None = None
        self._fault = ""
        self._changing = trio.Lock()
        self._accepting = trio.CancelScope()
        self._stopped = trio.Event()
        self._resumed = trio.Event()

    # Requests

    async def enable(self, config: EnableParams) -> Remote:
        """Open when it returns. Raises InvalidParams, RemoteRefused, CannotListen, StoreRefused;
        then what was open before still is."""
        listening.check(config)
        # What was begun is ended, also when whoever asked is gone.
        with trio.CancelScope(shield=True):
            async with self._changing:
                await self._reopen(config)
        return self._shown(config)

    async def _reopen(self, config: EnableParams) -> None:
        before = self._config
        await self._stop()
        try:
            fresh = await listening.bind(config, self._passed)
        except errors_remote.CannotListen:
            self._resume(before)
            raise
        try:
            await self._store(config)
        except StoreRefused:
            await fresh.close()
            self._resume(before)
            raise
        self._resume(config, fresh)

    async def disable(self) -> None:
        """Raises StoreRefused; it is closed all the same, until the daemon starts again."""
        with trio.CancelScope(shield=True):
            async with self._changing:
                await self._stop()
                self._passed.close()
                self._resume(None)
                self.pairing.close()
                await self._store(None)

    def shown(self) -> Remote | None:
        return self._shown(self._config) if self._config else None

    def link_to(self, chat_id: str) -> str:
        """The page of a chat; empty while the door is disabled."""
        origin = self.origin()
        return f"{origin}/#/chat/{chat_id}" if origin else ""

    def origin(self) -> str:
        """Where the page is; empty while the door is disabled."""
        return self._shown(self._config).url if self._config else ""

    def _shown(self, config: EnableParams) -> Remote:
        place = self._listening.place if self._listening else None
        address, port = listening.parse(config.listen)
        scheme = "https" if config.certificate else "http"
        own = place.origin() if place else f"{scheme}://{config.listen}"
        public = self.public_origins()
        return Remote(
            f"{config.listen.rpartition(':')[0]}:{place.port if place else port}",
            public[0] if public else own,
            tls=bool(config.certificate),
            insecure=not (config.certificate or is_loopback(address)),
            fault=self._fault,
            wrong_attempts=self.pairing.wrong,
        )

    async def _store(self, config: EnableParams | None) -> None:
        encoded = msgspec.json.encode(config) if config else None
        await self._database.commit(partial(rows.put_door, config=encoded))

    async def _stop(self) -> None:
        """Returns when nothing listens."""
        self._stopped = trio.Event()
        self._resumed = trio.Event()
        self._accepting.cancel()
        await self._stopped.wait()

    def _resume(self, config: EnableParams | None, fresh: Listening | None = None) -> None:
        self._config, self._listening, self._fault = config, fresh, ""
        self._accepting = trio.CancelScope()
        self._resumed.set()

    # Accepting

    async def begin(self) -> None:
        """Listens, where it is enabled; what keeps it from that is told, and tried again later."""
        if self._config:
            self._listening = await self._bound(self._config)

    async def run(self, serve: Serve) -> None:
        """Accepts while it is enabled, until cancelled; closes the listeners."""
        while True:
            try:
                with self._accepting:
                    await self._accept(serve)
            finally:
                self._stopped.set()
            await self._resumed.wait()

    async def _accept(self, serve: Serve) -> None:
        if self._config is None:
            await trio.sleep_forever()
        bound = self._listening = self._listening or await self._bind(self._config)
        try:
            logger.info("browsers and other machines find us at %s", bound.place.origin())
            await serve(bound)
        finally:
            self._listening = None
            with trio.CancelScope(shield=True):
                await bound.close()

    async def _bind(self, config: EnableParams) -> Listening:
        """As often as it takes."""
        while True:
            if fresh := await self._bound(config):
                return fresh
            await trio.sleep(RETRY_SECONDS)

    async def _bound(self, config: EnableParams) -> Listening | None:
        try:
            fresh = await listening.bind(config, self._passed)
        except errors_remote.CannotListen as fault:
            self._fault = fault.message
            logger.warning("%s It is tried again.", fault.message)
            return None
        self._fault = ""
        return fresh


async def load_door(
    database: Database,
    pairing: Pairing,
    public_origins: Callable[[], Sequence[str]],
    passed: PassedSockets,
) -> RemoteDoor:
    stored = await database.read(rows.load_door)
    config = msgspec.json.decode(stored, type=EnableParams) if stored else None
    return RemoteDoor(database, pairing, public_origins, config, passed)
