"""The keeper relays every byte once, in both directions, and tells how a sidecar ended."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from claudetted.protocol.base import SidecarId
from claudetted.sidecar.keeper import frames
from claudetted.sidecar.keeper.child import STDERR_TAIL, WINDOW
from claudetted.sidecar.keeper_launch import start_detached
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import Fenced, LaunchFailed
from claudetted.sidecar.service import command
from tests.contract.keeper_world import (
    ECHO,
    ENV,
    SIDECAR,
    SLEEP,
    Ear,
    Raw,
    end_keeper,
    ended,
    linked,
    script,
    watched,
)

FLOOD = (
    f"import os; os.write(2, b'begun'); os.write(1, b'x' * {WINDOW + 300_000}); os.write(1, b'!')"
)

POOR = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_SYS_PTRACE = 24, 19
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Root sees all, unless it is as poor as everybody else."""
BURGLAR = """
import os, sys
for pid in sys.argv[1:]:
    try:
        print([os.readlink(f"/proc/{pid}/fd/{fd}")[:4] for fd in os.listdir(f"/proc/{pid}/fd")])
    except OSError as refused:
        print(type(refused).__name__)
"""
"""Looks for descriptors of the keeper, and of a sidecar to see that it can look at all."""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "k.sock"
    end_keeper(tmp_path / "k.sock")


async def test_lines_go_in_and_come_out(path: Path) -> None:
    async with linked(path) as (link, running):
        assert running == []
        pid = await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        link.send(SIDECAR, 1, b"one\n")
        await ear.hears(b"got one\n")
        assert os.getpgid(pid) == pid


async def test_an_input_number_is_taken_once(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        for n, line in [(3, b"a\n"), (3, b"a\n"), (1, b"b\n"), (4, b"c\n")]:
            link.send(SIDECAR, n, line)
        await ear.hears(b"got c\n")
        assert ear.data == b"got a\ngot c\n"
    async with linked(path) as (link, running):
        assert running[0].input_n == 4


async def test_a_refusal_tells_the_highest_number(path: Path) -> None:
    await start_detached(path)
    with Raw(path) as raw:
        raw.hello()
        raw.start(script(SLEEP))
        raw.tell(frames.INPUT, SIDECAR, 9, b"x\n")
        raw.tell(frames.INPUT, SIDECAR, 9, b"x\n")
        assert raw.hear(frames.REFUSED)[2:] == (9, b"input")


async def test_an_input_without_a_number_is_never_refused_and_not_counted(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        for n, line in ((0, b"a\n"), (1, b"b\n"), (0, b"c\n"), (2, b"d\n")):
            link.send(SIDECAR, n, line)
        await ear.hears(b"got a\ngot b\ngot c\ngot d\n")
    async with linked(path) as (_, (running,)):
        assert running.input_n == 2


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        ("print('bye')", 0, None),
        ("import sys; print('bye'); sys.exit(7)", 7, None),
        ("import os; print('bye', flush=True); os.kill(os.getpid(), 11)", None, signal.SIGSEGV),
    ],
)
async def test_the_exit_comes_after_all_output(
    path: Path, text: str, code: int | None, number: int | None
) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(text), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        ended = await ear.exits()
        assert ear.data == b"bye\n"
        assert (ended.code, ended.signal, ended.stderr) == (code, number, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a larger pipe, and pidfd")
async def test_what_an_ended_sidecar_left_in_its_pipe_comes_before_the_exit(path: Path) -> None:
    enlarge = "import fcntl, os; fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20);"
    text = f"{enlarge} os.read(0, 1); os.write(1, b'x' * 900_000)"
    async with linked(path) as (link, _):
        pid = await link.start(SIDECAR, script(text), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        assert link.pid
        with watched(pid) as sidecar, open(f"/proc/{pid}/fd/0", "wb", 0) as stdin:  # noqa: ASYNC230
            os.kill(link.pid, signal.SIGSTOP)
            stdin.write(b"!")
            await ended(sidecar)
            os.kill(link.pid, signal.SIGCONT)
        await ear.exits()
        assert len(ear.data) == 900_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows pipes of others")
async def test_nobody_else_reaches_into_the_pipes(path: Path) -> None:
    poor = [sys.executable, "-I", "-c", POOR]
    await trio.run_process([*poor, *command(path, detach=True)])
    async with linked(path) as (link, _):
        pid = await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        burglar = [*poor, sys.executable, "-I", "-c", BURGLAR, str(link.pid), str(pid)]
        told = await trio.run_process(burglar, capture_stdout=True)
        of_keeper, of_sidecar = told.stdout.decode().splitlines()
        assert of_keeper == "PermissionError"
        assert of_sidecar.count("pipe") >= 3


async def test_the_exit_brings_the_last_of_stderr(path: Path) -> None:
    text = "import sys; sys.stderr.write('x' * 200_000 + 'the reason'); sys.exit(1)"
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(text), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        ended = await ear.exits()
        assert ended.stderr.endswith(b"the reason")
        assert len(ended.stderr) == STDERR_TAIL


async def test_an_exit_is_told_to_every_daemon_until_it_is_forgotten(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script("print('bye')"), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        await ear.exits()
    async with linked(path) as (link, running):
        assert [(one.sidecar, one.base, one.end, one.exited) for one in running] == [
            (SIDECAR, 0, 4, True)
        ]
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        assert (await ear.exits()).code == 0
        assert ear.data == b"bye\n"
        link.forget(SIDECAR)
        # Answered after the forgetting was done.
        await link.start(SidecarId("another"), script(SLEEP), ENV, path.parent)
    async with linked(path) as (_, running):
        assert [one.sidecar for one in running] == ["another"]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["/no/such/program"], "/no/such/program: No such file"),
        (["/etc/passwd"], "/etc/passwd: Permission denied"),
        (["nul\0inside"], "NUL"),
    ],
)
async def test_what_cannot_be_started_says_why(path: Path, argv: list[str], says: str) -> None:
    async with linked(path) as (link, _):
        with pytest.raises(LaunchFailed, match=says):
            await link.start(SIDECAR, argv, ENV, path.parent)
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)


