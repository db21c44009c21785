"""Owns the line that a person types in: its history, what is pasted, and what Tab offers."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from claudette_cli.attach.completion import Offered
from claudette_cli.terminal.output import clip

CHOICES = 8
PASTE_LINES, PASTE_LENGTH = 8, 1500
"""A paste above either is shown as one mark and sent whole."""

_MARK = re.compile(r"\[paste (\d+): [^\]]*\]")


class Draft:
    """One buffer for a seat; `accepted` is given each text that is entered, whole."""

    def __init__(self, offered: Offered, accepted: Callable[[Buffer], bool]) -> None:
        self._pastes: list[str] = []
        self.announce: Callable[[str], str] = lambda _text: ""
        """What goes with a text beside it, in words."""
        self.history = Recalled(self.whole)
        self.buffer = _Line(
            multiline=True,
            history=self.history,
            accept_handler=accepted,
            # It never waits: a buffer that still completes takes no further Tab.
            completer=_Completions(offered),
            tempfile_suffix=".md",
        )

    def whole(self, text: str) -> str:
        """The text with what was pasted where its mark stands."""
        return _MARK.sub(self._pasted, text)

    def _pasted(self, mark: re.Match[str]) -> str:
        number = int(mark[1])
        known = 0 < number <= len(self._pastes)
        return self._pastes[number - 1] if known else mark[0]

    def paste(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.count("\n") + 1
        if lines <= PASTE_LINES and len(text) <= PASTE_LENGTH:
            self.buffer.insert_text(text)
            return
        self._pastes.append(text)
        size = f"{lines} lines" if lines > 1 else f"{len(text)} characters"
        self.buffer.insert_text(f"[paste {len(self._pastes)}: {size}]")

    def beside(self) -> StyleAndTextTuples:
        """What goes with the text as it is typed so far."""
        words = self.announce(self.buffer.text)
        return [("class:queue", words)] if words else []

    def choices(self) -> StyleAndTextTuples:
        """What Tab offers, around what it has put into the line."""
        state = self.buffer.complete_state
        if state is None or len(state.completions) < 2:
            return []
        total, at = len(state.completions), state.complete_index or 0
        first = max(0, min(at - CHOICES // 2, total - CHOICES))
        shown: StyleAndTextTuples = []
        for number, choice in enumerate(state.completions[first : first + CHOICES], first):
            about = clip(choice.display_meta_text, 60)
            shown.append(("", "\n" if shown else ""))
            shown.append(("reverse" if number == state.complete_index else "", choice.display_text))
            shown.append(("class:queue", f"  {about}" if about else ""))
        if total > CHOICES:
            shown.append(("class:queue", f"\n… {total} in all"))
        return shown

    def keys(self, shown: Condition) -> KeyBindings:
        """Those that only change what is typed; an editor only gets what is `shown`."""
        keys = KeyBindings()

        @keys.add(Keys.BracketedPaste)
        def _paste(event: KeyPressEvent) -> None:
            self.paste(event.data)

        @keys.add("c-x", "c-e", filter=shown)
        def _edit(event: KeyPressEvent) -> None:
            self.buffer.text = self.whole(self.buffer.text)
            self.buffer.open_in_editor()

        @keys.add("c-j")
        @keys.add("escape", "enter")
        def _newline(_: KeyPressEvent) -> None:
            self.buffer.insert_text("\n")

        @keys.add("s-tab")
        def _complete_back(_: KeyPressEvent) -> None:
            self.buffer.complete_previous()

        return keys


class _Line(Buffer):
    """Its history is in it from the beginning: an arrow up may come before it is drawn."""

    def reset(self, document: Document | None = None, append_to_history: bool = False) -> None:
        super().reset(document, append_to_history)
        cursor, earlier = self.cursor_position, self.history.get_strings()
        self._working_lines.extendleft(reversed(earlier))
        self.working_index = len(earlier)
        self.cursor_position = cursor

    def load_history_if_not_yet_loaded(self) -> None:
        """It is."""


class Recalled(History):
    """What was entered before: in this run, and once its file is known in earlier ones."""

    def __init__(self, whole: Callable[[str], str]) -> None:
        super().__init__()
        self._whole = whole
        self._kept: History = InMemoryHistory()

    def keep_in(self, kept: History, earlier: list[str]) -> None:
        """From now on there, with what was entered meanwhile; `earlier` has the newest first."""
        for text in reversed(self._loaded_strings):
            kept.store_string(self._whole(text))
        self._kept = kept
        self._loaded_strings += earlier

    def load_history_strings(self) -> Iterable[str]:
        return self._kept.load_history_strings()

    def store_string(self, string: str) -> None:
        self._kept.store_string(self._whole(string))


def kept_history(path: str) -> tuple[History, list[str]]:
    """A file that is the user's alone, and what it has, the newest first. Raises OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    kept = FileHistory(path)
    return kept, list(kept.load_history_strings())


def history_path(data: str, workspace: str) -> str:
    """One file for each workspace. Pure."""
    name = hashlib.sha256(os.fsencode(workspace)).hexdigest()[:16]
    return os.path.join(data, "drafts", name)


class _Completions(Completer):
    """What is offered, as the line wants it."""

    def __init__(self, offered: Offered) -> None:
        self._offered = offered

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        typed = document.text_before_cursor
        last = len(re.split(r"[ \n]", typed)[-1])
        for text, about in self._offered.complete(typed):
            yield Completion(text, start_position=-last, display_meta=about)
