"""The program of the keeper's own service."""

import os
import sys

import pytest

import claudetted
from claudetted.sidecar import service


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    found: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _, words: found.append(words))
    return found


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["claudetted-keeper", *words])
    service.main()


def test_it_becomes_a_keeper_that_stays(
    monkeypatch: pytest.MonkeyPatch, became: list[list[str]]
) -> None:
    run(monkeypatch)
    assert [words[-1] for words in became] == ["0"]


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("--version", 0), ("--no-such", 2)])
def test_a_question_starts_none(
    monkeypatch: pytest.MonkeyPatch,
    became: list[list[str]],
    capsys: pytest.CaptureFixture[str],
    word: str,
    code: int,
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, word)
    assert (ended.value.code, became) == (code, [])
    if word == "--version":
        assert capsys.readouterr().out == f"{claudetted.__version__}\n"
