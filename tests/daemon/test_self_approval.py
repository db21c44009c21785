"""Ways by which a command could approve its own future, each played four times: by the user, by a
program of an agent outside of every box, in the box of the level full, and in that of confined.

What asks before it runs is in `tests/unit/permissions/test_escapes.py`; what becomes of programs
that the daemon itself runs, in `test_agents_only_watch.py`.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from claudetted.protocol import places
from claudetted.sidecar.capture import marked
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.test_box import asks, boxing
from tests.daemon.world import Chat, Daemon, Home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the mark is Linux's")

CONNECT = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
ADD = """
import json, socket, sys
with socket.socket(socket.AF_UNIX) as door:
    door.connect(sys.argv[1])
    door.sendall(sys.argv[2].encode() + b"\\n")
    sys.exit("result" not in json.loads(door.makefile().readline()))
"""
SEIZE = "import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0))"
RULE = {"jsonrpc": "2.0", "id": 1, "method": "rule/add", "params": {"text": "allow mytool"}}

MARKED = ("a request", "a request with libraries and a PATH of its own", "claudette")
"""What nobody who has the mark can do, with a box or without."""
LEFT_TO_FULL = (
    "a program on the user's PATH",
    "a profile",
    "Pi's configuration",
    "the virtual environment",
)
"""What the box of the level full leaves open, which keeps nothing else from a command."""


@pytest.fixture(autouse=True)
def environment(home: Home, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The virtual environment that the daemon would run in."""
    own = home.root / "venv"
    (own / "bin").mkdir(parents=True)
    monkeypatch.setattr("claudetted.daemon.run._program_dir", lambda: os.path.realpath(own))
    for directory in (".local/bin", ".pi/agent"):
        (home.root / "home" / directory).mkdir(parents=True)
    return own


@pytest.fixture(autouse=True, params=["bubblewrap", "Landlock"])
def box(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the daemon confines commands by."""
    if request.param == "Landlock":
        monkeypatch.setattr("claudetted.sidecar.box.probe._bubblewraps", lambda _path: ())
    return str(request.param)


@pytest.fixture
def bystander() -> Iterator[int]:
    """A process of the user's, which no agent has started."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.kill()


def python(code: str, *words: object) -> str:
    return shlex.join([sys.executable, "-I", "-S", "-c", code, *map(str, words)])


def ways(daemon: Daemon, bystander: int, environment: Path) -> dict[str, str]:
    """A command for each, which does no harm where it succeeds."""
    data, database = shlex.quote(str(places.data_dir())), places.database_path()
    request = python(ADD, daemon.socket, json.dumps(RULE))
    library = next(Path("/").glob("lib*/**/libm.so.6"), Path("libm.so.6"))
    cli = shlex.join([sys.executable, "-m", "claudette_cli", "rules", "add", "allow", "mytool"])
    return {
        "a request": request,
        "a request with libraries and a PATH of its own": (
            f"LD_PRELOAD={library} PATH=/evil:$PATH env {request}"
        ),
        "claudette": cli,
        "the daemon's socket": python(CONNECT, daemon.socket),
        "the keeper's socket": python(CONNECT, places.keeper_socket_path()),
        "the database": f"head -c 1 {shlex.quote(str(database))}",
        "the database by a link": f"head -c 1 /proc/self/root{database}",
        "the settings": f": >> {shlex.quote(str(database))}",
        "the staged harness": f"mkdir {data}/harness.$$",
        "the configuration": f"mkdir {shlex.quote(str(places.config_dir()))}/new.$$",
        "another process's environment": f"head -c 1 /proc/{bystander}/environ",
        "ptrace": python(SEIZE, bystander),
        "a program on the user's PATH": "cp /bin/true ~/.local/bin/claude",
        "a profile": "echo 'claudette approve' >> ~/.profile",
        "Pi's configuration": 'echo \'{"apiKey": "!claudette approve"}\' > ~/.pi/agent/models.json',
        "the virtual environment": f"cp /bin/true {shlex.quote(str(environment))}/bin/claudette",
    }


EACH = 'for line; do (sh -c "$line") >/dev/null 2>&1 && echo yes || echo no; done'


async def succeed(home: Home, lines: dict[str, str], before: list[str]) -> set[str]:
    """Which of the commands do what they are for."""
    done = await trio.run_process(
        [*before, "/bin/sh", "-c", EACH, "each", *lines.values()],
        cwd=home.work,
        stdin=subprocess.DEVNULL,
        capture_stdout=True,
    )
    outcomes = done.stdout.decode().split()
    return {way for way, outcome in zip(lines, outcomes, strict=True) if outcome == "yes"}


async def wrapper(chat: Chat, puppets: Puppets, home: Home) -> list[str]:
    """The words that start the chat's commands in their box."""
    puppet = await boxing(chat, puppets)
    await asks(puppet, "a", "make", str(home.work))
    return list((await puppet.hears("decide"))["wrapper"])


async def test_what_holds_each_way(
    daemon: Daemon,
    new_chat: NewChat,
    puppets: Puppets,
    home: Home,
    environment: Path,
    bystander: int,
    box: str,
) -> None:
    status = await (await daemon.client()).call("daemon/status")
    assert status["box"].startswith(box)
    places.config_dir().mkdir(parents=True, exist_ok=True)
    lines = ways(daemon, bystander, environment)
    full, confined = [
        await wrapper(await new_chat(level=level), puppets, home) for level in ("full", "confined")
    ]
    an_agents = marked(["env"], os.environ)
    assert await succeed(home, lines, []) == set(lines)
    assert await succeed(home, lines, an_agents) == set(lines) - set(MARKED)
    assert await succeed(home, lines, [*an_agents, *full]) == set(LEFT_TO_FULL)
    assert await succeed(home, lines, [*an_agents, *confined]) == set()
