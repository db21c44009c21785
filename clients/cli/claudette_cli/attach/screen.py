"""Owns the interactive screen: the only place that knows prompt_toolkit.

Finished lines are printed above and belong to the terminal's own scrollback; only the lower part
is drawn again and again: what is growing, the queue, the open card, the input, the status.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from functools import partial
from typing import Protocol

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.styles import Style

from claudette_cli.attach.completion import Offered
from claudette_cli.attach.picture import Picture, asked_line
from claudette_cli.rendering import cards
from claudette_cli.terminal import clip

ARM_SECONDS = 0.6
"""A card takes keys only after this: a letter of a message must never approve anything."""

ESCAPE_SECONDS = 0.05
INPUT_LINES = 8
CHOICES = 8
_STYLE = Style.from_dict(
    {
        "status": "reverse",
        "filling": "ansiyellow",
        "nearly-full": "bold ansiyellow",
        "critical": "bold ansired",
        "queue": "ansibrightblack",
        "card": "bold ansiyellow",
        "prompt": "bold ansicyan",
    }
)
_PLAIN_STYLE = Style.from_dict({"status": "reverse"})


class Seated(Protocol):
    """What a person can do at the screen."""

    def submit(self, text: str) -> None: ...

    def decide(self, decision: str, reason: str = "", scope: str = "once") -> None: ...

    def stop(self) -> None: ...

    def unfold(self) -> None: ...


class Screen:
    """Draws pictures and turns keys into what a person wants."""

    def __init__(self, seated: Seated, *, colour: bool) -> None:
        self._seated = seated
        self.picture: Picture | None = None
        """What is on the screen now; what a key means is about this."""
        self._armed_for = ""
        self._giving_reason = False
        self.offered = Offered()
        self._input = Buffer(
            multiline=True,
            history=InMemoryHistory(),
            accept_handler=self._accepted,
            # In a thread: the first to ask waits for what the daemon offers.
            completer=ThreadedCompleter(_Completions(self.offered)),
        )
        self._app: Application[None] = Application(
            layout=Layout(self._rows()),
            key_bindings=self._keys(),
            style=_STYLE if colour else _PLAIN_STYLE,
            erase_when_done=True,
        )
        self._app.ttimeoutlen = ESCAPE_SECONDS
        # An Esc of its own is the stop key: what else begins with it comes at once behind it.
        self._app.timeoutlen = ESCAPE_SECONDS

    async def run(self) -> None:
        await self._app.run_async()

    def leave(self) -> None:
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    async def show(self, final: list[str], picture: Picture) -> None:
        """Prints what is final, and draws the rest."""
        before, self.picture = self.picture, picture
        self.offered.asked(picture.asked)
        asked = picture.permission["id"] if picture.permission else ""
        if asked != (before.permission["id"] if before and before.permission else ""):
            self._await_arming(asked)
        if final:
            await self.print(final)
        else:
            self._app.invalidate()

    async def print(self, lines: list[str]) -> None:
        """Above the part that is redrawn, for ever.

        The terminal stays as it is meanwhile. Set back to lines, as `run_in_terminal` does, it
        would turn an Enter of that moment into a new line of the message, and a Ctrl-C into a
        signal.
        """
        text = "".join(f"{line}\n" for line in lines)
        if self._app.output.responds_to_cpr:
            # What the terminal still has to tell is about where the lower part is now.
            await self._app.renderer.wait_for_cpr_responses()
        if not self._app.is_running or self._app.is_done:
            _write(text)
            return
        self._app.renderer.erase()
        _write(text)
        self._app.renderer.request_absolute_cursor_position()
        self._app.invalidate()

    def _await_arming(self, asked: str) -> None:
        self._armed_for = ""
        if self._giving_reason:
            # The card went away: what was typed about it must not become a message.
            self._giving_reason = False
            self._input.reset()
        if asked:
            asyncio.get_running_loop().call_later(ARM_SECONDS, self._arm, asked)

    def _arm(self, asked: str) -> None:
        if self._asked == asked:
            self._armed_for = asked
            self._app.invalidate()

    @property
    def _asked(self) -> str:
        permission = self.picture.permission if self.picture else None
        return str(permission["id"]) if permission else ""

    def _card_takes_keys(self) -> bool:
        armed = bool(self._asked) and self._armed_for == self._asked
        return armed and not self._input.text and not self._giving_reason

    def _rows(self) -> HSplit:
        return HSplit(
            [
                self._part(lambda: ANSI("\n".join(self._tail())), lambda: bool(self._tail())),
                self._part(self._queue_text, lambda: bool(self._queue_text())),
                self._part(self._question_text, lambda: bool(self._question_text())),
                self._part(self._card_text, lambda: bool(self._asked)),
                self._part(self._card_keys, lambda: bool(self._asked), wrap=True),
                Window(
                    BufferControl(self._input, input_processors=[BeforeInput(self._prompt)]),
                    height=Dimension(min=1, max=INPUT_LINES),
                    wrap_lines=True,
                    dont_extend_height=True,
                ),
                self._part(self._choices, lambda: bool(self._choices())),
                Window(
                    FormattedTextControl(self._status),
                    height=1,
                    style="class:status",
                ),
            ]
        )

    def _part(self, text: object, shown: object, *, wrap: bool = False) -> ConditionalContainer:
        window = Window(
            FormattedTextControl(text),  # type: ignore[arg-type]  # a callable that returns text
            dont_extend_height=True,
            wrap_lines=wrap,
        )
        return ConditionalContainer(window, filter=Condition(shown))  # type: ignore[arg-type]

    def _tail(self) -> list[str]:
        return self.picture.tail if self.picture else []

    def _queue_text(self) -> StyleAndTextTuples:
        lines = self.picture.queue if self.picture else []
        return [("class:queue", "\n".join(lines))] if lines else []

    def _question_text(self) -> StyleAndTextTuples:
        question = self.picture.asked if self.picture else None
        return [("class:card", asked_line(question))] if question else []

    def _choices(self) -> StyleAndTextTuples:
        """What Tab offers, around what it has put into the line."""
        state = self._input.complete_state
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

    def _card_text(self) -> StyleAndTextTuples:
        return [("class:card", self.picture.question if self.picture else "")]

    def _card_keys(self) -> StyleAndTextTuples:
        if self._giving_reason:
            keys = "Enter denies with this reason · Esc goes back"
        elif self._card_takes_keys():
            assert self.picture and self.picture.permission
            keys = cards.keys(self.picture.permission)
        else:
            keys = "clear the line to answer" if self._input.text else "…"
        return [("", keys)]

    def _prompt(self) -> StyleAndTextTuples:
        return [("class:prompt", "why not? " if self._giving_reason else "▸ ")]

    def _status(self) -> StyleAndTextTuples:
        """The meter stands out as the context fills."""
        if self.picture is None:
            return [("", " connecting… ")]
        status, filling = self.picture.status, self.picture.filling
        if not filling:
            return [("", f" {status} ")]
        before, meter, after = status.partition(self.picture.meter)
        return [
            ("", f" {before}"),
            (f"class:{filling.replace(' ', '-')}", meter),
            ("", f"{after} "),
        ]

    def _accepted(self, buffer: Buffer) -> bool:
        text = buffer.text.strip()
        if self._giving_reason:
            self._giving_reason = False
            self._seated.decide("deny", text)
        elif text:
            self._seated.submit(text)
        return False

    def _offers(self, key: str) -> bool:
        permission = self.picture.permission if self.picture else None
        return permission is not None and cards.scope_of(permission, key) is not None

    def _allow(self, key: str, _: KeyPressEvent) -> None:
        scope, _words = cards.SCOPE_KEYS[key]
        self._seated.decide("allow", scope=scope)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        card = Condition(self._card_takes_keys)

        for key in cards.SCOPE_KEYS:
            keys.add(key, filter=card & Condition(partial(self._offers, key)))(
                partial(self._allow, key)
            )

        @keys.add("d", filter=card)
        def _deny(_: KeyPressEvent) -> None:
            self._seated.decide("deny")

        @keys.add("r", filter=card)
        def _reason(_: KeyPressEvent) -> None:
            self._giving_reason = True

        @keys.add("tab")
        def _complete(_: KeyPressEvent) -> None:
            if self._input.complete_state:
                self._input.complete_next()
            else:
                self._input.start_completion(insert_common_part=True)

        @keys.add("s-tab")
        def _complete_back(_: KeyPressEvent) -> None:
            self._input.complete_previous()

        @keys.add("enter")
        def _enter(_: KeyPressEvent) -> None:
            self._input.validate_and_handle()

        @keys.add("c-j")
        @keys.add("escape", "enter")
        def _newline(_: KeyPressEvent) -> None:
            self._input.insert_text("\n")

        @keys.add("escape")
        def _escape(_: KeyPressEvent) -> None:
            if self._giving_reason:
                self._giving_reason = False
                self._input.reset()
            else:
                self._seated.stop()

        @keys.add("c-o")
        def _unfold(_: KeyPressEvent) -> None:
            self._seated.unfold()

        @keys.add("c-c")
        @keys.add("c-d", filter=Condition(lambda: not self._input.text))
        def _detach(_: KeyPressEvent) -> None:
            self.leave()

        return keys


class _Completions(Completer):
    """What is offered, as the line wants it."""

    def __init__(self, offered: Offered) -> None:
        self._offered = offered

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        typed = document.text_before_cursor
        last = len(typed.rpartition(" ")[2])
        for text, about in self._offered.complete(typed):
            yield Completion(text, start_position=-last, display_meta=about)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
