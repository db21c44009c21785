"""Owns markdown on a terminal: the only place that knows rich."""

from io import StringIO

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from claudette_cli.terminal import harmless


def rows(line: str, width: int) -> int:
    """How many rows of a terminal a line takes, which may be styled."""
    return max(1, -(-Text.from_ansi(line).cell_len // width))


def render(text: str, width: int, *, colour: bool) -> list[str]:
    """The text as lines for a terminal of this width."""
    target = StringIO()
    console = Console(
        file=target,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(Markdown(harmless(text), code_theme="ansi_dark", hyperlinks=False))
    return [line.rstrip() for line in target.getvalue().rstrip("\n").split("\n")]
