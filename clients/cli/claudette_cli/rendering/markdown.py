"""Owns markdown on a terminal: the only place that knows rich, and the parser that rich uses."""

from __future__ import annotations

import re
from io import StringIO
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.syntax import Syntax
from rich.text import Text

from claudette_cli.terminal.output import Terminal, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Reference = dict[str, Any]

HELD = 8 * 1024
"""Characters: a link whose definition comes later than that is shown as it was written."""

_PARSER = MarkdownIt().enable("strikethrough").enable("table")
"""As rich has it."""
_BOXES = {"[ ] ": "☐", "[x] ": "☑"}
_REFERRING = re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]")


class _Heading(Heading):
    """At the left, where the text is."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class _CodeBlock(CodeBlock):
    """Without an edge of blanks and without breaks in its lines, so that what is copied from a
    terminal is the code. Inside of a list it is broken: rich would cut it there."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip()
        syntax = Syntax(code, self.lexer_name, theme=self.theme, word_wrap=True, padding=0)
        if options.max_width < console.width:
            yield syntax
            return
        text = syntax.highlight(code)
        text.rstrip()
        text.no_wrap, text.overflow = True, "ignore"
        yield text


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
    }


def _tick(tokens: Sequence[Token]) -> None:
    """Draws the boxes of a list of tasks."""
    for item, paragraph, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        begins = (item.type, paragraph.type) == ("list_item_open", "paragraph_open")
        if begins and inline.children and inline.children[0].type == "text":
            first = inline.children[0]
            box = _BOXES.get(first.content[:4].lower())
            first.content = f"{box} {first.content[4:]}" if box else first.content


def settled(text: str, defined: dict[str, Reference]) -> tuple[int, dict[str, Reference]]:
    """How many lines from the start are blocks that stay as they are whatever follows them, and
    which links are defined anywhere in it. The last block may still grow. `[text][label]` and
    `[label][]` wait for a definition; a `[label]` alone is more often none than a link."""
    env: dict[str, Any] = {"references": dict(defined)}
    starts, waiting = _starts(_PARSER.parse(harmless(text), env))
    lines = starts[-1] if starts else 0
    if waiting is not None and len(text) <= HELD:
        lines = min(lines, waiting)
    return lines, env["references"]


def definition(label: str, told: Reference) -> str:
    """As markdown has it."""
    title = re.sub(r'(["\\])', r"\\\1", told["title"])
    return f"[{label}]: <{told['href']}>" + (f' "{title}"' if title else "")


def _starts(tokens: Sequence[Token]) -> tuple[list[int], int | None]:
    """The lines where blocks begin; and of the first that refers to what is not defined."""
    starts: list[int] = []
    waiting: int | None = None
    for token in tokens:
        if token.level == 0 and token.nesting >= 0 and token.map:
            starts.append(token.map[0])
        if waiting is None and _REFERRING.search("".join(_texts(token))):
            waiting = starts[-1]
    return starts, waiting


def _texts(token: Token) -> Iterator[str]:
    """What is written in a paragraph and is nothing but text; anything else is a letter."""
    for child in token.children or ():
        yield child.content if child.type == "text" else "x"


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
    theme = "ansi_light" if Terminal.light else "ansi_dark"
    shown = _Markdown(harmless(text), code_theme=theme, hyperlinks=False)
    _tick(shown.parsed)
    console.print(shown, crop=False)
    return [line.rstrip() for line in target.getvalue().rstrip("\n").split("\n")]
