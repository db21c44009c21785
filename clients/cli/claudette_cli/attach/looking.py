"""Owns asking the daemon what there is to begin with: agents, keys, models, local servers.

Each is asked for by itself and told as soon as it is known: a program that is slow to answer holds
up nothing else.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from claudette_cli.attach.welcome import SERVERS, Found
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import carried, network
from claudette_cli.exits import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.attach.errands import Errands

    Json = dict[str, Any]


class Looking:
    """Fills `found` and says when it did; what cannot be found out is left out."""

    def __init__(self, errands: Errands, changed: Callable[[], None]) -> None:
        self.found = Found()
        self._errands = errands
        self._changed = changed

    def look(self, harness: str) -> None:
        """From any thread, as often as there may be something else."""
        self.found.harness = harness
        self._errands.aside(self._agents)
        if harness == "pi":
            self._errands.aside(self._models)
            for backend in SERVERS:
                self._errands.aside(partial(self._server, backend))

    def _agents(self) -> None:
        with suppress(Failure), Daemon() as daemon:
            rows = daemon.call("harness/list").get("harnesses", [])
            self._set(agents=rows)
            for agent in rows:
                if agent["id"] != "pi" and not agent.get("missing"):
                    told = daemon.call("harness/test", {"name": agent["id"], "env": carried()})
                    self.found.asked[agent["id"]] = told
                    self._changed()

    def _models(self) -> None:
        with suppress(Failure), Daemon() as daemon:
            self._set(providers=daemon.call("provider/list").get("providers", []))
            self._set(models=daemon.call("model/refresh", {}))

    def _server(self, backend: str) -> None:
        with suppress(Failure), Daemon() as daemon:
            told = daemon.call("backend/test", {"backend": backend, "env": network()})
            self.found.servers[backend] = told
            self._changed()

    def _set(self, **known: object) -> None:
        for name, value in known.items():
            setattr(self.found, name, value)
        self._changed()
