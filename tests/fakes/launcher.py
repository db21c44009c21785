"""Owns the executable that stands for a harness: the scripted sidecar with its options."""

import os
import shlex
import sys
from pathlib import Path

SIDECAR = Path(__file__).parent / "sidecar"


def write_launcher(path: Path, **options: str) -> Path:
    """Makes `path` fit for CLAUDETTE_PI_HARNESS. Options as in `tests.fakes.sidecar.life`, without
    `FAKE_`: `write_launcher(tmp_path / "harness", gates=gates.path, start_hold="door")`. Writing
    it again changes what the next sidecar does."""
    words = [f"FAKE_{name.upper()}={shlex.quote(value)}" for name, value in options.items()]
    program = shlex.join([sys.executable, "-I", "-S", os.fspath(SIDECAR)])
    lines = ["#!/bin/sh", *(f"export {word}" for word in words), f"exec {program}", ""]
    draft = path.with_name(path.name + ".new")
    draft.write_text("\n".join(lines), encoding="utf-8")
    draft.chmod(0o700)
    draft.replace(path)
    return path
