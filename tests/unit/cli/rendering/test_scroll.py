"""What stays on the screen as a chat goes on, and what is still growing."""

import io
from typing import Any

from claudette_cli.client.fold import Fold
from claudette_cli.rendering.scroll import Scroll
from claudette_cli.terminal.output import Terminal

Json = dict[str, Any]


class Shown:
    """A scroll over a fold that is told things."""

    def __init__(self, *, history: bool = True, seated: bool = False, **snapshot: Any) -> None:
        self.fold = Fold()
        terminal = Terminal(io.StringIO())
        self.scroll = Scroll(self.fold, terminal, history=history, seated=seated)
        told = {"chat": {"id": "c"}, "seq": 0, "cursor": "j.0", **snapshot}
        self.lines = self._take(self.fold.snapshot({"snapshot": told}))

    def event(self, kind: str, **event: Any) -> list[str]:
        params = {"seq": self.fold.seq + 1, "at": "", "event": {"type": kind, **event}}
        return self._take(self.fold.event(params))

    def say(self, text: str, item: str = "m") -> list[str]:
        return self._take(
            self.fold.delta({"itemId": item, "offset": self.fold.held(item), "text": text})
        )

    def _take(self, changes: list[Any]) -> list[str]:
        return [line for change in changes for line in self.scroll.take(change) if line]


def message(**more: Any) -> Json:
    return {"id": "m", "kind": "message", "status": "open", **more}


ASKED = {"id": "p", "chatId": "c", "request": {"tool": "bash", "access": "run", "command": "ls"}}


def test_finished_blocks_stay_and_the_last_one_grows() -> None:
    shown = Shown()
    shown.event("item/opened", item=message())
    assert shown.say("one\n\ntw") == []
    assert shown.say("o\n") == ["one"]
    assert shown.scroll.tail(5) == ["two"]
    assert shown.event("item/closed", item=message(status="done", text="one\n\ntwo\n")) == ["two"]
    assert shown.scroll.tail(5) == []


def test_a_message_that_closes_with_more_shows_the_rest() -> None:
    shown = Shown()
    shown.event("item/opened", item=message())
    shown.say("one")
    closed = message(status="done", text="one and two")
    assert shown.event("item/closed", item=closed) == ["one and two"]


def test_a_withdrawn_message_is_not_repeated() -> None:
    shown = Shown()
    shown.event("item/opened", item=message())
    shown.say("one\n\ntwo\n")
    closed = message(status="discarded", text="one\n\ntwo")
    assert shown.event("item/closed", item=closed) == ["↺ withdrawn: one"]


def test_a_message_that_was_never_seen_open_is_shown_whole() -> None:
    assert Shown().event("item/closed", item=message(status="done", text="all")) == ["all"]


def test_a_message_cut_in_its_event_keeps_what_was_shown() -> None:
    shown = Shown()
    shown.event("item/opened", item=message())
    shown.say("long text")
    closed = message(status="done", text="long", textBytes=9)
    assert shown.event("item/closed", item=closed) == ["long text"]


def test_what_was_open_when_we_came_goes_on_where_it_is() -> None:
    shown = Shown(open=[message(text="one\n\ntwo\n")])
    assert shown.lines == ["one"]
    assert shown.say("\nthree\n") == ["two"]


def test_history_can_be_left_out_but_not_a_card() -> None:
    user = {"id": "u", "kind": "user", "status": "done", "text": "hello"}
    assert Shown(items=[user]).lines == ["▸ hello"]
    quiet = Shown(items=[user], permissions=[ASKED], history=False)
    assert "run this command" in quiet.lines[0]


def test_older_items_are_pointed_at() -> None:
    shown = Shown()
    shown.fold.older = "x"
    assert "claudette history c" in shown.scroll.take(("snapshot", ""))[0]


def test_a_decision_elsewhere_closes_the_card_and_says_who() -> None:
    shown = Shown()
    shown.event("permission/opened", permission=ASKED)
    resolution = {"outcome": "deny", "by": "nvim/editor"}
    (line,) = shown.event("permission/resolved", permissionId="p", resolution=resolution)
    assert line == "┃ denied by nvim/editor: bash ls"


