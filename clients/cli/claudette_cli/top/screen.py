"""Owns the screen of `top`: the table as it changes, and the keys."""

from __future__ import annotations

import threading

from claudette_cli.client.daemon import Daemon
from claudette_cli.exits import Failure
from claudette_cli.terminal.output import harmless
from claudette_cli.top.table import Table
from claudette_cli.top.watching import Watcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyPressEvent

HINT = "j k move · Enter attach · s stop · q quit"
_LEAST_PAUSE = 0.5
"""Seconds between two drawings, however much happens."""
_STYLES = {"waiting": "ansiyellow", "running": "ansigreen", "failed": "ansired"}


def show(table: Table) -> str:
    """Until a person leaves: the id of the chat they want to attach to, or nothing."""
    # Imported here: only a terminal pays for it.
    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window

    keys = KeyBindings()
    said: list[str] = []

    @keys.add("j")
    @keys.add("down")
    def _(event: KeyPressEvent) -> None:
        table.move(1)

    @keys.add("k")
    @keys.add("up")
    def _(event: KeyPressEvent) -> None:
        table.move(-1)

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        if chat_id := table.mark():
            event.app.exit(result=chat_id)

    @keys.add("s")
    def _(event: KeyPressEvent) -> None:
        if chat_id := table.mark():
            # In a thread: the screen goes on while the daemon answers.
            threading.Thread(target=_stop, args=(chat_id, said), daemon=True).start()

    @keys.add("q")
    @keys.add("escape", eager=True)
    @keys.add("c-c")
    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result="")

    def shown() -> StyleAndTextTuples:
        size = application.output.get_size()
        return _lines(table, size.columns, size.rows - 1, said[-1] if said else HINT)

    application: Application[str] = Application(
        Layout(HSplit([Window(FormattedTextControl(shown))])),
        key_bindings=keys,
        full_screen=True,
        min_redraw_interval=_LEAST_PAUSE,
    )

    def failed(why: BaseException) -> None:
        loop = application.loop
        if loop is not None:
            loop.call_soon_threadsafe(lambda: application.exit(exception=why))

    with Watcher(table, application.invalidate, failed) as watcher:
        return application.run(pre_run=watcher.start)


def _lines(table: Table, width: int, height: int, below: str) -> StyleAndTextTuples:
    """The head, as many rows around the marked one as there is room for, and a last line."""
    marked, rows = table.mark(), table.rows
    at = next((n for n, chat in enumerate(rows) if chat["id"] == marked), 0)
    room = max(1, height - 3)
    start = max(0, min(at - room // 2, len(rows) - room))
    lines: StyleAndTextTuples = [
        ("bold", f"{table.sum()[: width - 1]}\n"),
        ("", f"{table.head(width - 1)}\n"),
    ]
    for chat in rows[start : start + room]:
        style = "reverse" if chat["id"] == marked else ""
        style = f"{style} {_STYLES.get(chat.get('status', {}).get('name', ''), '')}"
        lines.append((style, f"{table.row(chat, width - 1)}\n"))
    if not rows:
        lines.append(("", "No chat does anything.\n"))
    lines.append(("", below[: width - 1]))
    return lines


def _stop(chat_id: str, said: list[str]) -> None:
    try:
        with Daemon() as daemon:
            stopped = daemon.call("turn/stop", {"chatId": chat_id})["stopped"]
        said.append(f"{chat_id}: " + ("stopped" if stopped else "nothing was running"))
    except Failure as failure:
        said.append(harmless(failure.message).split("\n", 1)[0])
