"""The sidecars that keep the contract: the scripted one, and Pi with the scripted model."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from claudette_cli.demo.scripted_model import ScriptedModel
from claudetted.protocol.endpoints import Endpoint
from tests.contract.driver import Sidecar
from tests.contract.reused import Reused
from tests.fakes import claude_code
from tests.fakes.gates import Gates
from tests.fakes.launcher import (
    acp_agent,
    write_adapter_launcher,
    write_launcher,
    write_patient_launcher,
)
from tests.fakes.model_server import ModelServer, write_pi_config
from tests.fakes.responses_model import ResponsesModel, write_codex_config
from tests.support.agents import program
from tests.support.isolation import QUICK_BUN

PI_HARNESS = Path(__file__).parents[2] / "harness/build/pi-harness/claudette-pi-harness"


class Doors(Protocol):
    """Where `@hold NAME` waits."""

    def wait_held(self, name: str, timeout: float = 60) -> None: ...

    def release(self, name: str) -> None: ...


class Kind:
    """One kind of sidecar: starts as many as a test needs and ends them all."""

    def __init__(
        self, name: str, program: Path, doors: Doors, env: dict[str, str], harness: str = "pi"
    ) -> None:
        self.name = name
        self.lacks = LACKS.get(name, set())
        self.harness = harness
        self.doors = doors
        self._program = program
        self._env = env
        self.endpoint: Endpoint | None = None
        """Where its models are, for an agent that has to be told."""
        self._running = ExitStack()

    def launch(self, place: Path) -> Sidecar:
        sidecar = Sidecar([os.fspath(self._program)], self._env, place)
        sidecar.endpoint = self.endpoint
        self._running.callback(sidecar.close)
        return sidecar

    def close(self) -> None:
        self._running.close()


LACKS = {
    "scripted": {"image_results"},
    "adapter": {"steer", "compact", "image_results"},
    "acp": {
        "image_results",  # Its scripted agent reads texts.
        "compact",  # Where the agent has a command for it: tests/daemon/test_added_agents.py.
        "groups",  # The protocol tells no process of a command; the keeper knows all by their mark.
        "models_alone",  # It tells its models with a session.
        "open_steers",  # It says that it took a message, not when the model gets it.
        "reasons",  # A refusal bears no words; they come with the next prompt.
        "retries",  # What fails and is tried again is the agent's own affair.
        "second_look",  # The agent changes the file itself.
        "tool_choice",  # It has the same tools at each level; the engine refuses.
        "window",  # It tells the window with the first usage.
    },
    "codex": {
        "early_output",  # Codex keeps the first output of a command to itself until its end.
        "file_tools",  # It reads by commands, and changes files by patches: test_codex.py.
        "groups",  # It tells no process of a command; the keeper knows all by their mark.
        "image_results",  # It reads by commands.
        "long_prompts",  # It takes a million characters.
        "model_names",  # Any name is taken; the service says what it does not know.
        "overflow",  # It compacts before the turn that follows.
        "summary_words",  # It makes a summary of anything, and takes no words about it.
        "tool_choice",  # It has the same tools at each level; the engine refuses.
        "transcript",  # Its sessions are in its own directory.
        "window",  # It tells the window with the first usage.
    },
    "claude": {
        "catalogue",  # With a server of the user's it knows no names, and with its own any.
        "early_output",  # It tells what a command printed at its end.
        "groups",  # It tells no process of a command; the keeper knows all by their mark.
        "listing",  # It lists by commands.
        "long_prompts",  # It refuses what the window cannot hold.
        "model_names",
        "overflow",  # It compacts without saying why.
        # It trims outputs, has words of its own for exit codes, and waits for what a command left
        # that goes on writing.
        "own_shell",
        "parallel_commands",  # It asks about commands one after another.
        "summary_words",  # It puts them amid its own.
        "words_of_refusals",  # It tries a refused sign-in for minutes; we stop it at the first.
    },
}
"""What kinds cannot do: tests that need it are not theirs."""

SLOW = {"pi", "claude"}
"""Kinds whose sidecars serve one test after the other. Not Codex's: in a session that had other
turns before, the calls of some tests were never made."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    foreign = {item for item in items if _is_foreign(item)}
    config.hook.pytest_deselected(items=[item for item in items if item in foreign])
    items[:] = [item for item in items if item not in foreign]
    for item in filter(_is_reused, items):
        item.add_marker(pytest.mark.xdist_group(f"reused {_kind_of(item)}"))


def _is_foreign(item: pytest.Item) -> bool:
    needs = {name for mark in item.iter_markers("needs") for name in mark.args}
    return bool(needs & LACKS.get(_kind_of(item), set()))


def _kind_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("kind", "")) if callspec else ""


