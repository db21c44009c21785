"""Owns a link as a picture that a telephone reads from the terminal."""

from __future__ import annotations

from claudette_cli.terminal.output import Terminal

BORDER = 2


def picture(link: str, terminal: Terminal) -> str:
    """The link drawn in half blocks; empty where nobody looks, or it would not fit."""
    if not terminal.interactive or not terminal.draws_blocks:
        return ""
    # Imported here: only a sign-in pays for it.
    from io import StringIO

    import segno

    drawn = StringIO()
    code = segno.make(link, error="l", micro=False)
    code.terminal(out=drawn, border=BORDER, compact=True)
    fits = code.symbol_size(border=BORDER)[0] <= terminal.width
    return drawn.getvalue() if fits else ""
