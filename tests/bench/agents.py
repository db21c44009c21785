"""Owns the agents that are measured: each with a scripted model, and how it is run alone."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from claudetted.protocol import sidecar as sc
from tests.contract.driver import Sidecar
from tests.fakes import claude_code, opencode
from tests.fakes.launcher import write_acp_launcher, write_codex_launcher
from tests.fakes.model_server import ModelServer
from tests.fakes.responses_model import ResponsesModel, write_codex_config
from tests.support.agents import PROGRAMS

WORD = "hello"
ASKED = f"@text {WORD}"


@dataclass
class Agent:
    """One that is installed, in a place of its own."""

    launcher: Path
    env: dict[str, str]
    place: Path
    once: list[str]
    """Its own command that answers one message."""

    @contextmanager
    def answering(self, place: Path) -> Iterator[tuple[Sidecar, float]]:
        """In its first turn, with the seconds from the start of the adapter to the first word."""
        began = time.perf_counter()
        sidecar = Sidecar([os.fspath(self.launcher)], self.env, place)
        try:
            sidecar.start(model="")
            sidecar.prompt(ASKED)
            sidecar.next(sc.ItemDelta)
            yield sidecar, time.perf_counter() - began
        finally:
            sidecar.close()

    def first_word_by_itself(self) -> float:
        """Those of the vendor's own command, which prints the word as soon as it has it."""
        began = time.perf_counter()
        with subprocess.Popen(
            [*self.once, ASKED],
            env=self.env,
            cwd=self.place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as running:
            assert running.stdout
            said = b""
            while WORD.encode() not in said:
                piece = os.read(running.stdout.fileno(), 65536)
                assert piece, f"{self.once[0]} ended without an answer: {said!r}"
                said += piece
            took = time.perf_counter() - began
            running.kill()
        return took


Make = Callable[[Path, Path, ExitStack], Agent]


def installed(stack: ExitStack, root: Path) -> Iterator[tuple[str, Agent]]:
    """Of `make agents`."""
    makers: dict[str, Make] = {"codex": _codex, "claude": _claude, "opencode": _opencode}
    for name, make in makers.items():
        program = PROGRAMS / name
        if not os.access(program, os.X_OK):
            sys.stderr.write(f"{name} is not installed, see make agents\n")
            continue
        place = root / name
        (place / "home").mkdir(parents=True)
        yield name, make(place, program, stack)


def _codex(place: Path, program: Path, stack: ExitStack) -> Agent:
    write_codex_config(place / "codex", stack.enter_context(ResponsesModel()))
    env = _environment(place) | {"CODEX_HOME": os.fspath(place / "codex")}
    launcher = write_codex_launcher(place / "harness", program)
    once = [os.fspath(program), "exec", "--skip-git-repo-check"]
    return Agent(launcher, env, place, once)


def _claude(place: Path, program: Path, stack: ExitStack) -> Agent:
    model = stack.enter_context(claude_code.model())
    env = _environment(place) | claude_code.environment(program, model.base_url)
    env |= {"ANTHROPIC_MODEL": "small"}
    launcher = claude_code.write_launcher(place / "harness")
    streamed = ["--output-format", "stream-json", "--include-partial-messages", "--verbose"]
    return Agent(launcher, env, place, [os.fspath(program), "-p", *streamed])


def _opencode(place: Path, program: Path, stack: ExitStack) -> Agent:
    opencode.write_config(place / "home", stack.enter_context(ModelServer()))
    words = [os.fspath(program), "acp"]
    launcher = write_acp_launcher(place / "harness", "opencode", "opencode", *words)
    env = opencode.environment(place / "home")
    return Agent(launcher, env, place, [os.fspath(program), "run"])


def _environment(place: Path) -> dict[str, str]:
    return {"HOME": os.fspath(place / "home"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
