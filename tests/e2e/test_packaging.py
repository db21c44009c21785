"""`pip install .` alone gives both commands, with Pi's harness inside and able to run."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house import House

CHECKOUT = Path(__file__).parents[2]
PACKED = "claudetted/harnesses/pi/staged/pi-harness"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*command: str | Path, **env: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **env}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(into: Path, **env: str) -> Path:
    """The wheel of the files that belong to the checkout, from a place where nothing was made."""
    source = into / "source"
    for path in House.checkout(CHECKOUT).files:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, source / path)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "--no-deps"),
        *("--wheel-dir", into, source),
        **env,
    )
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of a fresh installation are."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=True)
    run(place / "bin/pip", "install", "--disable-pip-version-check", str(wheel))
    return place / "bin"


def modes(wheel: Path) -> Mapping[str, int]:
    with zipfile.ZipFile(wheel) as packed:
        return {info.filename: info.external_attr >> 16 & 0o777 for info in packed.infolist()}


def test_the_wheel_brings_the_harness_along(wheel: Path) -> None:
    files = modes(wheel)
    assert files[f"{PACKED}/claudette-pi-harness"] & 0o111 == 0o111
    assert f"{PACKED}/pi/package.json" in files
    assert f"{PACKED}/pi/dist/bundle/index.js" in files
    assert "claudette_cli/main.py" in files
    assert not [name for name in files if name.startswith(("tests/", "harness/"))]


def test_the_wheel_can_be_built_without_the_harness(tmp_path: Path) -> None:
    files = modes(build(tmp_path, CLAUDETTE_WITHOUT_PI="1"))
    assert "claudetted/protocol/registry.py" in files
    assert not [name for name in files if name.startswith(PACKED)]


def test_both_commands_run(installed: Path) -> None:
    assert "claudetted" in run(installed / "claudetted", "--help")
    assert "claudette" in run(installed / "claudette", "--help")


def test_the_installed_harness_is_whole(installed: Path, tmp_path: Path) -> None:
    """Its own check: Pi answers with its version, resizes an image, exports a page."""
    (harness,) = installed.parent.glob(f"lib/python3*/site-packages/{PACKED}/claudette-pi-harness")
    run(harness, "--check", HOME=str(tmp_path), PATH=f"{installed}:/usr/bin:/bin")
