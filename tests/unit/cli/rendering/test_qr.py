"""A link is drawn for telephones on a terminal that can show it, and nowhere else."""

import io

import segno

from claudette_cli.rendering.qr import BORDER, picture
from claudette_cli.terminal.output import Terminal

LINK = "https://github.com/login/device"


class Screen(io.TextIOWrapper):
    def __init__(self, encoding: str, tty: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def on(encoding: str = "utf-8", tty: bool = True) -> Terminal:
    return Terminal(Screen(encoding, tty))


def modules(drawn: str) -> list[list[bool]]:
    """Which are dark, read from the half blocks as a camera would."""
    light = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
    rows: list[list[bool]] = []
    for line in drawn.splitlines():
        rows.append([not light[block][0] for block in line])
        rows.append([not light[block][1] for block in line])
    return rows


def test_what_is_drawn_is_the_link() -> None:
    matrix = segno.make(LINK, error="l", micro=False).matrix_iter(border=BORDER)
    wanted = [[bool(module) for module in row] for row in matrix]
    assert modules(picture(LINK, on()))[: len(wanted)] == wanted


def test_nothing_is_drawn_in_a_pipe_or_without_the_letters_for_it() -> None:
    assert picture(LINK, on(tty=False)) == ""
    assert picture(LINK, on("ascii")) == ""


def test_nothing_is_drawn_that_does_not_fit() -> None:
    assert picture("https://x.example/" + "y" * 1000, on()) == ""
