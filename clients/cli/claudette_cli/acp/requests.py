"""Owns what waits for a person in one chat: asks the editor, and tells the daemon the answer.

The first answer anywhere wins. An editor that cancels, fails or is gone has not voted.
"""

from __future__ import annotations

from functools import partial

from claudette_cli.acp import cards, updates
from claudette_cli.acp.asking import Ask
from claudette_cli.client import deciding
from claudette_cli.client.daemon import new_key
from claudette_cli.exits import Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.acp.asking import Answered, Steps
    from claudette_cli.acp.editor import Editor
    from claudette_cli.acp.link import Link
    from claudette_cli.client.fold import Fold

    Json = dict[str, Any]

_PIECE = 256 * 1024


class Requests:
    """Of one session. `say` shows the editor an update."""

    def __init__(
        self, fold: Fold, editor: Editor, link: Link, say: Callable[[Json], None], approves: bool
    ) -> None:
        self._fold = fold
        self._editor = editor
        self._link = link
        self._say = say
        self._approves = approves
        self._known: dict[str, Json] = {}
        """Permissions and questions that the editor was told of, by id."""
        self._withdrawals: dict[str, Callable[[], None]] = {}

    def sync(self) -> None:
        """Asks what is open and was not asked; withdraws what is no longer open."""
        is_open = {**self._fold.permissions, **self._fold.questions}
        for gone in [key for key in self._known if key not in is_open]:
            self.resolved(gone, None)
        for asked in self._fold.permissions.values():
            self.permission(asked)
        for question in self._fold.questions.values():
            self.question(question)

    def permission(self, asked: Json) -> None:
        if asked["id"] in self._known:
            return
        self._known[asked["id"]] = asked
        if self._approves:
            self._link.begin(self._ask_permission(asked))
        else:
            self._say(cards.waits_elsewhere(asked))

    def question(self, question: Json) -> None:
        if question["id"] in self._known:
            return
        self._known[question["id"]] = question
        self._ask_question(question)

    def ask_again(self, *, unseen: bool) -> None:
        """What the editor has answered with no decision; `unseen`: also what it has not answered,
        and shown to nobody."""
        for key, asked in list(self._known.items()):
            if key in self._withdrawals and not unseen:
                continue
            if withdraw := self._withdrawals.pop(key, None):
                withdraw()
            if "request" in asked and self._approves:
                self._link.begin(self._ask_permission(asked))
            elif "request" not in asked:
                self._ask_question(asked)

    def resolved(self, key: str, resolution: Json | None) -> None:
        """It is over; `resolution` is a permission's, where it is known."""
        asked = self._known.pop(key, None)
        if withdraw := self._withdrawals.pop(key, None):
            withdraw()
        if asked is not None and "request" in asked and resolution is not None:
            self._say(cards.resolved(asked["itemId"], resolution))

    def _ask_question(self, question: Json) -> None:
        form = cards.elicitation(question)
        if form is None or not self._editor.shows_forms:
            self._say(updates.said(cards.asked_in_words(question)))
            return
        then = partial(self._form_filled, question)
        params = {"sessionId": question["chatId"], **form}
        self._withdrawals[question["id"]] = self._editor.ask("elicitation/create", params, then)

    def _ask_permission(self, asked: Json) -> Steps:
        try:
            whole = yield from self._whole(asked)
        except Failure:
            return  # it is gone, or asked again with the next snapshot
        if asked["id"] not in self._known:
            return
        if self._editor.shows_no_changes:
            self._say(updates.said(cards.in_words(whole)))
        scopes = cards.offered(asked)[: self._editor.most_scopes]
        card = cards.permission(whole, scopes, title_alone=self._editor.shows_titles_alone)
        params = {"sessionId": asked["chatId"], **card}
        then = partial(self._chosen, whole)
        self._withdrawals[asked["id"]] = self._editor.ask(
            "session/request_permission", params, then
        )

    def _whole(self, asked: Json) -> Answered:
        request = dict(asked["request"])
        for field in ("diff", "input"):
            if not request.get(f"{field}Bytes"):
                continue
            text, total = "", 1
            while len(text.encode()) < total:
                params = {"permissionId": asked["id"], "field": field, "limit": _PIECE}
                params["offset"] = len(text.encode())
                got = yield Ask("permission/get", params)
                text, total = text + got.get("text", ""), got["available"]
            request[field] = text
            if total == got["total"]:
                del request[f"{field}Bytes"]
        return asked | {"request": request}

    def _chosen(self, asked: Json, result: Json | None) -> None:
        self._withdrawals.pop(asked["id"], None)
        outcome = (result or {}).get("outcome")
        chosen = outcome.get("optionId") if isinstance(outcome, dict) else None
        scope = cards.scope_of(chosen)
        if chosen == cards.DENY or scope in cards.offered(asked):
            self._link.begin(self._decide(asked, scope))

    def _decide(self, asked: Json, scope: str | None) -> Steps:
        """Without a scope it is denied."""
        params = {
            "permissionId": asked["id"],
            "decision": "allow" if scope else "deny",
            "scope": scope or "once",
            "digest": asked["request"]["digest"],
            "seenWhole": True,
            "key": new_key(),
        }
        try:
            yield Ask("permission/decide", params)
        except Refused as refused:
            if not deciding.gone(refused):
                self._failed(refused)
        except Failure as failure:
            self._failed(failure)

    def _form_filled(self, question: Json, result: Json | None) -> None:
        self._withdrawals.pop(question["id"], None)
        content = (result or {}).get("content")
        answer = cards.filled_in(question, content) if isinstance(content, dict) else None
        if (result or {}).get("action") == "accept" and answer is not None:
            self._link.begin(self._answer(question, answer))

    def _answer(self, question: Json, answer: str) -> Steps:
        params = {"questionId": question["id"], "value": answer, "key": new_key()}
        try:
            yield Ask("question/answer", params)
        except Refused as refused:
            if refused.name not in ("QuestionGone", "QuestionNotFound"):
                self._failed(refused)
        except Failure as failure:
            self._failed(failure)

    def _failed(self, failure: Failure) -> None:
        self._say(updates.said(f"\n\n{failure.message}\n\n"))
