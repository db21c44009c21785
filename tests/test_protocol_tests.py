"""Every error that a method declares has a test that names both."""

import ast
import re
from pathlib import Path

from claudetted.protocol.registry import METHODS

DAEMON_TESTS = Path(__file__).parent / "daemon"


def wanted() -> set[str]:
    return {
        f"test_{method.name.replace('/', '_')}_{fault.__name__}"
        for method in METHODS
        for fault in method.faults
    }


def present() -> set[str]:
    """The test functions of tests/daemon, by name."""
    return {
        node.name
        for path in DAEMON_TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_declared_error_is_tested() -> None:
    assert sorted(wanted() - present()) == []


def test_every_tested_error_is_declared() -> None:
    """A name of the pattern that nothing declares is a method or an error that went away."""
    pattern = re.compile(r"test_[a-z]+_[a-z]+_[A-Z]\w+")
    assert sorted({name for name in present() if pattern.fullmatch(name)} - wanted()) == []
