"""The log is one JSON object a line, without secrets, bounded, and says which chat it is about."""

import json
import logging
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest
import trio

from claudetted.chat.log_context import speaking_of
from claudetted.daemon import log

logger = logging.getLogger("claudetted.tests")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    log.begin(tmp_path / "log", verbose=False)
    yield tmp_path / "log" / "claudetted.log"
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_when_where_and_what(path: Path) -> None:
    logger.warning("the disk is %s", "full\nor so")
    (entry,) = entries(path)
    assert entry["at"].endswith("+00:00")
    assert (entry["level"], entry["from"]) == ("warning", "claudetted.tests")
    assert entry["message"] == "the disk is full\nor so"
    assert "chat" not in entry


def test_a_fault_is_there_with_its_traceback(path: Path) -> None:
    try:
        raise ValueError("token=abcdefgh")
    except ValueError:
        logger.exception("fault")
    (entry,) = entries(path)
    assert "ValueError" in entry["traceback"]
    assert "abcdefgh" not in entry["traceback"]


@pytest.mark.parametrize("secret", ["sk-abcdefghijkl", "ghp_abcdefghijkl", "AKIAABCDEFGHIJKL"])
def test_a_secret_is_taken_out(path: Path, secret: str) -> None:
    logger.info("with %s and api_key: %s", secret, "hush-hush")
    assert secret not in path.read_text()
    assert "hush-hush" not in path.read_text()
    assert "[redacted]" in path.read_text()


async def test_everything_done_for_a_chat_says_so(path: Path) -> None:
    async def work() -> None:
        await trio.to_thread.run_sync(logger.info, "aside")

    async with trio.open_nursery() as nursery:
        with speaking_of("c1"):
            logger.info("here")
            nursery.start_soon(work)
        logger.info("there")
    chats = {entry["message"]: entry.get("chat") for entry in entries(path)}
    assert chats == {"here": "c1", "aside": "c1", "there": None}


def test_the_log_does_not_grow_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = (
        one for one in logging.getLogger().handlers if isinstance(one, RotatingFileHandler)
    )
    handler.maxBytes = 1000
    for number in range(100):
        logger.info("line %d", number)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == [path.name, f"{path.name}.1", f"{path.name}.2"]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert entries(path)[-1]["message"] == "line 99"


def test_it_is_the_users_alone_whatever_was_there(path: Path) -> None:
    """The first call made it with our own umask; this is a directory that somebody else made."""
    path.parent.chmod(0o755)
    path.chmod(0o644)
    log.begin(path.parent, verbose=False)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
