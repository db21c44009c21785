"""What a vendor's program writes comes as whole lines however it is cut, up to a limit."""

import pytest

from claudetted.harnesses.vendor_lines import VendorLines


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_lines_are_whole_however_they_are_cut(size: int) -> None:
    told = b"one\n\ntwo\r\n \nthree\nrest"
    lines = VendorLines()
    found = [line for at in range(0, len(told), size) for line in lines.feed(told[at : at + size])]
    assert found == [b"one", b"two\r", b"three"]


@pytest.mark.parametrize("size", [3, 7, 100])
def test_a_line_over_the_limit_is_left_out_and_the_next_ones_are_not(size: int) -> None:
    told = b"fine\n" + b"x" * 50 + b"\nalso\n" + b"y" * 50 + b"\nlast\n"
    lines = VendorLines(limit=20)
    found = [line for at in range(0, len(told), size) for line in lines.feed(told[at : at + size])]
    assert found == [b"fine", b"also", b"last"]
    assert (lines.left_out(), lines.left_out()) == (2, 0)


def test_a_line_over_the_limit_is_told_before_it_ends() -> None:
    lines = VendorLines(limit=20)
    assert (lines.feed(b"x" * 30), lines.unfinished, lines.left_out()) == ([], 30, 1)
    assert (lines.feed(b"x\nok\n"), lines.unfinished, lines.left_out()) == ([b"ok"], 0, 0)
