"""The daemon's own command ends with a code and at most one line, wherever it cannot run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.surroundings import ALL, Surroundings

LONG = "/" + "x" * 300


def run(*words: str, env: dict[str, str | None] | None = None, **options: Any) -> tuple[int, str]:
    given = os.environ | {"CLAUDETTED_DATA_DIR": "/dev/null/none"} | (env or {})
    done = subprocess.run(
        [sys.executable, "-m", "claudetted", *words],
        env={name: value for name, value in given.items() if value is not None},
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **options},
        stderr=subprocess.PIPE,
    )
    return done.returncode, done.stderr.decode(errors="replace")


@pytest.mark.parametrize("around", [one for one in ALL if not one.daemon], ids=str)
def test_it_ends_with_a_code_and_a_line(around: Surroundings, tmp_path: Path) -> None:
    with around.streams() as streams:
        done = subprocess.run(
            [sys.executable, "-m", "claudetted"],
            cwd=tmp_path,
            env=around.environment(os.environ),
            preexec_fn=around.enter,
            **streams | ({"stderr": subprocess.PIPE} if around.errors == "null" else {}),
        )
    assert done.returncode == 1
    if around.errors == "null":
        assert done.stderr.startswith(b"claudetted: The log cannot be written: ")
        assert done.stderr.count(b"\n") == 1


def test_a_data_directory_with_a_name_that_is_too_long() -> None:
    code, said = run(env={"CLAUDETTED_DATA_DIR": LONG})
    assert (code, said.count("\n")) == (1, 1)
    assert "File name too long" in said


def test_a_data_directory_with_a_name_that_is_not_unicode(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    place = os.fsencode(tmp_path) + b"/d\xffta"
    env: dict[str, str | None] = {"CLAUDETTED_DATA_DIR": os.fsdecode(place)}
    with open(reading) as told:
        code, said = run("--ready-fd", str(writing), env=env, pass_fds=(writing,))
        os.close(writing)
        assert (code, said.count("\n")) == (1, 1)
        assert "/d\\xffta is not UTF-8; choose another directory with CLAUDETTED_DATA_DIR." in said
        assert "is not UTF-8" in told.read()
    assert os.listdir(tmp_path) == []


def test_output_that_cannot_be_written_is_told_in_a_line() -> None:
    with open("/dev/full", "wb") as full:
        code, said = run("--help", stdout=full)
    assert (code, said) == (
        1,
        "claudetted: the output could not be written: No space left on device\n",
    )


def test_whoever_waits_for_it_hears_why() -> None:
    reading, writing = os.pipe()
    with open(reading) as told:
        code, _ = run("--ready-fd", str(writing), pass_fds=(writing,))
        os.close(writing)
        assert code == 1
        assert "The log cannot be written" in told.read()
