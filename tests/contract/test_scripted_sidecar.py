"""The scripted sidecar misbehaves when it is told to, and only then."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.driver import Sidecar
from tests.fakes.gates import Gates
from tests.fakes.launcher import write_launcher


@pytest.fixture
def gates() -> Iterator[Gates]:
    with Gates() as opened:
        yield opened


class Launcher:
    """Starts sidecars with options."""

    def __init__(self, tmp_path: Path, gates: Gates) -> None:
        self._tmp_path = tmp_path
        self._gates = gates
        self._running: list[Sidecar] = []

    def __call__(self, **options: str) -> Sidecar:
        program = write_launcher(self._tmp_path / "harness", gates=self._gates.path, **options)
        sidecar = Sidecar([os.fspath(program)], dict(os.environ), self._tmp_path / "chat")
        self._running.append(sidecar)
        return sidecar

    def close(self) -> None:
        for sidecar in self._running:
            sidecar.close()


@pytest.fixture
def launch(tmp_path: Path, gates: Gates) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path, gates)
    yield launcher
    launcher.close()


@pytest.fixture
def sidecar(launch: Launcher) -> Sidecar:
    running = launch()
    running.start()
    return running


def raw(tmp_path: Path, prompt: str) -> tuple[bytes, int]:
    """What a sidecar says to one prompt, as bytes, and its exit code."""
    program = write_launcher(tmp_path / "raw")
    for name in ("w", "s", "t"):
        (tmp_path / name).mkdir()
    start = (
        f'{{"type":"start","id":1,"chat":"c","cwd":"{tmp_path}/w","sessionDir":"{tmp_path}/s",'
        f'"tempDir":"{tmp_path}/t"}}\n{{"type":"prompt","id":2,"turn":"T","text":"{prompt}"}}\n'
    )
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(start.encode())
        process.stdin.flush()
        said = b""
        while piece := process.stdout.readline():
            said += piece
            if b'"turn.end"' in piece:
                process.stdin.close()
        process.wait()
    return said, process.returncode


def test_it_dies_in_mid_turn_with_the_code_it_was_given(sidecar: Sidecar) -> None:
    sidecar.prompt("@text before @die 7 @text after")
    assert sidecar.to_end() == 7
    assert sidecar.texts() == ["before"]
    assert not sidecar.all(sc.TurnEnd)


def test_it_leaves_half_a_line(tmp_path: Path) -> None:
    said, code = raw(tmp_path, "@half")
    assert said and not said.endswith(b"\n")
    assert code == 1


def test_it_says_garbage_and_goes_on(tmp_path: Path) -> None:
    said, code = raw(tmp_path, "@garbage @text ok")
    assert b"\xff\xfe" in said
    assert b'"turn.end"' in said
    assert code == 0


def test_it_says_lines_of_the_future(tmp_path: Path) -> None:
    assert b'"a.line.of.the.future"' in raw(tmp_path, "@unknown")[0]


def test_it_hangs_and_only_a_kill_ends_it(sidecar: Sidecar, gates: Gates) -> None:
    sidecar.prompt("@text before @hang deaf")
    gates.wait_held("deaf")
    sidecar.process.send_signal(signal.SIGTERM)
    sidecar.send(sc.Abort(sidecar.id()))
    sidecar.end_input()
    sidecar.process.kill()
    assert sidecar.to_end() == -signal.SIGKILL
    assert not sidecar.all(sc.TurnEnd)


def test_it_floods(sidecar: Sidecar) -> None:
    sidecar.turn("@flood 3000")
    assert len(sidecar.texts()[0]) == 3000 * 1024


def test_it_says_one_big_delta_in_parts(sidecar: Sidecar) -> None:
    sidecar.turn("@big 3000000")
    assert [len(line.text) for line in sidecar.all(sc.ItemDelta)] == [3_000_000]


def test_it_swallows_a_prompt(sidecar: Sidecar) -> None:
    assert sidecar.turn("@swallow").reason == "done"
    assert not sidecar.all(sc.ItemOpen)


def test_it_fails_with_a_sentence(sidecar: Sidecar) -> None:
    end = sidecar.turn("@text some @fail No such luck.")
    assert (end.reason, end.error) == ("failed", "No such luck.")
    assert sidecar.closed(sidecar.opened("message")[0].item).status == "failed"


def test_it_tries_again(sidecar: Sidecar) -> None:
    sidecar.turn("@retry @text whole")
    assert len(sidecar.opened("message")) == 2
    assert sidecar.texts() == ["whole"]
    assert sidecar.all(sc.Notice)[0].kind == "retry"


def test_it_compacts_by_itself(sidecar: Sidecar) -> None:
    end = sidecar.turn("@text some @compact @text more")
    assert sidecar.index(sidecar.next(sc.CompactionEnd)) < sidecar.index(end)


@pytest.mark.parametrize(
    ("late", "kind"), [("late-output", sc.ItemClose), ("late-compact", sc.CompactionEnd)]
)
def test_it_comes_late(sidecar: Sidecar, late: str, kind: type[object]) -> None:
    end = sidecar.turn(f"@{late}")
    line = sidecar.next(kind)
    assert sidecar.index(line) > sidecar.index(end)


def test_it_says_two_messages_in_one_round(sidecar: Sidecar) -> None:
    sidecar.turn("@two-messages")
    assert sidecar.texts() == ["The first message.", "The second message."]


def test_an_unknown_tool_asks(sidecar: Sidecar) -> None:
    sidecar.prompt('@tool strange {"a": 1}')
    asked = sidecar.next(sc.Ask)
    assert (asked.request.access, asked.request.input) == ("unknown", '{"a": 1}')


def test_it_waits_at_a_gate_before_it_says_hello(launch: Launcher, gates: Gates) -> None:
    running = launch(start_hold="early")
    gates.wait_held("early")
    assert not running.lines
    gates.release("early")
    assert running.start().model == "fake/small"


def test_it_dies_at_its_start(launch: Launcher) -> None:
    running = launch(die_at_start="3")
    assert running.to_end() == 3
    assert not running.lines


def test_it_speaks_another_level(launch: Launcher) -> None:
    assert launch(bad_level="99").next(sc.Hello).level == 99


def test_it_does_not_say_hello(launch: Launcher) -> None:
    running = launch(no_hello="1")
    running.ask_for(sc.Models(running.id()))
    assert not running.all(sc.Hello)
