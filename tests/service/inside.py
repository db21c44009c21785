"""Owns what is tried inside the machine, as its user; each line of the record is one trial."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.gates import Gates
from tests.fakes.launcher import write_launcher

DAEMON, KEEPER = "claudetted.service", "claudetted-keeper.service"
DOOR = "claudetted-remote.socket"
UNITS = Path.home() / ".config/systemd/user"
SOCKET = Path(os.environ["XDG_RUNTIME_DIR"]) / "claudetted/claudetted.sock"
WORK = Path.home() / "work"
PATIENCE = 60.0


def claudette(*words: str, typed: str = "") -> str:
    done = subprocess.run(
        ["claudette", *words], cwd=WORK, capture_output=True, text=True, input=typed
    )
    assert done.returncode == 0, done
    return done.stdout


def of_unit(unit: str, name: str) -> str:
    words = ["systemctl", "--user", "show", unit, f"--property={name}", "--value"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask_socket() -> Any:
    """As a client that knows nothing of starting daemons."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(PATIENCE)
        peer.connect(str(SOCKET))
        peer.sendall(b'{"jsonrpc":"2.0","id":1,"method":"daemon/status"}\n')
        return json.loads(peer.makefile("rb").readline())["result"]


def installs(gates: Gates) -> None:
    claudette("ls")
    before = json.loads(claudette("status", "--json"))["pid"]
    told = json.loads(claudette("service", "install", "--json"))
    assert told["running"] and told["enabled"] and not told["drift"], told
    assert told["pid"] != before and told["linger"] is True
    assert told["keeper"] == "active"
    assert of_unit(DAEMON, "StatusText") == "0 agents, 0 clients"


def is_started_by_its_socket(gates: Gates) -> None:
    claudette("shutdown")
    until(lambda: of_unit(DAEMON, "ActiveState") == "inactive")
    assert ask_socket()["pid"] == int(of_unit(DAEMON, "MainPID"))


def is_started_by_the_first_command(gates: Gates) -> None:
    claudette("shutdown")
    until(lambda: of_unit(DAEMON, "ActiveState") == "inactive")
    assert json.loads(claudette("rpc", "daemon/status"))["pid"] == int(of_unit(DAEMON, "MainPID"))


def listens_for_browsers(gates: Gates) -> None:
    """Also while the daemon does not run; until that is disabled."""
    said = claudette("remote", "enable", "--listen", "127.0.0.1:7499")
    assert "claudette service install" in said
    (drift,) = json.loads(claudette("service", "status", "--json"))["drift"]
    assert drift == f"{DOOR} is missing"
    claudette("service", "install")
    assert json.loads(claudette("service", "status", "--json"))["drift"] == []
    assert b"HTTP/1.1 200" in ask_door()
    claudette("shutdown")
    until(lambda: of_unit(DAEMON, "ActiveState") == "inactive")
    assert b"HTTP/1.1 200" in ask_door()
    assert of_unit(DOOR, "ActiveState") == "active"
    claudette("remote", "disable")
    assert json.loads(claudette("service", "status", "--json"))["drift"] == []
    try:
        ask_door()
    except ConnectionRefusedError:
        return
    raise AssertionError("it still listens")


def ask_door() -> bytes:
    """The first bytes of what a browser is answered."""
    with socket.create_connection(("127.0.0.1", 7499), PATIENCE) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:7499\r\n\r\n")
        return peer.recv(100)


def restarts_in_mid_turn(gates: Gates) -> None:
    chat = claudette("new", ".").strip()
    claudette("send", chat, "-", "--no-wait", typed="@hold door @text survived")
    gates.wait_held("door")
    keeper, daemon = of_unit(KEEPER, "MainPID"), of_unit(DAEMON, "MainPID")
    claudette("service", "restart")
    assert of_unit(KEEPER, "MainPID") == keeper
    assert of_unit(DAEMON, "MainPID") != daemon
    gates.release("door")
    claudette("wait", chat)
    assert "survived" in claudette("history", chat)


def comes_back_after_kill_9(gates: Gates) -> None:
    keeper, daemon = of_unit(KEEPER, "MainPID"), int(of_unit(DAEMON, "MainPID"))
    os.kill(daemon, signal.SIGKILL)
    until(lambda: of_unit(DAEMON, "MainPID") not in ("0", str(daemon)))
    assert of_unit(KEEPER, "MainPID") == keeper
    until(lambda: of_unit(DAEMON, "ActiveState") == "active")
    assert "survived" in claudette("history")


def tells_of_drift(gates: Gates) -> None:
    added = UNITS / f"{DAEMON}.d"
    added.mkdir()
    (added / "fast.conf").write_text("[Service]\nWatchdogSec=2\n")
    unit = UNITS / DAEMON
    unit.write_text(unit.read_text().replace("ExecStart=", "ExecStart=/bin/env "))
    subprocess.run(["systemctl", "--user", "daemon-reload"], check=True)
    told = json.loads(claudette("service", "status", "--json"))["drift"]
    assert [word for word in ("/bin/env", "fast.conf") if word not in " ".join(told)] == []
    claudette("service", "install")
    (left,) = json.loads(claudette("service", "status", "--json"))["drift"]
    assert "fast.conf" in left


def ends_a_daemon_that_hangs(gates: Gates) -> None:
    hung = int(of_unit(DAEMON, "MainPID"))
    os.kill(hung, signal.SIGSTOP)
    until(lambda: of_unit(DAEMON, "MainPID") not in ("0", str(hung)))
    until(lambda: of_unit(DAEMON, "ActiveState") == "active")
    assert "survived" in claudette("history")


def is_uninstalled(gates: Gates) -> None:
    (UNITS / f"{DAEMON}.d/fast.conf").unlink()
    (UNITS / f"{DAEMON}.d").rmdir()
    claudette("service", "uninstall", "--agents")
    assert [one.name for one in UNITS.iterdir()] == []
    words = ["pgrep", "-u", str(os.getuid()), "-fa", "claudetted"]
    assert subprocess.run(words, capture_output=True, text=True).stdout == ""
    assert "survived" in claudette("history")
    claudette("shutdown", "--agents")


TRIALS = (
    installs,
    is_started_by_its_socket,
    is_started_by_the_first_command,
    listens_for_browsers,
    restarts_in_mid_turn,
    comes_back_after_kill_9,
    tells_of_drift,
    ends_a_daemon_that_hangs,
    is_uninstalled,
)


def main() -> int:
    WORK.mkdir()
    with Gates() as gates:
        harness = write_launcher(Path.home() / "harness", gates=gates.path)
        setting = f"CLAUDETTE_PI_HARNESS={harness}"
        subprocess.run(["systemctl", "--user", "set-environment", setting], check=True)
        os.environ["CLAUDETTE_PI_HARNESS"] = str(harness)
        for trial in TRIALS:
            began = time.monotonic()
            trial(gates)
            name = trial.__name__.replace("_", " ")
            sys.stdout.write(f"the service {name}: {time.monotonic() - began:.1f} s\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
