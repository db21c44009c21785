"""The start of the daemon's program."""

import gc
import sys

import pytest

import claudetted
from claudetted.__main__ import main


def test_garbage_is_looked_for_once_everything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["claudetted", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out == f"{claudetted.__version__}\n"
    assert gc.isenabled()
