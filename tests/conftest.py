"""Every process of the tests is kept apart from whoever runs them, before anything is imported."""

import gc
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support import isolation

PLACE = pytest.StashKey[Path]()
LONGEST_NAMING = 1000


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PLACE] = isolation.enter()
    if told := getattr(config, "workerinput", None):
        # A worker is started by a process that has entered already.
        isolation.outer.clear()
        isolation.outer.update(told["outer"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker, over its pipe, what must not be in its environment."""
    node.workerinput["outer"] = dict(isolation.outer)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Hands out each module of unit tests as one piece: a thousandth of a second is too short for
    a test to be worth a message of its own, and longer pieces leave no worker idle in the end."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class ByModule(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            group = str(super()._split_scope(nodeid))
            return group.partition("::")[0] if group.startswith("tests/unit/") else group

    return ByModule(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Every worker sends the name of every test, and of what it ran: megabytes of a value are
    no part of it."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_NAMING:
        return f"{argname} of {len(val)}"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays until the end: looking for garbage in it is for nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[PLACE])
