"""Every error that a method declares has a test that names both."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudetted.protocol.registry import METHODS
from tests.house import House, reading

CHECKOUT = Path(__file__).parents[1]
# Beside the other tests that read every module.
pytestmark = pytest.mark.xdist_group("tidy")


def wanted() -> set[str]:
    return {
        f"test_{method.name.replace('/', '_')}_{fault.__name__}"
        for method in METHODS
        for fault in method.faults
    }


@pytest.fixture(scope="module")
def present() -> set[str]:
    """The test functions of tests/daemon, by name."""
    with reading():
        return set(names(House.checkout(CHECKOUT)))


def names(house: House) -> Iterator[str]:
    for path in house.modules(".py", under="tests/daemon/"):
        if Path(path).name.startswith("test_"):
            for node in house.nodes(path):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield node.name


def test_every_declared_error_is_tested(present: set[str]) -> None:
    assert sorted(wanted() - present) == []


def test_every_tested_error_is_declared(present: set[str]) -> None:
    """A name of the pattern that nothing declares is a method or an error that went away."""
    pattern = re.compile(r"test_[a-z]+_[a-z]+_[A-Z]\w+")
    assert sorted({name for name in present if pattern.fullmatch(name)} - wanted()) == []
