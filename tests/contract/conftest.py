"""The sidecars that keep the contract: the scripted one, and Pi with the scripted model."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.contract.driver import Sidecar
from tests.fakes.gates import Gates
from tests.fakes.launcher import write_launcher
from tests.fakes.model_server import ModelServer, write_pi_config

PI_HARNESS = Path(__file__).parents[2] / "harness/build/pi-harness/claudette-pi-harness"


class Doors(Protocol):
    """Where `@hold NAME` waits."""

    def wait_held(self, name: str, timeout: float = 60) -> None: ...

    def release(self, name: str) -> None: ...


class Kind:
    """One kind of sidecar: starts as many as a test needs and ends them all."""

    def __init__(self, name: str, program: Path, doors: Doors, env: dict[str, str]) -> None:
        self.name = name
        self.doors = doors
        self._program = program
        self._env = env
        self._running = ExitStack()

    def launch(self, place: Path) -> Sidecar:
        sidecar = Sidecar([os.fspath(self._program)], self._env, place)
        self._running.callback(sidecar.close)
        return sidecar

    def close(self) -> None:
        self._running.close()


@pytest.fixture(params=["scripted", "pi"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    make = {"scripted": _scripted, "pi": _pi}[request.param]
    with ExitStack() as stack:
        made = make(tmp_path, stack)
        stack.callback(made.close)
        yield made


def _scripted(tmp_path: Path, stack: ExitStack) -> Kind:
    gates = stack.enter_context(Gates())
    program = write_launcher(tmp_path / "harness", gates=gates.path)
    return Kind("scripted", program, gates, _environment(tmp_path))


def _pi(tmp_path: Path, stack: ExitStack) -> Kind:
    assert PI_HARNESS.exists(), "The harness is not staged: run `make harness`."
    model = stack.enter_context(ModelServer())
    write_pi_config(tmp_path / "agent", model.port)
    return Kind("pi", PI_HARNESS, model, _environment(tmp_path))


def _environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {
        "HOME": os.fspath(tmp_path / "home"),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PI_CODING_AGENT_DIR": os.fspath(tmp_path / "agent"),
    }


Launch = Callable[[], Sidecar]


@pytest.fixture
def launch(kind: Kind, tmp_path: Path) -> Launch:
    """Starts a sidecar in the test's one place: the next one finds what the last one left."""
    return lambda: kind.launch(tmp_path / "chat")


@pytest.fixture
def sidecar(launch: Launch) -> Sidecar:
    """One that has started its session."""
    running = launch()
    running.start()
    return running
