"""Owns picking one of many on a terminal, models or chats: type to search, arrows to move."""

from __future__ import annotations

from claudette_cli.terminal.output import cut, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

HINT = "Type to search, ↑ ↓ to move, Tab shows all, Enter takes, Esc leaves."


class Choice:
    """What is searched for, what of it is shown, and which row is marked. Pure."""

    def __init__(self, models: list[Json], current: str) -> None:
        self._agents = list(dict.fromkeys(_agent(row) for row in models))
        self._models = sorted(models, key=lambda row: self._agents.index(_agent(row)))
        self._current = current
        self.all = False
        self.text = ""
        self._at = 0
        self._rows = self._found()
        ids = [row["id"] for row in self._rows]
        self._at = ids.index(current) if current in ids else 0

    @property
    def rows(self) -> list[Json]:
        return self._rows

    @property
    def marked(self) -> Json | None:
        return self._rows[self._at] if self._rows else None

    def search(self, text: str) -> None:
        """One search over everything: ids, names and groups."""
        self.text = text
        self._rows, self._at = self._found(), 0

    def show_all(self) -> None:
        self.all = not self.all
        self._rows, self._at = self._found(), 0

    def move(self, by: int) -> None:
        if self._rows:
            self._at = (self._at + by) % len(self._rows)

    def lines(self, height: int, width: int) -> list[tuple[bool, str]]:
        """The rows around the marked one, with the heads of their groups."""
        lines: list[tuple[bool, str]] = []
        marked_line, head = 0, ""
        for at, row in enumerate(self._rows):
            if self.heading(row) != head:
                head = self.heading(row)
                lines.append((False, self._head(head)))
            if at == self._at:
                marked_line = len(lines)
            lines.append((at == self._at, self._line(row, width)))
        start = max(0, min(marked_line - height // 2, len(lines) - height))
        return lines[start : start + height]

    def _found(self) -> list[Json]:
        words = self.text.lower().split()
        if words:
            return [row for row in self._models if all(word in _haystack(row) for word in words)]
        return [
            row
            for row in self._models
            if self.all or row.get("primary") or row["id"] == self._current
        ]

    def heading(self, row: Json) -> str:
        """Which group it is in, and of several agents which one runs it."""
        return f"{_agent(row)}: {row['group']}" if len(self._agents) > 1 else str(row["group"])

    def _head(self, heading: str) -> str:
        total = sum(self.heading(row) == heading for row in self._models)
        shown = sum(self.heading(row) == heading for row in self._rows)
        more = f" (Tab: show all {total})" if shown < total and not self.text else ""
        return f"{heading}{more}"

    def _line(self, row: Json, width: int) -> str:
        mark = "•" if row["id"] == self._current else " "
        about = row.get("label") or f"{row['id']}  {row['name']}{window(row)}"
        return cut(line(f"{mark} {about}"), width - 4)


def window(row: Json) -> str:
    size = row.get("contextWindow")
    return f"  {round(size / 1000)}k" if size else ""


def _haystack(row: Json) -> str:
    return f"{row['id']} {row['name']} {row['group']} {_agent(row)}".lower()


def _agent(row: Json) -> str:
    """Of a model; other rows have none."""
    return str(row.get("runtime", "Pi" if "primary" in row else ""))


def pick(models: list[Json], current: str) -> str | None:
    """The id that a person chose, or None."""
    # Imported here: only a terminal pays for it.
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
    from prompt_toolkit.layout.processors import BeforeInput

    choice = Choice(models, current)
    buffer = Buffer(multiline=False, on_text_changed=lambda changed: choice.search(changed.text))
    keys = KeyBindings()
    keys.add("up")(lambda event: choice.move(-1))
    keys.add("down")(lambda event: choice.move(1))
    keys.add("tab")(lambda event: choice.show_all())

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        if choice.marked:
            event.app.exit(result=choice.marked["id"])

    @keys.add("escape", eager=True)
    @keys.add("c-c")
    @keys.add("c-d")
    def _(event: KeyPressEvent) -> None:
        event.app.exit(result=None)

    def shown() -> StyleAndTextTuples:
        size = application.output.get_size()
        lines = choice.lines(max(3, min(20, size.rows - 3)), size.columns)
        return [("reverse" if marked else "", f"{text}\n") for marked, text in lines]

    search = Window(BufferControl(buffer, [BeforeInput("Search: ")]), height=1)
    parts = [search, Window(FormattedTextControl(shown)), Window(FormattedTextControl(HINT), 1)]
    application: Application[str | None] = Application(
        Layout(HSplit(parts), focused_element=search), key_bindings=keys, erase_when_done=True
    )
    return application.run()
