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
    assert (found, lines.skipped) == ([b"fine", b"also", b"last"], 2)
