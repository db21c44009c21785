"""Owns the bridge's connection to the daemon, across the daemon's restarts."""

from __future__ import annotations

import time

from claudette_cli.exits import NO_DAEMON, Disconnected, Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from claudette_cli.acp.asking import Ask, Steps
    from claudette_cli.client.connection import Connection

    Json = dict[str, Any]

PATIENCE = 15.0
"""Seconds for which a request waits for a new daemon after the old one was shut down."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class Link:
    """Connects when something is asked first. `told` gets each notification of the daemon,
    `connected` gives the steps to take before anything else on a new connection."""

    def __init__(
        self, greeting: Json, told: Callable[[Json], None], connected: Callable[[], Iterable[Steps]]
    ) -> None:
        self.greeting = greeting
        """The parameters of `daemon/hello`; they may change until the first connection."""
        self._told = told
        self._connected = connected
        self._connection: Connection | None = None
        self._waiting: dict[int, tuple[Ask, Steps]] = {}
        self._unsent: list[tuple[Ask, Steps]] = []
        self._lost_at: float | None = None
        self._pause = _FIRST_PAUSE

    @property
    def connection(self) -> Connection | None:
        """To wait on; None while there is none."""
        return self._connection

    @property
    def timeout(self) -> float | None:
        """Seconds until `look_again` has something to do."""
        return None if self._lost_at is None else self._pause

    @property
    def busy(self) -> bool:
        """Whether answers are waited for that do not depend on an agent."""
        asked = [*self._waiting.values(), *self._unsent]
        return any(not ask.patient for ask, _ in asked)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def begin(self, steps: Steps) -> None:
        """Runs them to their first question, and on from there as answers come."""
        self._resume(steps, lambda: next(steps))

    def read(self) -> None:
        """Takes what the daemon has sent."""
        connection = self._connection
        assert connection is not None
        try:
            frames = connection.frames()
        except Disconnected:
            self._lose()
            return
        for frame in frames:
            if "method" not in frame:
                self._answered(frame)
            elif frame["method"] == "lagging":
                self._lose()
            else:
                self._told(frame)
            if self._connection is not connection:
                return

    def look_again(self) -> None:
        """After `timeout`: whether there is a daemon again. One that crashed is started again, one
        that was shut down is waited for."""
        from claudette_cli.client import finding
        from claudette_cli.client.daemon import connect

        if self._lost_at is None:
            return
        try:
            found = connect() if finding.crashed() else finding.running()
            if found is not None:
                self._adopt(found)
                return
        except (Failure, Disconnected):
            pass  # what goes on failing is told below, in the words of whoever waits
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if time.monotonic() - self._lost_at > PATIENCE:
            self._give_up(
                Failure("The daemon was shut down; the next message starts it again.", NO_DAEMON)
            )

    def _resume(self, steps: Steps, go_on: Callable[[], Ask]) -> None:
        try:
            ask = go_on()
        except StopIteration:
            return
        self._post(ask, steps)

    def _post(self, ask: Ask, steps: Steps) -> None:
        if self._connection is None:
            self._unsent.append((ask, steps))
            self._connect_for(ask)
            return
        try:
            self._waiting[self._connection.post(ask.method, ask.params)] = (ask, steps)
        except Disconnected:
            self._unsent.append((ask, steps))
            self._lose()
        except Failure as failure:
            # It cannot be sent at all, such as text that is no UTF-8.
            refusal = failure
            self._resume(steps, lambda: steps.throw(refusal))

    def _connect_for(self, ask: Ask) -> None:
        """A new question starts a daemon; what waits patiently does not."""
        # Loaded late: an editor is answered first, and needs no daemon for that.
        from claudette_cli.client.daemon import connect

        if ask.patient:
            return
        try:
            self._adopt(connect())
        except Disconnected:
            self._lose()
        except Failure as failure:
            self._give_up(failure)

    def _adopt(self, connection: Connection) -> None:
        """Greets, and asks again what was not answered. Raises Disconnected and Failure."""
        try:
            connection.request("daemon/hello", self.greeting)
        except BaseException:
            connection.close()
            raise
        self._connection, self._lost_at, self._pause = connection, None, _FIRST_PAUSE
        unsent, self._unsent = self._unsent, []
        for steps in self._connected():
            self.begin(steps)
        for ask, steps in unsent:
            self._post(ask, steps)

    def _lose(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._lost_at = self._lost_at or time.monotonic()
        waiting, self._waiting = list(self._waiting.values()), {}
        self._unsent = [asked for asked in waiting if not asked[0].once] + self._unsent
        for ask, steps in waiting:
            if ask.once:
                self._fail(steps, Failure(f"The daemon went away during {ask.method}.", NO_DAEMON))

    def _give_up(self, failure: Failure) -> None:
        """Fails whatever is not patient."""
        failing = [asked for asked in self._unsent if not asked[0].patient]
        self._unsent = [asked for asked in self._unsent if asked[0].patient]
        for _, steps in failing:
            self._fail(steps, failure)

    def _fail(self, steps: Steps, failure: Failure) -> None:
        self._resume(steps, lambda: steps.throw(failure))

    def _answered(self, frame: Json) -> None:
        asked = self._waiting.pop(frame["id"], None) if isinstance(frame["id"], int) else None
        if asked is None:
            return
        ask, steps = asked
        if "error" not in frame:
            self._resume(steps, lambda: steps.send(frame["result"]))
            return
        refused = Refused(frame["error"])
        if refused.name == "ShuttingDown":
            # The daemon after it will answer.
            self._unsent.append((ask, steps))
        else:
            self._fail(steps, refused)
