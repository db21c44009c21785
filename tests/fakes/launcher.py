"""Owns the executable that stands for a harness: the scripted sidecar with its options."""

import json
import os
import shlex
import sys
from pathlib import Path

# Its file and not its directory: how Python finds the file of a directory takes a tenth of a start.
SIDECAR = Path(__file__).parent / "sidecar/__main__.py"
ADAPTER = Path(__file__).parent / "adapter"
ACP_AGENT = Path(__file__).parent / "acp_agent/__main__.py"
PATIENT = Path(__file__).parent / "patient.py"


def write_launcher(path: Path, **options: str) -> Path:
    """Makes `path` fit for CLAUDETTE_PI_HARNESS. Options as in `tests.fakes.sidecar.life`, without
    `FAKE_`: `write_launcher(tmp_path / "harness", gates=gates.path, start_hold="door")`. Writing
    it again changes what the next sidecar does."""
    return _write(path, [sys.executable, "-I", "-S", os.fspath(SIDECAR)], options)


def write_adapter_launcher(path: Path, **options: str) -> Path:
    """A second harness: the same script behind an adapter, which needs what is installed."""
    return write_patient_launcher(path, os.fspath(ADAPTER), **options)


def write_patient_launcher(path: Path, adapter: str, *words: str, **options: str) -> Path:
    """An adapter that gives its agent all the time to end, whatever else the machine does."""
    program = [sys.executable, "-I", os.fspath(PATIENT), adapter, *words]
    return _write(path, program, options)


def write_codex_launcher(path: Path, codex: Path) -> Path:
    """The adapter of Codex, as the daemon starts it."""
    module = "claudetted.harnesses.codex"
    return _write(path, [sys.executable, "-I", "-m", module, os.fspath(codex)], {})


def write_acp_launcher(path: Path, name: str, like: str, *command: str) -> Path:
    """The adapter for an agent that speaks the Agent Client Protocol."""
    adapter = [sys.executable, "-I", "-m", "claudetted.harnesses.acp", name, like, *command]
    return _write(path, adapter, {})


def acp_agent(path: Path, gates: str = "", **options: object) -> Path:
    """A scripted agent that speaks the Agent Client Protocol; options as in its `__main__`."""
    words = {"gates": gates, "acp": json.dumps(options)}
    return _write(path, [sys.executable, "-I", "-S", os.fspath(ACP_AGENT)], words)


def _write(path: Path, program: list[str], options: dict[str, str]) -> Path:
    words = [f"FAKE_{name.upper()}={shlex.quote(value)}" for name, value in options.items()]
    lines = ["#!/bin/sh", *(f"export {word}" for word in words), f"exec {shlex.join(program)}", ""]
    draft = path.with_name(path.name + ".new")
    draft.write_text("\n".join(lines), encoding="utf-8")
    draft.chmod(0o700)
    draft.replace(path)
    return path
