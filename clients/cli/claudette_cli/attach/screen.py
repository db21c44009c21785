"""Owns the interactive screen: the only place that knows prompt_toolkit.

Finished lines are printed above and belong to the terminal's own scrollback; only the lower part
is drawn again and again: what is growing, the queue, the open card, the input, the status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from prompt_toolkit.application import Application, in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import merge_key_bindings
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.processors import (
    BeforeInput,
    ConditionalProcessor,
    PasswordProcessor,
)
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar

from claudette_cli.attach import alerts, bindings, entry, lower, suspending, welcome
from claudette_cli.attach.completion import Offered
from claudette_cli.attach.draft import Draft
from claudette_cli.attach.entry import Entry
from claudette_cli.attach.first_line import PROMPT
from claudette_cli.attach.picture import Picture
from claudette_cli.attach.review import Review
from claudette_cli.attach.reviewing import Fetch, application, written
from claudette_cli.rendering import questions
from claudette_cli.terminal.output import output

Json = dict[str, Any]

ARM_SECONDS = 0.6
"""A card takes keys only after this: a letter of a message must never approve anything."""

LETTER_SECONDS = 0.3
"""A key decides only after this: until then more typing makes it the first letter of a message."""

ESCAPE_SECONDS = 0.05
INPUT_LINES = 8
_STYLE = Style.from_dict(
    {
        "status": "reverse",
        "filling": "ansiyellow",
        "nearly-full": "bold ansiyellow",
        "critical": "bold ansired",
        "queue": "ansibrightblack",
        "card": "bold ansiyellow",
        "prompt": "bold ansicyan",
        "waiting": "bold",
    }
)
_PLAIN_STYLE = Style.from_dict({"status": "reverse"})


class Seated(Protocol):
    """What a person can do at the screen."""

    def submit(self, text: str) -> None: ...

    def decide(self, decision: str, reason: str = "", scope: str = "once") -> None: ...

    def allow_all(self) -> None: ...

    def stop(self) -> None: ...

    def view(self) -> None: ...

    def answer(self, question: Json, text: str) -> None: ...

    def unfold(self) -> None: ...

    def go_on_to(self, wanted: str) -> None: ...


class Screen:
    """Draws pictures and turns keys into what a person wants."""

    def __init__(
        self, seated: Seated, *, colour: bool, typed: Callable[[], str] = lambda: ""
    ) -> None:
        """`typed` gives the keys from before there was a screen, when this one is drawn."""
        self.seated = seated
        self.picture: Picture | None = None
        """What is on the screen now; what a key means is about this."""
        self._armed_for = ""
        self._pressed: tuple[str, asyncio.TimerHandle] | None = None
        """The key about a card that may turn out to be a letter."""
        self.entry: Entry | None = None
        """What the line is for, if for no message."""
        self._covered: list[str] | None = None
        """What is to be printed once another screen does not lie over this one any more."""
        self._welcome: welcome.Found | None = None
        self.offered = Offered()
        self.draft = Draft(self.offered, self._accepted)
        self.line = self.draft.buffer
        self._search = SearchToolbar(text_if_not_searching="")
        self.tabbed: str | None = None
        """The text that is completed as soon as it is known how."""
        self._app: Application[None] = Application(
            layout=Layout(self._rows()),
            key_bindings=merge_key_bindings(
                [bindings.bindings(self), self.draft.keys(Condition(lambda: not self._hides()))]
            ),
            style=_STYLE if colour else _PLAIN_STYLE,
            erase_when_done=True,
        )
        self.alerts = alerts.Alerts(self._app.output)
        self._app.ttimeoutlen = ESCAPE_SECONDS
        # An Esc of its own is the stop key: what else begins with it comes at once behind it.
        self._app.timeoutlen = ESCAPE_SECONDS

        self._left = False
        self._typed = typed
        suspending.without_answers(self._app.input)

    async def run(self) -> None:
        ticking = asyncio.create_task(self._tick())
        try:
            with suspending.on_request(), self.alerts.titled():
                suspending.type_ahead(self._app.input, self._typed())
                await self._app.run_async(pre_run=self._leave_if_asked)
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        """While an agent works its time goes on, also when nothing else changes."""
        while True:
            await asyncio.sleep(1)
            if self.picture and self.picture.activity:
                self._app.invalidate()

    def leave(self) -> None:
        self._left = True
        self._leave_if_asked()

    def learn(self, commands: list[Json]) -> None:
        """What the daemon offers; a Tab may have asked for it already."""
        self.offered.learn(commands)
        if self.tabbed is not None and self.tabbed == self.line.text:
            self.line.start_completion(insert_common_part=True)
        self.tabbed = None

    def recall(self, kept: History, earlier: list[str]) -> None:
        """What was entered in the workspace before; what is typed or searched for goes on."""
        self.draft.history.keep_in(kept, earlier)
        self.line.reset(self.line.document)
        self._app.invalidate()

    def _leave_if_asked(self) -> None:
        if self._left and self._app.is_running and not self._app.is_done:
            self._app.exit()

    def greet(self, found: welcome.Found) -> None:
        """Shows what was found, as long as nobody has used the chat."""
        self._welcome = found
        self._app.invalidate()

    def look_through(self, review: Review, fetch: Fetch) -> None:
        """Lays the screen of a review over this one, until the person goes back."""
        self._app.create_background_task(self._under(application(review, fetch)))

    async def _under(self, other: Application[None]) -> None:
        self._covered = []
        async with in_terminal():
            await other.run_async()
        printed, self._covered = self._covered, None
        if printed:
            await self.print(printed)

    def enter(self, wanted: Entry) -> None:
        """What is entered next is no message."""
        self.entry = wanted
        self._app.invalidate()

    async def show(self, final: list[str], picture: Picture) -> None:
        """Prints what is final, and draws the rest."""
        before, self.picture = self.picture, picture
        self.alerts.take(before, picture)
        self.offered.asked(picture.asked)
        for now, then in (
            (_id(picture.permission), _id(before.permission if before else None)),
            (_id(picture.asked), _id(before.asked if before else None)),
        ):
            if now != then:
                self._turn_to(now, then)
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
        if self._covered is not None:
            self._covered += lines
            return
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

    def _turn_to(self, now: str, then: str) -> None:
        """A card or question is there, or is not there any more: what was typed about it must not
        become a message."""
        if then and self._armed_for == then:
            self._armed_for = ""
        if then and self.entry and self.entry.about == then:
            self.leave_entry()
        if now:
            asyncio.get_running_loop().call_later(ARM_SECONDS, self._arm, now)

    def _arm(self, asked: str) -> None:
        """From now on keys are about it; a letter of a message was none."""
        question = self.picture.asked if self.picture else None
        if asked == self._asked:
            self._armed_for = asked
        elif question and _id(question) == asked and self._answers(question):
            self.entry = entry.answer(question, partial(self.seated.answer, question))
        self._app.invalidate()

    def _answers(self, question: Json) -> bool:
        free = not self.line.text and self.entry is None and not self._asked
        return free and questions.takes_text(question)

    @property
    def _asked(self) -> str:
        return _id(self.picture.permission if self.picture else None)

    def card_takes_keys(self) -> bool:
        armed = bool(self._asked) and self._armed_for == self._asked
        free = not self.line.text and self.entry is None and self._pressed is None
        return armed and free

    def press(self, key: str, decide: Callable[[], None]) -> None:
        """A key about the card that is there now."""
        asked = self._asked

        def meant() -> None:
            self._pressed = None
            if self._asked == asked:
                decide()

        self._pressed = key, asyncio.get_running_loop().call_later(LETTER_SECONDS, meant)

    def is_pressed(self) -> bool:
        return self._pressed is not None

    def take_back(self, typed: str) -> None:
        """What was pressed was typed, and goes on so; without more it was nothing."""
        if self._pressed is not None:
            key, timer = self._pressed
            timer.cancel()
            self._pressed = None
            if typed:
                self.draft.paste(key + typed)

    def leave_entry(self) -> None:
        self.entry = None
        self.line.reset()

    def _rows(self) -> HSplit:
        return HSplit(
            [
                self._part(self._greeting),
                self._part(lambda: ANSI("\n".join(self._tail())) if self._tail() else []),
                self._part(lambda: lower.activity(self.picture) if self.picture else []),
                self._part(lambda: lower.queue(self.picture) if self.picture else []),
                self._part(self._question),
                self._part(lambda: lower.card(self.picture, self._width) if self.picture else []),
                self._part(self._keys_now, wrap=True),
                self._part(self.draft.beside, wrap=True),
                Window(
                    BufferControl(
                        self.line,
                        input_processors=[
                            ConditionalProcessor(PasswordProcessor(), Condition(self._hides)),
                            BeforeInput(self._prompt),
                        ],
                        search_buffer_control=self._search.control,
                        preview_search=True,
                    ),
                    height=Dimension(min=1, max=INPUT_LINES),
                    wrap_lines=True,
                    dont_extend_height=True,
                ),
                self._search,
                self._part(self.draft.choices),
                Window(
                    FormattedTextControl(lambda: written(lower.status(self.picture, self._width))),
                    height=1,
                    style="class:status",
                ),
            ]
        )

    def _part(self, text: Callable[[], Any], *, wrap: bool = False) -> ConditionalContainer:
        """Rows that are there while they say something."""
        control = FormattedTextControl(lambda: written(text()))
        window = Window(control, dont_extend_height=True, wrap_lines=wrap)
        return ConditionalContainer(window, filter=Condition(lambda: bool(text())))

    @property
    def _width(self) -> int:
        return self._app.output.get_size().columns

    def _tail(self) -> list[str]:
        return self.picture.tail if self.picture else []

    def _greeting(self) -> StyleAndTextTuples:
        if self._welcome is None or self.picture is None or not self.picture.unused:
            return []
        rows = welcome.lines(self._welcome, self._width)
        return [(style, f"{row}\n") for style, row in rows]

    def _question(self) -> StyleAndTextTuples:
        return lower.question(self.picture, self._width, self.entry) if self.picture else []

    def _keys_now(self) -> StyleAndTextTuples:
        if self.entry is not None:
            return [("class:queue", self.entry.hint)]
        if self.picture is None:
            return []
        armed, typing = self.card_takes_keys(), bool(self.line.text)
        return lower.card_keys(self.picture, self._width, armed=armed, typing=typing)

    def _hides(self) -> bool:
        return self.entry is not None and self.entry.hidden

    def _prompt(self) -> StyleAndTextTuples:
        return written([("class:prompt", self.entry.prompt if self.entry else PROMPT)])

    def _accepted(self, buffer: Buffer) -> bool:
        text = self.draft.whole(buffer.text).strip()
        if text:
            self.seated.submit(text)
        return False

    def enter_line(self) -> None:
        entered = self.entry
        text = self.draft.whole(self.line.text).strip()
        if entered is None or (entered.commands and text.startswith("/")):
            self.line.validate_and_handle()
            return
        self.leave_entry()
        entered.take(text)

    def clear(self) -> None:
        """A draft is kept where the arrow up finds it."""
        if self.entry is None:
            self.line.append_to_history()
        self.leave_entry()


def _id(asked: Json | None) -> str:
    return str(asked["id"]) if asked else ""


def _write(text: str) -> None:
    output().write(text)
