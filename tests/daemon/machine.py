"""Owns what the machine tells every daemon alike: it is asked once, and not by every test.

A test that changes who is asked, such as the shell, has the real answer each time.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from claudetted.daemon import run
from claudetted.sidecar import capture, login_shell
from claudetted.sidecar.box import probe
from claudetted.sidecar.box.box import Box

_boxes: dict[tuple[Callable[..., object] | str, ...], Box] = {}
_additions: dict[tuple[str, str], bytes] = {}
"""What a shell exports with an option when it is given nothing."""


def remember_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "find_box", _box)
    monkeypatch.setattr(login_shell, "said_by", _asking(os.environ["SHELL"]))


async def _box(directory: Path) -> Box:
    key = (os.environ["PATH"], probe._ways, probe._bubblewraps)
    if key not in _boxes:
        _boxes[key] = await probe.find_box(directory)
    return _boxes[key]


def _asking(isolated: str) -> Callable[..., Awaitable[bytes]]:
    """`isolated` is the shell of the tests. It reads no profile, so that all it adds to an
    environment is the same each time."""

    async def said_by(argv: list[str], env: Mapping[str, str], patience: float) -> bytes:
        shell, option, *_ = argv
        if shell != isolated:
            return await capture.said_by(argv, env, patience)
        if (shell, option) not in _additions:
            _additions[shell, option] = await capture.said_by(argv, {}, patience)
        before, mark, added = _additions[shell, option].partition(login_shell._MARK)
        given = b"".join(os.fsencode(f"{name}={value}\0") for name, value in env.items())
        return before + mark + given + added

    return said_by
