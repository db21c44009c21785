"""Every promise of the page has a number, a test that exists, and no empty cell."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[tuple[int, list[str]]]:
    text = (ROOT / "harness/README.md").read_text(encoding="utf-8")
    return [
        (int(number), [cell.strip() for cell in rest.split(" | ")])
        for number, rest in ROW.findall(text)
    ]


def test_no_number_is_missing() -> None:
    numbers = [number for number, _ in rows()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_cell_is_empty() -> None:
    assert [number for number, cells in rows() if len(cells) != 4 or not all(cells)] == []


def test_every_test_exists() -> None:
    for number, cells in rows():
        named = TEST.findall(cells[2])
        assert named, f"row {number} names no test"
        for path, name in named:
            found = re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)
            assert found, f"row {number}: {path} has no {name}"
