"""Owns the programs of other vendors that tests run: found where `make agents` put them.

A test that needs one asks for it first, and is skipped with the reason where it is not there.
"""

import os
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[2] / ".cache/agents/bin"


def program(name: str) -> Path:
    """`claude`, `codex`, `opencode`, `claude-agent-acp` or `acpx`, in the pinned version."""
    found = PROGRAMS / name
    if not os.access(found, os.X_OK):
        pytest.skip(f"the program {name} is not installed: run `make agents`")
    return found
