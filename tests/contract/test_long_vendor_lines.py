"""What a vendor's program writes in one line has a limit; a person is told what is left out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from claudetted.harnesses.adapter import TOO_LONG
from claudetted.harnesses.vendor_lines import LINE_LIMIT
from claudetted.protocol import sidecar as sc
from tests.contract import conftest
from tests.contract.conftest import Kind
from tests.fakes.wordy import write_wordy

MARK = "between"


@pytest.fixture(params=["acp", "claude", "codex"])
def kind(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kind]:
    """Its program writes a line that is too long before it tells of MARK."""
    find, make = conftest.program, conftest.acp_agent

    def wordy(program: Path) -> Path:
        return write_wordy(tmp_path / "wordy", program, MARK, LINE_LIMIT + 1)

    monkeypatch.setattr(conftest, "program", lambda name: wordy(find(name)))
    monkeypatch.setattr(conftest, "acp_agent", lambda *args, **more: wordy(make(*args, **more)))
    with conftest.made_kind(request.param, tmp_path) as made:
        yield made


def test_a_line_that_is_too_long_is_told_of_and_the_turn_goes_on(
    kind: Kind, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    running = kind.launch(tmp_path / "chat")
    running.start()
    assert running.turn(f"@text {MARK}").reason == "done"
    assert [line for line in running.all(sc.Notice) if line.text == TOO_LONG] != []
    assert running.texts()[-1] == MARK
    assert running.turn("@text again", "T2").reason == "done"
    assert len([line for line in running.all(sc.Notice) if line.text == TOO_LONG]) == 1
    assert TOO_LONG in capfd.readouterr().err
