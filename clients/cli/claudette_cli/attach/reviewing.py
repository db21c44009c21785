"""Owns the screen on which a chat is looked through, over the one of the seat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples, to_formatted_text
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window

from claudette_cli.attach.review import HINT, Review
from claudette_cli.terminal import signs

Json = dict[str, Any]
Fetch = Callable[[Json, Callable[[str], None]], None]


def written(text: Any) -> StyleAndTextTuples:
    """As the output takes it: prompt_toolkit would write question marks."""
    return [(style, signs.written(shown)) for style, shown, *_ in to_formatted_text(text)]


def application(review: Review, fetch: Fetch) -> Application[None]:
    """Ends when the person goes back. `fetch` finds the whole text of an item, in another thread,
    and gives it to what it is given, in this one."""
    keys = KeyBindings()

    def rows() -> StyleAndTextTuples:
        size = app.output.get_size()
        return written(ANSI("\n".join(review.rows(size.rows - 1, size.columns))))

    def toggle(_: KeyPressEvent | None = None) -> None:
        item = review.chosen
        if item is None:
            return
        if review.is_open(item):
            review.fold(item)
        else:
            review.open(item, item.get("text", ""))
            fetch(item, lambda text: opened(item, text))
        app.invalidate()

    def opened(item: Json, text: str) -> None:
        if review.is_open(item):
            review.open(item, text)
            app.invalidate()

    def scroll(pages: int) -> None:
        review.scroll(pages * max(1, app.output.get_size().rows - 3))

    for names, act in (
        (("up", "k"), lambda _: review.move(-1)),
        (("down", "j"), lambda _: review.move(1)),
        (("pageup", "b"), lambda _: scroll(-1)),
        (("pagedown", "f"), lambda _: scroll(1)),
        (("enter", " ", "c-o"), toggle),
        (("q", "escape", "c-c", "c-d"), lambda event: event.app.exit()),
    ):
        for name in names:
            keys.add(name, eager=name == "escape")(act)
    parts = [
        Window(FormattedTextControl(rows)),
        Window(FormattedTextControl(written(HINT)), 1, style="reverse"),
    ]
    app: Application[None] = Application(Layout(HSplit(parts)), key_bindings=keys, full_screen=True)
    app.pre_run_callables.append(toggle)
    return app
