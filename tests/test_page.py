"""Every promise of the pages has a test that exists."""

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


def exists(path: str, name: str) -> bool:
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.search(rf"^(async )?def {name}\(", text, re.MULTILINE) is not None


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
            assert exists(path, name), f"row {number}: {path} has no {name}"


def test_every_row_of_what_permissions_hold_names_a_test_that_exists() -> None:
    text = (ROOT / "claudetted/permissions/README.md").read_text(encoding="utf-8")
    table = text.partition("| what holds | by what | shown by |\n|---|---|---|\n")[2]
    promised = table.partition("\n\n")[0].splitlines()
    assert len(promised) > 8
    for row in promised:
        named = TEST.findall(row)
        assert named, row
        assert all(exists(path, name) for path, name in named), row
