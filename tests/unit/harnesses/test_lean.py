"""What an adapter loads, every chat of its kind pays for."""

import subprocess
import sys

import pytest

HEAVY = ("asyncio", "base64", "dataclasses", "difflib", "inspect", "json", "pathlib", "trio")


@pytest.mark.parametrize("kind", ["acp", "claude", "codex"])
def test_an_adapter_loads_none_of_what_takes_much(kind: str) -> None:
    program = f"import sys, claudetted.harnesses.{kind}.__main__; print(*sys.modules)"
    words = [sys.executable, "-I", "-c", program]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert "msgspec" in loaded
    assert set(loaded) & set(HEAVY) == set()
