"""Owns the sign-ins that run: they go on without the client that began them."""

from collections.abc import Awaitable, Callable

import trio
from msgspec.structs import replace

from claudetted.protocol import errors, sidecar as sc
from claudetted.protocol.logins import Login
from claudetted.protocol.providers import Provider
from claudetted.providers.control import Control

KEPT = 20
"""So many sign-ins are remembered."""


class Logins:
    """Each has a task in the daemon's nursery, so that a client may leave and another go on."""

    def __init__(
        self,
        control: Control,
        new_id: Callable[[], str],
        nursery: trio.Nursery,
        changed: Callable[[], Awaitable[None]],
        tell: Callable[[Login], None],
    ) -> None:
        self._control = control
        self._new_id = new_id
        self._nursery = nursery
        self._changed = changed
        """Told when a credential is new."""
        self._tell = tell
        """Told each step."""
        self._all: dict[str, Login] = {}
        self._news = trio.lowlevel.ParkingLot()
        control.on_login = self._hear

    @property
    def all(self) -> list[Login]:
        return list(self._all.values())

    def start(self, provider: Provider) -> Login:
        """Raises InvalidParams when there is nothing but keys."""
        if "oauth" not in provider.ways:
            message = f"{provider.name} takes a key: claudette provider set {provider.id}"
            raise errors.InvalidParams(message, path="$.provider")
        login = Login(self._new_id(), provider.id)
        self._all[login.id] = login
        self._tell(login)
        for old in list(self._all)[:-KEPT]:
            if self._all[old].state != "running":
                del self._all[old]
        self._nursery.start_soon(self._run, login)
        return login

    async def wait(self, login_id: str, after: int) -> Login:
        """The sign-in when it is past a step, or over. Raises LoginNotFound."""
        while (login := self._find(login_id)).step <= after and login.state == "running":
            await self._news.park()
        return login

    async def answer(self, login_id: str, value: str) -> Login:
        login = self._find(login_id)
        if not login.asks:
            raise errors.InvalidParams("The sign-in has no open question.", path="$.value")
        self._change(_unasked(login))
        await self._control.ask(lambda n: sc.LoginAnswer(n, login_id, value), type(None))
        return self._find(login_id)

    async def cancel(self, login_id: str) -> Login:
        login = self._find(login_id)
        if login.state == "running":
            await self._control.ask(lambda n: sc.LoginCancel(n, login_id), type(None))
        return await self.wait(login_id, login.step)

    async def _run(self, login: Login) -> None:
        try:
            await self._control.ask(
                lambda n: sc.LoginStart(n, login.id, login.provider), type(None)
            )
        except errors.Fault as fault:
            self._end(login.id, "failed", fault.message)
            return
        try:
            await self._changed()
        except errors.Fault as fault:
            self._end(login.id, "done", f"The models were not looked up: {fault.message}")
        else:
            self._end(login.id, "done", "")

    def _end(self, login_id: str, state: str, message: str) -> None:
        login = Login(login_id, self._all[login_id].provider, step=self._all[login_id].step)
        self._change(replace(login, state=state, message=message))

    def _hear(self, line: sc.LoginEvent) -> None:
        login = self._all.get(line.login)
        if login is None or login.state != "running":
            return
        self._change(_after(login, line))

    def _change(self, login: Login) -> None:
        self._all[login.id] = replace(login, step=login.step + 1)
        self._tell(self._all[login.id])
        self._news.unpark_all()

    def _find(self, login_id: str) -> Login:
        if login_id in self._all:
            return self._all[login_id]
        message = f"There is no sign-in {login_id}: it ended with its daemon. Start it again."
        raise errors.LoginNotFound(message, login_id=login_id)


def _after(login: Login, line: sc.LoginEvent) -> Login:
    """A question stays on the table, whatever else is told, until it is answered or withdrawn."""
    if line.kind == "withdrawn":
        return _unasked(login)
    if line.kind in ("prompt", "select"):
        asks = "text" if line.kind == "prompt" else "choice"
        options = replace(login, placeholder=line.placeholder, options=line.options)
        return replace(options, asks=asks, message=line.message)
    if line.kind != "progress":
        login = replace(login, url=line.url, code=line.code)
    return login if login.asks else replace(login, message=line.message)


def _unasked(login: Login) -> Login:
    return replace(login, asks="", placeholder="", options=[], message="")
