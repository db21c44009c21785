"""Owns sitting in a chat: joins the reader's thread, the screen and the person's errands."""

from __future__ import annotations

import asyncio

from claudette_cli import deciding
from claudette_cli.attach import slash
from claudette_cli.attach.errands import Errands, call
from claudette_cli.attach.picture import Picture
from claudette_cli.attach.reader import Reader
from claudette_cli.attach.screen import Screen
from claudette_cli.calling import Daemon, new_key
from claudette_cli.exits import DONE, Failure, Refused
from claudette_cli.reading import whole_text
from claudette_cli.rendering.items import Painter
from claudette_cli.rendering.questions import value_of
from claudette_cli.terminal import harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Seat:
    """One person in one chat, until they detach."""

    def __init__(self, chat_id: str) -> None:
        self._chat_id = chat_id
        self._terminal = output()
        self._reader = Reader(chat_id, self._terminal)
        self._screen = Screen(self, colour=self._terminal.colour)
        self._errands = Errands(self._tell)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: Failure | None = None
        self._deleted = False

    def run(self) -> int:
        asyncio.run(self._sit())
        if self._failure is not None:
            raise self._failure
        if not self._deleted:
            hint = f"Detached; the chat goes on: claudette attach {self._chat_id}"
            self._terminal.say(self._terminal.paint(hint, "dim"))
        return DONE

    async def _sit(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader.start(self._show_soon, self._over_soon)
        self._errands.aside(self._learn)
        try:
            await self._screen.run()
        finally:
            # The reader may be waiting for this loop to draw, so the loop must go on.
            await asyncio.to_thread(self._reader.close)
            await asyncio.to_thread(self._errands.close)

    def submit(self, text: str) -> None:
        command, argument = slash.parse(text)
        if command:
            self._do_here(command, argument)
            return
        if text.split()[0] == "/help":
            self._say([*slash.help_lines(), ""])
        self._send(text)

    def _send(self, text: str, *, literal: bool = False) -> None:
        request = self._request(text=text, literal=literal, key=new_key())
        if slash.is_at_once(text) and not literal:
            self._errands.aside(lambda: call("turn/send", request))
        else:
            self._errands.in_order(lambda: self._send_now(request))
        if text.startswith("/"):
            self._errands.aside(self._learn)

    def _send_now(self, request: dict[str, Any]) -> None:
        """A steer is in no queue and not yet in the chat: nothing else would show it."""
        if call("turn/send", request)["state"] == "steering":
            said = "steers: it goes in as soon as the agent can take it"
            self._say([self._terminal.paint(said, "dim"), ""])

    def decide(self, decision: str, reason: str = "", scope: str = "once") -> None:
        permission = self._screen.picture.permission if self._screen.picture else None
        if permission is None:
            self._tell("Nothing waits for a decision.")
            return
        self._errands.aside(lambda: self._decide(permission, decision, reason, scope))

    def stop(self) -> None:
        if self._screen.picture and self._screen.picture.running:
            self._errands.aside(lambda: call("turn/stop", self._request()))

    def unfold(self) -> None:
        item = self._screen.picture.last_tool if self._screen.picture else None
        if item is None:
            self._tell("No tool was called yet.")
        else:
            self._errands.aside(lambda: self._print_whole(item))

    def _do_here(self, command: str, argument: str) -> None:
        if command in ("/detach", "/quit"):
            self._screen.leave()
        elif command == "/unfold":
            self.unfold()
        elif command == "/approve":
            self.decide("allow")
        elif command == "/deny":
            self.decide("deny", argument)
        elif command == "/answer":
            self._errands.aside(lambda: self._answer(argument))
        elif command == "/say" and argument:
            self._send(argument, literal=True)
        elif command == "/queue":
            self._errands.aside(self._print_queue)

    def _learn(self) -> None:
        """What can be completed; it changes with models, providers and trust."""
        with Daemon() as daemon:
            told = daemon.call("command/list", self._request())
        self._screen.offered.learn(told.get("commands", []))

    def _answer(self, typed: str) -> None:
        """The question that the screen shows; who was faster is told by an event."""
        question = self._screen.picture.asked if self._screen.picture else None
        if question is None:
            self._tell("Nothing is asked.")
            return
        answer = {"questionId": question["id"], "value": value_of(question, typed)}
        call("question/answer", answer | {"key": new_key()})

    def _print_queue(self) -> None:
        with Daemon() as daemon:
            entries = daemon.call("queue/list", self._request()).get("entries", [])
        lines = [line for entry in entries for line in ["▸ " + harmless(entry["text"]), ""]]
        hint = f"change it with: claudette queue edit|remove {self._chat_id} …"
        paint = self._terminal.paint
        self._say([*lines, paint(hint, "dim"), ""] if lines else ["No message waits.", ""])

    def _decide(self, permission: dict[str, Any], decision: str, reason: str, scope: str) -> None:
        self._reader.decided_here.add(permission["id"])
        try:
            deciding.decide(permission, decision, reason, scope)
        except Refused as refused:
            self._reader.decided_here.discard(permission["id"])
            if not deciding.gone(refused):
                raise

    def _print_whole(self, item: dict[str, Any]) -> None:
        with Daemon() as daemon:
            text = whole_text(daemon, self._chat_id, item)
        painter = Painter(self._terminal, whole=True)
        self._say([*painter.tool(item | {"text": text}), ""])

    def _request(self, **params: object) -> dict[str, Any]:
        return {"chatId": self._chat_id, **params}

    def _tell(self, sentence: str) -> None:
        """From any thread."""
        self._say([self._terminal.paint(f"! {harmless(sentence)}", "yellow"), ""])

    def _say(self, lines: list[str]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._screen.print(lines), self._loop)

    def _show_soon(self, final: list[str], picture: Picture) -> None:
        """Called by the reader, which waits until it is drawn."""
        self._deleted = picture.deleted
        if self._loop is not None:
            shown = self._screen.show(final, picture)
            asyncio.run_coroutine_threadsafe(shown, self._loop).result()

    def _over_soon(self, failure: Failure | None) -> None:
        """Called by the reader at its end: after a detach, which changes nothing, or by itself."""
        self._failure = failure
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._screen.leave)
