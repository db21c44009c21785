"""Owns sitting in a chat: joins the reader's thread, the screen and the person's errands."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial

from claudette_cli.attach import alerts, files, images as naming, slash, switching
from claudette_cli.attach.decisions import Decisions
from claudette_cli.attach.draft import history_path, kept_history
from claudette_cli.attach.errands import Errands, call
from claudette_cli.attach.keys import Keys
from claudette_cli.attach.looking import Looking
from claudette_cli.attach.review import Review, counted
from claudette_cli.attach.screen import Screen
from claudette_cli.attach.shell import Shell
from claudette_cli.client import finding, images
from claudette_cli.client.daemon import Daemon, new_key, remarking
from claudette_cli.client.environment import refreshed
from claudette_cli.client.reading import whole_text
from claudette_cli.exits import DONE, Failure
from claudette_cli.rendering.items import Painter
from claudette_cli.rendering.questions import value_of
from claudette_cli.terminal import ending
from claudette_cli.terminal.output import coloured, exact, harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.attach.entry import Entry
    from claudette_cli.attach.picture import Picture
    from claudette_cli.attach.reader import Reader

    Json = dict[str, Any]


class Seat:
    """One person in one chat, until they detach."""

    def __init__(
        self, chat_id: str, reader: Reader, picture: Picture, typed: Callable[[], str]
    ) -> None:
        """`picture` is the first of the reader's; `typed` gives the keys from before the screen."""
        self._chat_id = chat_id
        self._terminal = output()
        self._reader = reader
        self._first = picture
        self._screen = Screen(self, colour=self._terminal.colour, typed=typed)
        self._screen.draft.announce = self._announced
        self._errands = Errands(self._tell)
        self._shell = Shell()
        self._place = ""
        self._greeted = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: Failure | None = None
        self._deleted = False
        self._signal = 0
        self.onward: Callable[[], switching.Next] | None = None
        """What leads to the chat for which this seat was left."""
        self._decisions = Decisions(
            self._terminal, self._errands, self._reader.decided_here, self._say, self._tell
        )
        self._keys = Keys(self._errands, self._enter_soon, self._say, self._look_again)
        self._looking = Looking(self._errands, self._greet_soon)

    def run(self) -> int:
        """Raises Ended after a signal, when the terminal is as it was."""
        try:
            with remarking(self._tell):
                asyncio.run(self._sit())
            self._say_goodbye()
        except (EOFError, OSError) as gone:
            # Nothing can be shown on a terminal that is closed.
            if not self._signal and not isinstance(gone, EOFError):
                raise
        if self._signal:
            raise ending.Ended(self._signal)
        if self._failure is not None:
            raise self._failure
        return DONE

    def _say_goodbye(self) -> None:
        """Leaves what was still growing on the screen: nothing else shows it again here."""
        if self._failure is not None or self._deleted:
            return
        if self._screen.picture and self._screen.picture.tail:
            self._terminal.say("\n".join([*self._screen.picture.tail, ""]))
        if self.onward is not None:
            return
        hint = f"Detached; the chat goes on: claudette attach {self._chat_id}"
        self._terminal.say(self._terminal.paint(hint, "dim"))

    def _end(self, signum: int) -> None:
        self._signal = signum
        self._screen.leave()

    async def _sit(self) -> None:
        self._loop = asyncio.get_running_loop()
        for signum in ending.SIGNALS:
            if signal.getsignal(signum) != signal.SIG_IGN:
                self._loop.add_signal_handler(signum, self._end, signum)
        self._look_at(self._first)
        await self._screen.show([], self._first)
        # Once the screen is drawn, which all that the reader loads would hold up.
        self._loop.call_soon(self._reader.start, self._show_soon, self._over_soon)
        self._errands.aside(self._learn)
        try:
            await self._screen.run()
        finally:
            # The reader may be waiting for this loop to draw, so the loop must go on.
            await asyncio.to_thread(self._reader.close)
            await asyncio.to_thread(self._errands.close)

    def submit(self, text: str) -> None:
        if text.startswith("!"):
            self._run_here(text)
            return
        command, argument = slash.parse(text)
        if command:
            self._do_here(command, argument)
            return
        words = text.split()
        if words[0] == "/login" and len(words) == 2:
            self._errands.aside(lambda: self._sign_in(words[1]))
            return
        if words == ["/model"] and self._screen.picture and self._screen.picture.harness == "pi":
            self._leave_for(partial(switching.pick_model, self._chat_id))
            return
        if words[0] == "/help":
            self._say([*slash.help_lines(), ""])
        self._send(text)

    def _run_here(self, text: str) -> None:
        """A command of the person's; with two marks the agent is not told of it."""
        command = text.lstrip("!").strip()
        place = self._screen.picture.directory if self._screen.picture else ""
        if finding.elsewhere():
            self._tell("The chat works on another machine; ! runs commands on this one.")
        elif command and place:
            told = not text.startswith("!!")
            self._errands.aside(lambda: self._print_run(command, place, tell=told))

    def _print_run(self, command: str, place: str, *, tell: bool) -> None:
        self._say([self._terminal.paint(f"! {exact(command)}", "bold")])
        printed = self._shell.run(command, place, tell=tell)
        note = "goes with your next message" if tell else "the agent is not told of it"
        lines = coloured(printed) if self._terminal.colour else harmless(printed)
        self._say([*lines.split("\n"), self._terminal.paint(note, "dim"), ""])

    def _send(self, text: str, *, literal: bool = False) -> None:
        try:
            shown = [] if literal else images.chosen(self._images(text))
        except Failure as failure:
            self._tell(f"{failure.message} The arrow up brings the message back.")
            return
        if literal or not text.startswith("/"):
            text = self._shell.with_what_ran(text)
        request = self._request(text=text, literal=literal, key=new_key(), env=refreshed())
        if shown:
            request["images"] = shown
        if slash.is_at_once(text) and not literal:
            self._errands.aside(lambda: call("turn/send", request))
        else:
            self._errands.in_order(lambda: self._send_now(request))
        if text.startswith("/"):
            self._errands.aside(self._learn)

    def _images(self, text: str) -> list[str]:
        """The files of the images that go with a message."""
        place = self._pictured()
        return naming.named(text, place) if place else []

    def _announced(self, text: str) -> str:
        place = self._pictured()
        return naming.announced(text, place) if place and not slash.parse(text)[0] else ""

    def _pictured(self) -> str:
        """Where the paths of images begin, if the agent takes some. Files are of this machine."""
        picture = self._screen.picture
        if picture is None or not picture.sees:
            return ""
        return os.getcwd() if finding.elsewhere() else picture.directory

    def _send_now(self, request: dict[str, Any]) -> None:
        """A steer is in no queue and not yet in the chat: nothing else would show it."""
        if call("turn/send", request)["state"] == "steering":
            said = "steers: it goes in as soon as the agent can take it"
            self._say([self._terminal.paint(said, "dim"), ""])

    def decide(self, decision: str, reason: str = "", scope: str = "once") -> None:
        self._decisions.decide(self._screen.picture, decision, reason, scope)

    def allow_all(self) -> None:
        self._decisions.allow_all(self._screen.picture)

    def view(self) -> None:
        self._decisions.view(self._screen.picture)

    def stop(self) -> None:
        if self._shell.stop():
            return
        if self._screen.picture and self._screen.picture.running:
            self._errands.aside(lambda: call("turn/stop", self._request()))

    def go_on_to(self, wanted: str) -> None:
        """Leaves for another chat; the agent of this one goes on."""
        self._leave_for(partial(switching.choose, self._chat_id, wanted))

    def _leave_for(self, onward: Callable[[], switching.Next]) -> None:
        self.onward = onward
        self._screen.leave()

    def unfold(self) -> None:
        """Opens the last tool call or thought, among all of them."""
        review = Review(self._screen.picture.items if self._screen.picture else [], self._terminal)
        if review.chosen is None:
            self._tell("No tool was called yet.")
        else:
            self._screen.look_through(review, self._fetch)

    def _fetch(self, item: Json, take: Callable[[str], None]) -> None:
        def fetched() -> None:
            self._soon(take, self._whole(item))

        self._errands.aside(fetched)

    def _show_item(self, number: str) -> None:
        items = self._screen.picture.items if self._screen.picture else []
        item = counted(items, int(number)) if number.isdecimal() else None
        if item is None:
            self._tell("Name it by its number, counted from the last; Ctrl-O shows them.")
        else:
            self._errands.aside(lambda: self._print_whole(item))

    def _do_here(self, command: str, argument: str) -> None:
        if command in ("/detach", "/quit"):
            self._screen.leave()
        elif command == "/new":
            self._leave_for(partial(switching.begin, self._chat_id, argument))
        elif command == "/key":
            self._keys.ask(argument)
        elif command == "/chats":
            self.go_on_to(argument)
        elif command == "/show":
            self._show_item(argument) if argument else self.unfold()
        elif command == "/approve":
            self.decide("allow")
        elif command == "/view":
            self.view()
        elif command == "/deny":
            self.decide("deny", argument)
        elif command == "/answer":
            self._answer(argument)
        elif command == "/say" and argument:
            self._send(argument, literal=True)
        elif command == "/queue":
            self._errands.aside(self._print_queue)

    def _learn(self) -> None:
        """What can be completed; it changes with models, providers and trust."""
        with Daemon() as daemon:
            told = daemon.call("command/list", self._request())
            setting = daemon.call("setting/get", {"key": alerts.SETTING})["setting"]
        self._screen.alerts.kind = setting.get("value") or setting["default"]
        self._soon(self._screen.learn, told.get("commands", []))

    def _look_around(self, directory: str, workspace: str) -> None:
        """What is completed and recalled in a workspace; without it the line works as well."""
        from claudetted.protocol import places

        data = finding.guessed_data_dir() or str(places.data_dir())
        with suppress(OSError):
            self._soon(self._screen.recall, *kept_history(history_path(data, workspace)))
        self._soon(self._screen.offered.learn_files, files.find(directory))

    def answer(self, question: Json, text: str) -> None:
        """Who was faster is told by an event."""
        params = {"questionId": question["id"], "value": value_of(question, text)}
        self._errands.aside(lambda: call("question/answer", params | {"key": new_key()}))

    def _answer(self, typed: str) -> None:
        """The question that the screen shows."""
        question = self._screen.picture.asked if self._screen.picture else None
        if question is None:
            self._tell("No questions are open.")
        else:
            self.answer(question, typed)

    def _sign_in(self, name: str) -> None:
        """With an agent's own program; for all others the daemon does it."""
        # Imported here: it brings the command that does the same in a shell.
        from claudette_cli.commands.providers import signing_in_itself

        with Daemon() as daemon:
            agent = signing_in_itself(daemon, name)
        if agent is None:
            self._send(f"/login {name}")
        elif finding.elsewhere():
            self._tell(f"{agent['name']} signs in where it runs; there: {agent['signIn']}")
        else:
            self._soon(self._leave_for, partial(switching.sign_in, self._chat_id, agent))

    def _print_queue(self) -> None:
        with Daemon() as daemon:
            entries = daemon.call("queue/list", self._request()).get("entries", [])
        lines = [line for entry in entries for line in ["▸ " + harmless(entry["text"]), ""]]
        hint = f"change it with: claudette queue edit|remove {self._chat_id} …"
        paint = self._terminal.paint
        self._say([*lines, paint(hint, "dim"), ""] if lines else ["No message waits.", ""])

    def _print_whole(self, item: Json) -> None:
        painter = Painter(self._terminal, whole=True)
        self._say([*painter.item(item | {"text": self._whole(item)}), ""])

    def _whole(self, item: Json) -> str:
        with Daemon() as daemon:
            return whole_text(daemon, self._chat_id, item)

    def _request(self, **params: object) -> dict[str, Any]:
        return {"chatId": self._chat_id, **params}

    def _tell(self, sentence: str) -> None:
        """From any thread."""
        self._say([self._terminal.paint(f"! {harmless(sentence)}", "yellow"), ""])

    def _enter_soon(self, wanted: Entry) -> None:
        self._soon(self._screen.enter, wanted)

    def _greet_soon(self) -> None:
        self._soon(self._screen.greet, self._looking.found)

    def _soon(self, act: Callable[..., None], *given: object) -> None:
        """From any thread; nothing where the person has left meanwhile."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act, *given)

    def _look_again(self) -> None:
        """Other models may be used than before."""
        picture = self._screen.picture
        if picture is not None and picture.unused:
            self._looking.look(picture.harness)
        self._errands.aside(self._learn)

    def _say(self, lines: list[str]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._screen.print(lines), self._loop)

    def _show_soon(self, final: list[str], picture: Picture) -> None:
        """Called by the reader, which waits until it is drawn."""
        self._look_at(picture)
        if self._loop is not None:
            shown = self._screen.show(final, picture)
            asyncio.run_coroutine_threadsafe(shown, self._loop).result()

    def _look_at(self, picture: Picture) -> None:
        if picture.directory != self._place and not finding.elsewhere():
            self._place = picture.directory
            self._errands.aside(lambda: self._look_around(picture.directory, picture.workspace))
        if picture.unused and not self._greeted:
            self._greeted = True
            self._looking.look(picture.harness)
        self._deleted = picture.deleted

    def _over_soon(self, failure: Failure | None) -> None:
        """Called by the reader at its end: after a detach, which changes nothing, or by itself."""
        self._failure = failure
        self._soon(self._screen.leave)
