"""Set-up tells in one sentence what the machine lacks, and does nothing twice."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).parents[1]
SCRIPT = CHECKOUT / ".ci/setup.py"


@pytest.fixture
def setup(tmp_path: Path) -> ModuleType:
    """The script, as it is in a checkout of its own."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci")
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    spec = importlib.util.spec_from_file_location("setup", tmp_path / ".ci/setup.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sentence(setup: ModuleType, capsys: pytest.CaptureFixture[str], *steps: str) -> str:
    assert setup.main(steps) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("claudetted: ") and told[-1].endswith(".")
    assert not any("Traceback" in line for line in told)
    return told[-1]


def test_an_old_python(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    assert "Python 3.11 or newer is needed" in sentence(setup, capsys, "users")


def test_no_git(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "git is not on PATH" in sentence(setup, capsys, "users")


def test_no_venv_module(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert "install its venv module" in sentence(setup, capsys, "users")


@pytest.fixture
def made(setup: ModuleType) -> None:
    """The environment is there, as after a first `make`.

    Its pip is ours: installing one takes seconds, and `make` has done that for this checkout.
    """
    venv.create(setup.VENV)
    (site,) = setup.VENV.glob("lib/python3*/site-packages")
    (site / "pip.pth").write_text(sysconfig.get_path("purelib"))
    setup.write_stamp("venv", {"place": str(setup.CHECKOUT)})


@pytest.mark.slow
@pytest.mark.usefixtures("made")
def test_an_unreachable_registry(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "1")
    assert "registry cannot be reached" in sentence(setup, capsys, "users")


def test_what_pip_says_is_told(setup: ModuleType) -> None:
    told = setup.explain("Collecting x\nERROR: No space left on device.\nERROR: pip gave up.\n")
    assert told.startswith("the Python packages cannot be installed: pip gave up (details: ")


def test_a_stamp_holds_until_its_sources_change(setup: ModuleType) -> None:
    setup.VENV.mkdir()
    assert setup.read_stamp("users") is None
    setup.write_stamp("users", setup.requirements())
    assert setup.read_stamp("users") == setup.requirements()
    told = setup.CHECKOUT / "pyproject.toml"
    told.write_text(told.read_text().replace("line-length = 100", "line-length = 99"))
    assert setup.read_stamp("users") == setup.requirements()
    told.write_text(told.read_text().replace("trio>=", "trio>"))
    assert setup.read_stamp("users") != setup.requirements()


def test_the_harness_says_why_it_cannot_be_staged(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in ("make_venv", "install"):
        monkeypatch.setattr(setup, step, lambda *_: None)
    monkeypatch.setattr(setup, "PYTHON", sys.executable)
    monkeypatch.setattr(setup, "bun", lambda: "/nowhere/bun")
    (setup.CHECKOUT / "harness").mkdir()
    shutil.copy(CHECKOUT / "harness/stage.py", setup.CHECKOUT / "harness")
    assert "/nowhere/bun is not an executable Bun" in sentence(setup, capsys, "harness")


def test_an_older_python_can_still_read_the_script() -> None:
    """It must come as far as telling that it is too old."""
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


NEW_ENOUGH, OPTIMIZED, TOO_OLD = 3, 0, 2


@pytest.mark.parametrize(
    ("answers", "chosen"),
    [
        ({"python3": OPTIMIZED, "python3.14": OPTIMIZED}, "python3"),
        ({"python3": NEW_ENOUGH, "python3.12": OPTIMIZED}, "python3.12"),
        ({"python3": TOO_OLD, "python3.13": OPTIMIZED}, "python3.13"),
    ],
)
def test_the_python_of_make(tmp_path: Path, answers: dict[str, int], chosen: str) -> None:
    for name, answer in answers.items():
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {answer}\n")
        (tmp_path / name).chmod(0o755)
    assert printed_python(str(tmp_path)) == chosen


def test_the_python_of_make_is_a_real_one() -> None:
    python = printed_python(os.environ["PATH"])
    code = "import ensurepip, sys; print(sys.version_info >= (3, 11))"
    assert subprocess.run([python, "-c", code], capture_output=True).stdout == b"True\n"


def printed_python(path: str) -> str:
    done = subprocess.run(
        [CHECKOUT / ".ci/python"], env={"PATH": path}, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()