async def test_a_missing_directory_is_named(path: Path) -> None:
    async with linked(path) as (link, _):
        with pytest.raises(LaunchFailed, match=r"gone: No such file"):
            await link.start(SIDECAR, script(ECHO), ENV, path.parent / "gone")


async def test_an_id_is_used_once(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        with Raw(path) as raw:
            raw.hello()
            raw.tell(frames.START, SIDECAR, 0, b"22\0/\x001\0true")
            assert raw.hear(frames.FAILED)[3] == b"start"


async def test_the_next_daemon_gets_what_the_last_did_not_acknowledge(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        link.send(SIDECAR, 1, b"one\n")
        link.send(SIDECAR, 2, b"two\n")
        await ear.hears(b"got two\n")
        link.acknowledge(SIDECAR, len(b"got one\n"))
        link.send(SIDECAR, 3, b"three\n")
        await ear.hears(b"got three\n")
    async with linked(path) as (link, running):
        assert (running[0].base, running[0].input_n, running[0].exited) == (8, 3, False)
        again = Ear(offset=8)
        link.attach(SIDECAR, running[0].base, again)
        await again.hears(b"got two\ngot three\n")


async def test_what_is_acknowledged_or_unwritten_cannot_be_attached(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        link.send(SIDECAR, 1, b"one\n")
        await ear.hears(b"got one\n")
        link.acknowledge(SIDECAR, 8)
        for wrong in (7, 9):
            with pytest.raises(ValueError, match="8 to 8"):
                link.attach(SIDECAR, wrong, ear)
        with pytest.raises(ValueError, match="8 bytes"):
            link.acknowledge(SIDECAR, 9)
    with Raw(path) as raw:
        raw.hello()
        raw.tell(frames.ATTACH, SIDECAR, 7)
        assert raw.hear(frames.REFUSED)[2:] == (8, b"attach")


async def test_a_full_window_holds_the_sidecar_until_it_is_acknowledged(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(FLOOD), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        await ear.until(lambda: len(ear.data) == WINDOW)
    # Beyond the window it waits, whoever is connected.
    async with linked(path) as (link, running):
        assert (running[0].base, running[0].end, running[0].exited) == (0, WINDOW, False)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        await ear.until(lambda: len(ear.data) == WINDOW)
        link.acknowledge(SIDECAR, 4_000_000)
        assert (await ear.exits()).code == 0
        assert len(ear.data) == WINDOW + 300_001
        assert ear.data.endswith(b"x!")


async def test_a_sidecar_that_reads_nothing_holds_nobody_up(path: Path) -> None:
    quick = SidecarId("quick")
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(SLEEP), ENV, path.parent)
        await link.start(quick, script(ECHO), ENV, path.parent)
        ear = Ear()
        link.attach(quick, 0, ear)
        link.send(SIDECAR, 1, b"x" * 10_000_000 + b"\n")
        link.send(quick, 1, b"go\n")
        await ear.hears(b"got go\n")


async def test_a_long_line_goes_in_whole(path: Path) -> None:
    text = "import sys; print(len(sys.stdin.readline()), flush=True); sys.stdin.read()"
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(text), ENV, path.parent)
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        link.send(SIDECAR, 1, b"x" * 16_000_000 + b"\n")
        await ear.hears(b"16000001\n")


async def test_the_newest_daemon_fences_the_older(path: Path) -> None:
    with pytest.RaisesGroup(Fenced):
        async with linked(path) as (old, _):
            await old.start(SIDECAR, script(ECHO), ENV, path.parent)
            with Raw(path) as new:
                new.hello()
                await trio.sleep_forever()


async def test_a_fenced_daemon_that_hangs_has_no_say_when_it_wakes(path: Path) -> None:
    await start_detached(path)
    with Raw(path) as old, Raw(path) as new:
        old.hello()
        old.start(script(ECHO))
        new.hello()
        with contextlib.suppress(BrokenPipeError):
            old.tell(frames.INPUT, SIDECAR, 1, b"from the old\n")
        assert old.hear(frames.FENCED)
        old.wait_for_the_end()
        new.tell(frames.ATTACH, SIDECAR, 0)
        new.tell(frames.INPUT, SIDECAR, 1, b"from the new\n")
        assert new.hear(frames.OUTPUT)[3] == b"got from the new\n"


async def test_whoever_only_looks_fences_nobody(path: Path) -> None:
    async with linked(path) as (link, _):
        with Raw(path):
            await link.start(SIDECAR, script(ECHO), ENV, path.parent)


async def test_nonsense_is_shown_the_door_and_nothing_else_happens(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        with Raw(path) as raw:
            raw.peer.sendall(b"\xff" * 100)
            raw.wait_for_the_end()
        with Raw(path) as raw:
            raw.tell(frames.INPUT, SIDECAR, 1, b"without a greeting\n")
            raw.wait_for_the_end()
        ear = Ear()
        link.attach(SIDECAR, 0, ear)
        link.send(SIDECAR, 1, b"still here\n")
        await ear.hears(b"got still here\n")


async def test_twenty_sidecars_are_all_heard(path: Path) -> None:
    names = [SidecarId(f"s{n}") for n in range(20)]
    text = "import sys\nfor n in range(2000): print(n, flush=True)"
    expected = b"".join(b"%d\n" % n for n in range(2000))
    async with linked(path) as (link, _):
        ears = [Ear() for _ in names]
        for name, ear in zip(names, ears, strict=True):
            await link.start(name, script(text), ENV, path.parent)
            link.attach(name, 0, ear)
        for ear in ears:
            await ear.exits()
            assert ear.data == expected


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
async def test_it_stays_small(path: Path) -> None:
    async with linked(path) as (link, _):
        await link.start(SIDECAR, script(ECHO), ENV, path.parent)
        with open(f"/proc/{link.pid}/status") as status:  # noqa: ASYNC230 - no disk behind it
            resident = next(line for line in status if line.startswith("VmRSS"))
        assert int(resident.split()[1]) < 14 * 1024


def test_a_link_that_was_never_run_starts_nothing(path: Path) -> None:
    assert KeeperLink(path).pid is None
    assert not path.exists()