def test_a_decision_here_is_ours() -> None:
    shown = Shown()
    shown.event("permission/opened", permission=ASKED)
    shown.scroll.decided_here.add("p")
    resolution = {"outcome": "allow", "by": "claudette/cli"}
    (line,) = shown.event("permission/resolved", permissionId="p", resolution=resolution)
    assert line == "┃ allowed once by you: bash ls"


def test_a_running_tool_shows_the_end_of_its_output() -> None:
    shown = Shown()
    tool = {"id": "t", "kind": "tool", "status": "open", "tool": {"name": "bash", "title": "x"}}
    shown.event("item/opened", item=tool)
    shown.say("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "t")
    tail = shown.scroll.tail(10)
    assert tail[0] == "… bash x"
    assert tail[-1].endswith("│ 10")
    assert len(tail) == 5


def test_the_death_of_the_agent_is_told_with_its_last_words() -> None:
    lines = Shown().event("sidecar/lost", why="killed by signal 9", stderr=["out of memory"])
    assert lines == ["! The agent's process ended: killed by signal 9", "  out of memory"]


def test_what_is_configured_is_told_to_all() -> None:
    shown = Shown()
    named = {"id": "c", "title": "as the first message says"}
    assert shown.event("chat/configured", chat=named) == []
    chat = {"id": "c", "level": "full", "title": "new", "titleSource": "person"}
    assert shown.event("chat/configured", chat=chat) == ["! title: new", "! level: full"]
    assert shown.event("chat/configured", chat=chat) == []


def test_what_went_wrong_is_said_once() -> None:
    shown = Shown()
    item = {"id": "n", "kind": "notice", "notice": "error", "status": "done", "text": "No luck."}
    assert shown.event("item/added", item=item) == ["! No luck."]
    turn = {"id": "t", "reason": "failed", "error": "No luck."}
    assert shown.event("turn/ended", turn=turn) == ["failed · 0.0 s"]
    assert shown.event("status/changed", status={"name": "failed", "why": "No luck."}) == []
    other = shown.event("status/changed", status={"name": "failed", "why": "It ended."})
    assert other == ["! The chat failed: It ended."]


STOPPED = {"id": "n", "kind": "notice", "status": "done", "notice": "stopped", "text": "Stopped."}


def test_a_stop_is_one_line() -> None:
    shown = Shown(permissions=[ASKED], turn={"id": "t", "state": "running"})
    shown.event("item/opened", item=message())
    shown.say("half")
    withdrawn = {"outcome": "withdrawn", "by": ""}
    lines = shown.event("permission/resolved", permissionId="p", resolution=withdrawn)
    lines += shown.event("item/closed", item=message(status="stopped", text="half"))
    lines += shown.event("item/added", item=STOPPED)
    ended = {"id": "t", "state": "ended", "reason": "stopped", "durationMs": 1500}
    lines += shown.event("turn/ended", turn=ended)
    assert lines == ["half", "■ stopped · 1.5 s"]
    items = [message(status="stopped", text="half"), STOPPED]
    assert Shown(items=items).lines == ["half", "■ stopped"]


def test_a_card_that_goes_away_in_mid_turn_says_so() -> None:
    shown = Shown(permissions=[ASKED])
    withdrawn = {"outcome": "withdrawn", "by": ""}
    assert shown.event("permission/resolved", permissionId="p", resolution=withdrawn) == []
    assert shown.event("item/opened", item=message()) == ["┃ withdrawn by the agent: bash ls"]


def test_a_failed_turn_tells_who_is_seated_what_can_be_done() -> None:
    ended = {"id": "t", "state": "ended", "reason": "failed", "error": "Busy (HTTP 503)"}
    assert Shown().event("turn/ended", turn=ended) == ["failed: Busy (HTTP 503) · 0.0 s"]
    _, hint = Shown(seated=True).event("turn/ended", turn=ended)
    assert hint == "/retry sends it again · /model picks another model"
