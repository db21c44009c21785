"""Places of a test's own, and a daemon that follows a scenario in them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.fake_daemon import FakeDaemon

Fake = Callable[..., FakeDaemon]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "d"))
    monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", str(tmp_path / "r"))
    return tmp_path / "d"


@pytest.fixture
def fake(data: Path) -> Iterator[Fake]:
    """Starts one: `fake(chat_list=lambda params: {...})`."""
    with ExitStack() as stack:

        def start(**handlers: Callable[..., Any]) -> FakeDaemon:
            return stack.enter_context(FakeDaemon(data, **handlers))

        yield start
