"""A way to confine is used only if it was seen to confine."""

import os
import sys
from pathlib import Path

import pytest

from claudetted.protocol.permissions import Confinement
from claudetted.sidecar.box import probe, seatbelt
from claudetted.sidecar.box.box import NO_BOX

linux = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is Linux's")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    made = tmp_path / "scratch"
    made.mkdir()
    return made


def program(directory: Path, script: str) -> str:
    """A `bwrap` of the user's that does something else; the PATH where it is found."""
    path = directory / "bwrap"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(directory)


@linux
async def test_there_is_a_way_wherever_this_is_installed(tmp_path: Path, scratch: Path) -> None:
    box = await probe.find_box(scratch, str(tmp_path))
    assert box.works, box.missing
    assert box.wrapper(Confinement(boxed=True))


@linux
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ('while [ "$1" != -- ]; do shift; done; shift; exec "$@"', "it does not hide files"),
        ("echo 'No permissions to create a new namespace' >&2; exit 1", "No permissions"),
        ("exit 0", ""),
    ],
)
async def test_what_does_not_confine_is_passed_over(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, script: str, why: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr(probe, "_landlock", lambda: ())
    box = await probe.find_box(scratch, program(tmp_path, script))
    assert not box.works
    assert why in box.missing
    assert "Install bubblewrap" in box.missing


async def test_without_any_program_it_says_what_to_install(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_ways", lambda _path: ())
    box = await probe.find_box(scratch, str(tmp_path))
    assert not box.works
    assert box.missing


def test_where_there_is_no_way_nothing_is_started_without() -> None:
    with pytest.raises(ValueError, match="Nothing confines"):
        NO_BOX.wrapper(Confinement(boxed=True))


class TestSeatbelt:
    """The profile as text: it was not run on a Mac."""

    def test_a_reader(self) -> None:
        held = Confinement(
            boxed=True,
            writable=["/private/tmp/chat"],
            hidden=["/Users/u/.ssh/id_ed25519", '/Users/u/a "b"'],
            shown=["/Users/u/data/tmp"],
        )
        lines = seatbelt.profile(held).splitlines()
        assert lines[:3] == ["(version 1)", "(allow default)", "(deny file-write*)"]
        assert '(allow file-write* (subpath "/private/tmp/chat"))' in lines
        assert "(deny network*)" in lines
        denied = lines.index('(deny file-read* file-write* (subpath "/Users/u/.ssh/id_ed25519"))')
        shown = lines.index('(allow file-read* file-write* (subpath "/Users/u/data/tmp"))')
        assert denied < shown
        assert r'(deny file-read* file-write* (subpath "/Users/u/a \"b\""))' in lines
        assert '(deny file-write-unlink (literal "/Users/u/.ssh"))' in lines

    def test_full_only_hides(self) -> None:
        profile = seatbelt.profile(Confinement(boxed=True, network=True, hidden=["/data"]))
        assert "(deny file-write*)" not in profile
        assert "(deny network*)" not in profile
        assert '(deny network-outbound (remote unix-socket (subpath "/data")))' in profile

    def test_the_command_comes_behind_the_profile(self) -> None:
        words = seatbelt.words(Confinement(boxed=True))
        assert (words[:2], words[-1]) == ([seatbelt.PROGRAM, "-p"], "--")
        assert os.path.isabs(words[0])
