"""A table of processes fits the terminal, whatever their commands are like."""

import pytest

from claudette_cli.commands.processes import fitted
from claudette_cli.terminal.output import columns

CHAT = "c" * 12
LONG = {
    "pid": 4194304,
    "kind": "job",
    "command": "日本 --flag\n" * 99,
    "chatId": CHAT,
    "memory": 1023_000_000,
}
SHORT = {"pid": 7, "kind": "keeper", "command": "keeper", "why": "It keeps the agents running."}


@pytest.mark.parametrize("width", [39, 69, 70, 79, 119])
@pytest.mark.parametrize("why", ["", "Used just now.", "It waits: " + "why " * 99])
def test_a_row_is_one_line_with_a_whole_id(width: int, why: str) -> None:
    row = "".join(fitted({**LONG, "why": why}, width))
    assert columns(row) <= width
    assert CHAT in row and "\n" not in row


def test_what_fits_is_whole() -> None:
    row, why = fitted(SHORT, 99)
    assert (row.split(), why) == (["7", "keeper", "0", "B", "keeper"], SHORT["why"])
    row, why = fitted({**LONG, "command": "make", "why": "The chat's agent started it."}, 79)
    assert row.endswith(f"{CHAT}  make  ") and why == "The chat's agent started it."
    assert "".join(fitted(LONG, 100_000)).count("--flag") == 99
