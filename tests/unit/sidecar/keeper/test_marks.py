"""The mark passes on to all that a process starts, and neither it nor they can take it off."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claudetted.sidecar.keeper import marking, marks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the mark")

CAP_SYS_ADMIN = 21
NOBODY = 65534
IDENTITIES = ("ourselves", "nobody") if os.getuid() == 0 else ("ourselves",)


@contextmanager
def forked(run: Callable[[], None]) -> Iterator[int]:
    """A child that has done something and waits; its pid."""
    done, tell = os.pipe()
    wait, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            run()
            os.close(go)
            os.write(tell, b"!")
            os.read(wait, 1)
        finally:
            # What failed here is told by the mark that never comes; the tests go on in one process.
            os._exit(0)
    os.close(tell)
    os.close(wait)
    try:
        assert os.read(done, 1) == b"!"
        yield pid
    finally:
        os.close(go)
        os.close(done)
        os.waitpid(pid, 0)


def become(identity: str) -> None:
    if identity == "nobody":
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def raise_limit() -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(marking.FILE_LOCKS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_process_without_it_is_not_taken_for_marked(identity: str) -> None:
    with forked(lambda: become(identity)) as pid:
        assert not marks.is_marked(pid)
    assert not marks.is_marked(os.getpid())


@pytest.mark.parametrize("identity", IDENTITIES)
def test_it_stays_whatever_the_process_does_to_its_limits(identity: str) -> None:
    def run() -> None:
        become(identity)
        marking.mark()
        raise_limit()

    with forked(run) as pid:
        assert marks.is_marked(pid)


def may_add_filters() -> bool:
    lines = Path("/proc/self/status").read_text().splitlines()
    (capabilities,) = (line.split()[1] for line in lines if line.startswith("CapEff:"))
    return os.geteuid() == 0 and bool(int(capabilities, 16) >> CAP_SYS_ADMIN & 1)


@pytest.mark.skipif(not may_add_filters(), reason="only a privileged user has the second sign")
def test_a_process_that_may_raise_every_limit_keeps_the_filter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if it had raised the limit, which root may not everywhere."""
    monkeypatch.setattr(resource, "setrlimit", lambda number, limits: None)
    with forked(marking.mark) as pid:
        assert marks.file_lock_limit(pid) == marks.file_lock_limit(os.getpid())
        assert marks.is_marked(pid)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_it_may_be_lowered_and_given_again_and_stays(identity: str) -> None:
    def run() -> None:
        become(identity)
        marking.mark()
        marking.mark()
        resource.setrlimit(marking.FILE_LOCKS, (7, 7))

    with forked(run) as pid:
        assert marks.is_marked(pid)
        assert marks.file_lock_limit(pid) == 7


@pytest.mark.parametrize("identity", IDENTITIES)
def test_it_is_inherited_by_grandchildren(identity: str) -> None:
    reader, writer = os.pipe()

    def run() -> None:
        become(identity)
        marking.mark()
        if os.fork() == 0:
            os.setsid()
            raise_limit()
            if os.fork() == 0:
                os.write(writer, b"%d\n" % os.getpid())
            os.read(wait, 1)
            os._exit(0)

    wait, go = os.pipe()
    with forked(run):
        pid = int(os.read(reader, 32))
        assert marks.is_marked(pid)
        os.write(go, b"!!")
    for descriptor in (reader, writer, wait, go):
        os.close(descriptor)


def test_a_process_that_is_gone_is_said_to_be() -> None:
    with forked(lambda: None) as pid:
        pass
    with pytest.raises(ProcessLookupError):
        marks.is_marked(pid)


def test_a_program_runs_as_if_nothing_had_been_in_between() -> None:
    """Python would ignore SIGPIPE, and put a locale where there is none."""
    shows = ["/bin/sh", "-c", "env; grep -i sigign /proc/self/status; kill -PIPE $$; echo no"]
    by_itself, marked = (
        subprocess.run([*words, *shows], env={"A": "1=2"}, capture_output=True, check=False)
        for words in ([], [sys.executable, "-I", "-S", marking.__file__])
    )
    assert b"A=1=2" in marked.stdout.splitlines()
    assert marked.stdout == by_itself.stdout
    assert marked.returncode == by_itself.returncode == -13