def _is_reused(item: pytest.Item) -> bool:
    """Whether the sidecar of a test serves others, too."""
    shares = "sidecar" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("fresh")
    return _kind_of(item) in SLOW and shares


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Company"]:
    with ExitStack() as stack:
        yield Company(tmp_path_factory, stack)


class Company:
    """One of each kind that takes long to start, for all tests that are not marked `fresh`."""

    def __init__(self, places: pytest.TempPathFactory, stack: ExitStack) -> None:
        self._places = places
        self._stack = stack
        self._known: dict[str, tuple[Kind, Reused]] = {}

    def of(self, name: str) -> tuple[Kind, Reused]:
        if name not in self._known:
            place = self._places.mktemp(name)
            kind = self._stack.enter_context(made_kind(name, place))
            assert isinstance(kind.doors, ScriptedModel)
            self._known[name] = kind, Reused(kind.launch, place / "chat", kind.doors)
        return self._known[name]


@contextmanager
def made_kind(name: str, place: Path) -> Iterator[Kind]:
    makers = {
        "scripted": _scripted,
        "adapter": _adapter,
        "acp": _acp,
        "pi": _pi,
        "claude": claude_kind,
        "codex": codex_kind,
    }
    with ExitStack() as stack:
        made = makers[name](place, stack)
        stack.callback(made.close)
        yield made


@pytest.fixture(params=["scripted", "adapter", "acp", "pi", "claude", "codex"])
def kind(request: pytest.FixtureRequest, tmp_path: Path, company: Company) -> Iterator[Kind]:
    if _is_reused(request.node):
        yield company.of(request.param)[0]
    else:
        with made_kind(request.param, tmp_path) as made:
            yield made


def _scripted(tmp_path: Path, stack: ExitStack) -> Kind:
    gates = stack.enter_context(Gates())
    program = write_launcher(tmp_path / "harness", gates=gates.path)
    return Kind("scripted", program, gates, _environment(tmp_path))


def _adapter(tmp_path: Path, stack: ExitStack) -> Kind:
    gates = stack.enter_context(Gates())
    program = write_adapter_launcher(tmp_path / "harness", gates=gates.path)
    return Kind("adapter", program, gates, _environment(tmp_path), "claude")


def _acp(tmp_path: Path, stack: ExitStack) -> Kind:
    gates = stack.enter_context(Gates())
    agent = acp_agent(tmp_path / "agent", gates.path, steers=True)
    words = ("scripted", "-", os.fspath(agent))
    program = write_patient_launcher(tmp_path / "harness", "claudetted.harnesses.acp", *words)
    return Kind("acp", program, gates, _environment(tmp_path), "scripted")


def _pi(tmp_path: Path, stack: ExitStack) -> Kind:
    assert PI_HARNESS.exists(), "The harness is not staged: run `make harness`."
    model = stack.enter_context(ModelServer())
    write_pi_config(tmp_path / "agent", model.port)
    return Kind("pi", PI_HARNESS, model, _environment(tmp_path))


def codex_kind(tmp_path: Path, stack: ExitStack) -> Kind:
    codex = program("codex")
    model = stack.enter_context(ResponsesModel())
    write_codex_config(tmp_path / "codex", model)
    adapter = "claudetted.harnesses.codex"
    launcher = write_patient_launcher(tmp_path / "harness", adapter, os.fspath(codex))
    env = _environment(tmp_path) | {"CODEX_HOME": os.fspath(tmp_path / "codex")}
    # Below the temporary directory Codex makes no link to itself, by which its box finds it where
    # the box's program does not say in time what it can.
    (tmp_path / "temporary").mkdir()
    env["TMPDIR"] = os.fspath(tmp_path / "temporary")
    return Kind("codex", launcher, model, env, "codex")


def claude_kind(tmp_path: Path, stack: ExitStack, **env: str) -> Kind:
    """Through an address of its own, as with a backend: so any model may be asked for. `env` is
    added to its environment."""
    environment = _environment(tmp_path) | claude_code.environment(program("claude")) | env
    model = stack.enter_context(claude_code.model())
    launcher = write_patient_launcher(tmp_path / "claude", claude_code.ADAPTER)
    kind = Kind("claude", launcher, model, environment, "claude")
    kind.endpoint = Endpoint("fake", "Fake", f"{model.base_url}/v1", "small", context_window=40_000)
    return kind


def _environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {
        **QUICK_BUN,
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
def sidecar(
    request: pytest.FixtureRequest, launch: Launch, kind: Kind, company: Company
) -> Iterator[Sidecar]:
    """One that has started its session."""
    if _is_reused(request.node):
        reused = company.of(kind.name)[1]
        failures = request.session.testsfailed
        yield reused.sidecar()
        reused.take_back(failed=request.session.testsfailed > failures)
    else:
        running = launch()
        running.start()
        yield running
