"""Owns the rows of a real Pi that answers in many tiny deltas, beside that Pi without us."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from claudetted.harnesses.pi import launch as pi
from claudetted.protocol.base import ChatId
from tests.bench.client import Client, Json
from tests.bench.processes import cpu
from tests.bench.table import Measure, Row, interleaved
from tests.bench.world import CHECKOUT, running
from tests.fakes.model_server import LARGE, write_pi_config

DELTAS = 20_000
QUICK = 500
MODEL = f"fake/{LARGE.name}"


def rows(quick: bool) -> Iterator[Row]:
    with (
        model_server() as agent,
        running(pi.STAGED, PI_CODING_AGENT_DIR=str(agent)) as world,
        world.client() as client,
        PiAlone(agent) as alone,
    ):
        deltas = QUICK if quick else DELTAS
        made: Json = client.call("chat/create", cwd=str(world.work), model=MODEL)["chat"]
        snapshot = client.call("event/subscribe", chatId=made["id"])["snapshot"]
        pids = {
            "pi": snapshot["sidecar"]["pid"],
            "daemon": world.daemon.pid,
            "keeper": client.call("daemon/status")["keeperPid"],
        }
        cases: dict[str, Measure] = {
            "chain": partial(_through_the_chain, client, made["id"], pids, deltas),
            "alone": partial(alone.answer, deltas),
        }
        interleaved(1, cases)  # warms up what compiles while it runs
        found = interleaved(1 if quick else 7, cases)
    yield from _compared(deltas, found["chain"], found["alone"])


def _compared(deltas: int, chain: dict[str, float], alone: dict[str, float]) -> Iterator[Row]:
    each = {name: seconds * 1e6 / deltas for name, seconds in chain.items()}
    ours = each["daemon"] + each["keeper"]
    yield Row(
        "Pi's deltas: CPU of daemon + keeper beside Pi's",
        f"{each['daemon']:.1f} + {each['keeper']:.1f} us",
        f"{each['pi']:.1f} us",
        ours / each["pi"],
        0.2,
    )
    yield Row(
        "Pi's deltas: CPU of the whole chain beside Pi alone",
        f"{ours + each['pi']:.1f} us",
        f"{alone['pi'] * 1e6 / deltas:.1f} us",
        (ours + each["pi"]) * deltas / 1e6 / alone["pi"],
    )
    yield Row(
        "Pi's deltas: wall, prompt to end, beside Pi alone",
        f"{chain['wall']:.3f} s",
        f"{alone['wall']:.3f} s",
        chain["wall"] / alone["wall"],
        1.03,
    )


def _through_the_chain(
    client: Client, chat: str, pids: dict[str, int], deltas: int
) -> dict[str, float]:
    before = {name: cpu(pid) for name, pid in pids.items()}
    began = time.perf_counter()
    client.call("turn/send", chatId=chat, text=f"@many {deltas}")
    ended = client.event("turn/ended")["turn"]
    took = time.perf_counter() - began
    assert ended["reason"] == "done", ended
    return {name: cpu(pid) - before[name] for name, pid in pids.items()} | {"wall": took}


class PiAlone:
    """The sidecar as the keeper starts it, on pipes of our own."""

    def __init__(self, agent: Path) -> None:
        self._agent = agent
        self._turns = 0

    def __enter__(self) -> "PiAlone":
        environment = {**os.environ, "PI_CODING_AGENT_DIR": str(self._agent)}
        launch = pi.launch(ChatId("alone"), environment, {})
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            launch.argv, env=launch.env, bufsize=0, stdin=pipe, stdout=pipe
        )
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        places = {name: str(self._agent / f"alone-{name}") for name in ("work", "sessions", "tmp")}
        for place in places.values():
            os.mkdir(place)
        self._send("start", chat="alone", cwd=places["work"], sessionDir=places["sessions"],
                   tempDir=places["tmp"], model=MODEL)  # fmt: skip
        # It asks for the keys that the daemon would hand over before it begins.
        self._read_to(b'"type":"credentials.wanted"')
        self._send("credentials")
        self._read_to(b'"type":"reply"')

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def answer(self, deltas: int) -> dict[str, float]:
        """Seconds of processor time and of wall time that one answer takes."""
        self._turns += 1
        before, began = cpu(self._process.pid), time.perf_counter()
        self._send("prompt", turn=f"t{self._turns}", text=f"@many {deltas}")
        self._read_to(b'"type":"turn.end"')
        took = time.perf_counter() - began
        return {"pi": cpu(self._process.pid) - before, "wall": took}

    def _send(self, what: str, **fields: object) -> None:
        assert self._process.stdin
        line = {"type": what, **fields}
        if what != "credentials":
            line["id"] = self._turns + 1
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    def _read_to(self, word: bytes) -> None:
        assert self._process.stdout
        end = b""
        while word not in end or not end.endswith(b"\n"):
            data = os.read(self._process.stdout.fileno(), 1 << 16)
            if not data:
                raise EOFError("Pi ended.")
            end = (end + data)[-4096:]


@contextmanager
def model_server() -> Iterator[Path]:
    """A model in a process of its own, and the configuration of a Pi that asks it."""
    argv = [sys.executable, "-m", "tests.fakes.model_server"]
    with (
        tempfile.TemporaryDirectory(prefix="cb-", ignore_cleanup_errors=True) as directory,
        subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=CHECKOUT) as server,
    ):
        assert server.stdout
        agent = Path(directory, "agent")
        write_pi_config(agent, json.loads(server.stdout.readline())["port"])
        try:
            yield agent
        finally:
            server.terminate()
