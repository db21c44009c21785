"""Owns one chat that an editor has open: what the daemon tells of it becomes session updates."""

from __future__ import annotations

from claudette_cli.acp import options, updates
from claudette_cli.acp.asking import Ask
from claudette_cli.acp.requests import Requests
from claudette_cli.acp.transcript import Transcript
from claudette_cli.acp.turns import Turns
from claudette_cli.client import environment
from claudette_cli.client.fold import Fold
from claudette_cli.exits import Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.acp.asking import Answered, Steps
    from claudette_cli.acp.editor import Editor
    from claudette_cli.acp.link import Link
    from claudette_cli.client.fold import Change

    Json = dict[str, Any]

_PAGE = 200
_PIECE = 256 * 1024
_BETWEEN = ("user_message_chunk", "agent_thought_chunk", "tool_call")
"""Updates that stand between two messages."""
_REMINDED = 60
"""Characters of a message that is mentioned."""


class Session:
    """What comes for it is held back until `release`, which follows the editor's response."""

    def __init__(
        self, chat_id: str, editor: Editor, link: Link, limits: Json, notes: list[str]
    ) -> None:
        """`notes` are told first."""
        self.chat_id = chat_id
        self.fold = Fold()
        self._editor = editor
        self._link = link
        self._highest = limits["level"]
        self._notes = notes
        self.turns = Turns(chat_id, self.fold, self._say, self._settle)
        self._transcript = Transcript(self.fold, editor, self.turns.is_mine)
        self._requests = Requests(self.fold, editor, link, self._say, limits["allow"])
        self._held: list[Json] | None = []
        self._unsettled: list[Change] = []
        """Messages of which it is not known yet whether they are the editor's."""
        self._elsewhere: list[str] = []
        self._filling: set[str] = set()
        self._models: list[Json] = []
        self._last: dict[str, Json] = {}
        self._message: tuple[str, bool] | None = None
        """Of which message the last update was a piece, and whether that ended its line."""

    def begin(self, *, replay: bool) -> Steps:
        """Subscribes; shows what was, if that is wanted. Raises Failure."""
        params = {"chatId": self.chat_id, "env": environment.refreshed()}
        self.fold.snapshot((yield Ask("event/subscribe", params)))
        if not replay:
            self._transcript.skip()
            return
        past = yield from self._past()
        for item in [*past["items"], *self.fold.items]:
            whole = yield from self._whole(item)
            self._show(self._transcript.replay([whole]))
        self._show(self._transcript.catch_up())

    def settings(self) -> Json:
        """How the chat is set, as every response about a session has it."""
        chat = self.fold.chat
        return {
            "modes": options.modes(chat, self._highest),
            "configOptions": options.all_of(chat, self._models, self._highest),
        }

    def release(self) -> Steps:
        """The editor knows of the session: shows what has come meanwhile, and what waits."""
        settings = self.settings()
        self._last = {
            "options": updates.options(settings["configOptions"]),
            "mode": updates.mode(settings["modes"]),
        }
        for note in self._notes:
            self._say(updates.said(f"\n\n{note}\n\n"))
        held, self._held = self._held or [], None
        self._show(self._transcript.catch_up())
        for frame in held:
            self.take(frame)
        self._requests.sync()
        self._tell_usage()
        self._tell_settings()
        yield from self._list_commands()
        yield from self._list_models()

    def resubscribe(self) -> Steps:
        """On a new connection: goes on after what was taken."""
        if not self.fold.cursor or self.fold.deleted:
            return
        params = {"chatId": self.chat_id, "after": self.fold.cursor}
        try:
            result = yield Ask("event/subscribe", params, patient=True)
        except Refused:
            self.fold.deleted = True
            return
        if self.fold.snapshot(result)[0][0] == "snapshot" and self._held is None:
            self._show(self._transcript.catch_up())
            self._requests.sync()
            self._tell_settings()

    def set(self, change: Json) -> Answered:
        """Configures the chat; ends with the settings. Raises Failure."""
        if change:
            changed = yield Ask("chat/configure", {"chatId": self.chat_id, **change})
            self.fold.chat = changed["chat"]
        return self.settings()

    @property
    def models(self) -> list[Json]:
        return self._models

    def take(self, frame: Json) -> None:
        """Takes a notification of the daemon about this chat."""
        if self._held is not None:
            self._held.append(frame)
            return
        method, params = frame["method"], frame["params"]
        changes: list[Change] = []
        if method == "event":
            changes = self.fold.event(params)
        elif method == "delta":
            changes = self.fold.delta(params)
        for change in changes:
            self._changed(change)
        self._fill_gaps()

    def meanwhile(self) -> str:
        """For a prompt that was sent: one line about what an editor was not able to show, told
        once. What waits undecided is asked again."""
        self._message = None
        self._requests.ask_again(unseen=self._editor.drops_what_is_late and self.turns.alone)
        told, self._elsewhere = self._elsewhere, []
        return f"_meanwhile, elsewhere: {', '.join(told)}_\n\n" if told else ""

    def _changed(self, change: Change) -> None:
        name, event = change
        if self.turns.sending and name == "item/added" and event["item"]["kind"] == "user":
            self._unsettled.append(change)
            return
        self._remember(change)
        self._show(self._transcript.of(change))
        if name == "permission/opened":
            self._requests.permission(event["permission"])
        elif name == "permission/resolved":
            self._requests.resolved(event["permissionId"], event["resolution"])
        elif name == "question/opened":
            self._requests.question(event["question"])
        elif name == "question/resolved":
            self._requests.resolved(event["questionId"], None)
        elif name == "chat/configured":
            self._tell_settings()
        elif name in ("context/changed", "turn/ended"):
            self._tell_usage()
        elif name == "sidecar/started":
            self._link.begin(self._list_commands())
        elif name == "chat/deleted":
            self._say(updates.said("\n\nThe chat was deleted.\n\n"))

    def _settle(self) -> None:
        unsettled, self._unsettled = self._unsettled, []
        for change in unsettled:
            self._changed(change)

    def _remember(self, change: Change) -> None:
        """For editors that show nothing between their prompts: what others have sent."""
        name, event = change
        if name != "item/added" or event["item"]["kind"] != "user" or self.turns.any_open:
            return
        if self._editor.drops_what_is_late and not self.turns.is_mine(event["item"]["turnId"]):
            line = event["item"].get("text", "").strip().partition("\n")[0]
            cut = line if len(line) <= _REMINDED else f"{line[:_REMINDED]}…"
            self._elsewhere.append(f"“{cut}”")

    def _show(self, found: list[Json]) -> None:
        for update in found:
            self._say(update)

    def _say(self, update: Json) -> None:
        self._editor.update(self.chat_id, self._apart(update))

    def _apart(self, update: Json) -> Json:
        """Editors that look at no `messageId` would run two messages into one."""
        last = self._message
        if update["sessionUpdate"] in _BETWEEN:
            self._message = None
        if update["sessionUpdate"] != "agent_message_chunk":
            return update
        message, text = update.get("messageId", ""), update["content"]["text"]
        self._message = message, text.endswith("\n")
        if last is None or last[0] == message or last[1] or text.startswith("\n"):
            return update
        return update | {"content": {"type": "text", "text": f"\n\n{text}"}}

    def _tell(self, key: str, update: Json) -> None:
        """Only what is different from what was told last."""
        if self._last.get(key) != update:
            self._last[key] = update
            self._say(update)

    def _tell_settings(self) -> None:
        settings, chat = self.settings(), self.fold.chat
        self._tell("options", updates.options(settings["configOptions"]))
        self._tell("mode", updates.mode(settings["modes"]))
        if chat.get("title"):
            self._tell("title", {"sessionUpdate": "session_info_update", "title": chat["title"]})

    def _tell_usage(self) -> None:
        if update := updates.usage(self.fold.chat):
            self._tell("usage", update)

    def _list_commands(self) -> Steps:
        try:
            listed = yield Ask("command/list", {"chatId": self.chat_id})
        except Failure:
            return  # they are listed again with the next agent process
        commands = [_command(command) for command in listed.get("commands", [])]
        self._tell(
            "commands",
            {"sessionUpdate": "available_commands_update", "availableCommands": commands},
        )

    def _list_models(self) -> Steps:
        try:
            self._models = (yield Ask("model/list", {})).get("models", [])
        except Failure:
            return  # the chat's own is offered all the same
        self._tell_settings()

    def _past(self) -> Answered:
        """The items before those of the snapshot, in order."""
        items: list[Json] = []
        cursor = self.fold.older
        while cursor:
            params = {"chatId": self.chat_id, "cursor": cursor, "limit": _PAGE}
            page = yield Ask("chat/history", params)
            items[:0] = page.get("items", [])
            cursor = page.get("cursor")
        return {"items": items}

    def _whole(self, item: Json) -> Answered:
        """A message is shown whole; the output of a call as it comes in events."""
        text = item.get("text", "")
        while updates.is_text(item) and len(text.encode()) < item.get("textBytes", 0):
            piece = yield from self._piece(item["id"], len(text.encode()))
            if not piece.get("text"):
                break
            text += piece["text"]
        return item | {"text": text, "images": (yield from self._seen(item))["images"]}

    def _seen(self, item: Json) -> Answered:
        """The images of a message with their bytes; one that is gone stays without."""
        seen: list[Json] = []
        for about in item.get("images", []):
            params = {"chatId": self.chat_id, "imageId": about["id"], "limit": about["bytes"]}
            try:
                read = yield Ask("item/image", params)
            except Refused:
                seen.append(about)
            else:
                seen.append(about | {"data": read["data"]})
        return {"images": seen}

    def _piece(self, item_id: str, offset: int) -> Answered:
        params = {"chatId": self.chat_id, "itemId": item_id, "offset": offset, "limit": _PIECE}
        piece: Json = yield Ask("item/get", params)
        return piece

    def _fill_gaps(self) -> None:
        for item_id in self.fold.gaps - self._filling:
            self._filling.add(item_id)
            self._link.begin(self._fill(item_id))

    def _fill(self, item_id: str) -> Steps:
        try:
            while item_id in self.fold.open:
                piece = yield from self._piece(item_id, self.fold.held(item_id))
                if item_id in self.fold.open:
                    for change in self.fold.fill(item_id, piece["offset"], piece.get("text", "")):
                        self._changed(change)
                if not piece.get("text") or piece["offset"] + len(piece["text"]) >= piece["total"]:
                    break
        except Failure:
            pass  # the item is shown whole when it closes
        finally:
            self._filling.discard(item_id)


def _command(command: Json) -> Json:
    hint = command.get("arguments")
    told: Json = {"name": command["name"].lstrip("/"), "description": command["about"]}
    return told | ({"input": {"hint": hint}} if hint else {})
