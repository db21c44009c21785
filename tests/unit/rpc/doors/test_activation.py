"""The socket that a service manager passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, socket, sys
from pathlib import Path
from claudetted.rpc.doors import activation

path, wanted, whose = sys.argv[1:]
first = socket.socket(socket.AF_UNIX)
first.bind(path)
first.listen()
os.dup2(first.fileno(), 3)
environ = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()) if whose == "ours" else "1"}
found = activation.inherited(environ, Path(wanted)).unix
print(found and found.listener.socket.getsockname(), environ)
"""

OF_TCP = """
import os, socket
from pathlib import Path
import trio
from claudetted.rpc.doors import activation

first = socket.create_server(("127.0.0.1", 0))
port = first.getsockname()[1]
number = first.detach()
if number != 3:
    os.dup2(number, 3)
    os.close(number)
environ = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
passed = activation.inherited(environ, Path("/s")).remote
assert not os.get_inheritable(3)
assert passed.listener_at("127.0.0.1", port + 1) is None
assert passed.listener_at("127.0.0.2", port) is None
for wanted in (port, 0):
    trio.run(passed.listener_at("127.0.0.1", wanted).aclose)
socket.create_connection(("127.0.0.1", port)).close()
passed.close()
assert passed.listener_at("127.0.0.1", port) is None
try:
    socket.create_connection(("127.0.0.1", port))
except ConnectionRefusedError:
    print("closed")
"""


def test_a_socket_of_tcp_is_listened_at_again_and_again_until_it_is_closed() -> None:
    done = subprocess.run([sys.executable, "-c", OF_TCP], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("closed\n", "")


@pytest.mark.parametrize(
    ("wanted", "whose", "said"),
    [("s", "ours", "{path}/s {{}}"), ("other", "ours", "None {{}}"), ("s", "another", "None {{}}")],
)
def test_only_a_socket_at_our_place_and_for_us_is_taken(
    tmp_path: Path, wanted: str, whose: str, said: str
) -> None:
    """In a process of its own: the descriptor's number is fixed."""
    arguments = [str(tmp_path / "s"), str(tmp_path / wanted), whose]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=True,
    )
    assert done.stdout.strip() == said.format(path=tmp_path)
