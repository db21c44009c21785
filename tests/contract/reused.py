"""Owns sidecars that serve one test after the other: their start takes longer than a test.

What a test has left is ended and removed. The agent remembers what was said to it; a test to which
that matters is marked `fresh`.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from claudette_cli.demo.scripted_model import ScriptedModel
from tests.contract.driver import Sidecar

KEPT = ("session", "tmp")
"""What a place has that is the sidecar's own."""


class Reused:
    """A sidecar of one kind, started when it is needed. `place` is emptied for each test."""

    def __init__(
        self, launch: Callable[[Path], Sidecar], place: Path, model: ScriptedModel
    ) -> None:
        self._launch = launch
        self._place = place
        self._model = model
        self._sidecar: Sidecar | None = None

    def sidecar(self) -> Sidecar:
        """One that has started its session, and has said nothing of which the test knows."""
        if self._sidecar is None:
            self._sidecar = self._launch(self._place)
            self._sidecar.start()
        self._sidecar.forget()
        return self._sidecar

    def take_back(self, failed: bool) -> None:
        """From a test."""
        if self._sidecar and (failed or not self._sidecar.at_rest()):
            self._sidecar.close()
            self._sidecar = None
        _empty(self._place)
        _close_gates(self._model)


def _empty(place: Path) -> None:
    """The workspace stays, because it is the current directory of processes."""
    workspace = place / "work"
    for path in (*workspace.iterdir(), *place.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path != workspace and path.name not in KEPT:
                shutil.rmtree(path)
        else:
            path.unlink()


def _close_gates(model: ScriptedModel) -> None:
    """They hold again, and nobody has come to them."""
    for gate in model._log.gates.values():
        gate.close()
    for known in (model._log.gates, model._log.held, model._log.attempts):
        known.clear()
