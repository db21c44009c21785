"""One daemon with scripted agents, one Chromium, for every test of the page."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from claudette_cli.client.connection import Connection
from tests.daemon.client import PATIENCE
from tests.daemon.world import Home, made_home
from tests.support.daemon import RunningDaemon
from tests.support.ports import own_port

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NODE = shutil.which("node")


class Browser:
    """Chromium, driven by `driver.mjs`. `run` executes JavaScript there: `kept`, `args`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, code: str, **args: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"code": code, "args": args}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def on(self, name: str, code: str, **args: Any) -> Any:
        """Executes JavaScript with `page`, the page of that name."""
        return self.run(f"const page = kept.pages[args.name]; {code}", name=name, **args)

    def faults(self) -> list[str]:
        """What pages complained of since this was asked last."""
        return list(self.run("return kept.faults.splice(0)"))


class Stage:
    """The daemon, and a client of the user's on its Unix socket."""

    def __init__(self, home: Home, daemon: RunningDaemon) -> None:
        self.home = home
        self.daemon = daemon
        self.client = Connection(str(daemon.socket), "test")
        self.url = ""

    def call(self, method: str, **params: Any) -> Any:
        return self.client.request(method, params)

    def link(self, right: str = "configure", **params: Any) -> str:
        return str(self.call("device/pair", right=right, **params)["url"])

    def chat(self, title: str, **params: Any) -> str:
        made = self.call("chat/create", cwd=str(self.home.work), title=title, **params)
        return str(made["chat"]["id"])

    def restart(self) -> None:
        """Kills the daemon under everybody, and starts another."""
        self.client.close()
        self.daemon.kill9()
        self.daemon.start()
        self.client = Connection(str(self.daemon.socket), "test")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None or NODE is None:
        pytest.skip("chromium or node is not installed")
    if not (HERE / "node_modules/playwright-core").exists():
        pytest.skip("playwright-core is not installed: make set-up-dev does it")
    with subprocess.Popen(
        [NODE, str(HERE / "driver.mjs"), CHROMIUM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Browser(process)
        assert process.stdin
        process.stdin.close()
        process.wait(PATIENCE)


@pytest.fixture
def no_faults(browser: Browser) -> Iterator[None]:
    """Nothing breaks a policy, asks another host or raises, whatever a test does."""
    browser.faults()
    yield
    assert browser.faults() == []


@pytest.fixture(scope="module")
def stage(browser: Browser) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="c-") as place:
        root = Path(place)
        with made_home(root, patch) as home:
            output = root / "daemon.txt"
            with RunningDaemon(output, **os.environ) as daemon, own_port() as port:
                made = Stage(home, daemon)
                opened = made.call("remote/enable", listen=f"127.0.0.1:{port}")
                made.url = opened["remote"]["url"]
                yield made
                made.client.close()
