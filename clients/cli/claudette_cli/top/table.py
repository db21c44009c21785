"""Owns the table of `top`: which chats it has, in which order, and how a row is drawn. Pure."""

from __future__ import annotations

from claudette_cli.rendering import figures
from claudette_cli.terminal.output import cut, line, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

_ORDER = ("waiting", "running", "stopping", "failed")
_BYTES_A_TOKEN = 4
"""About; a stream is not counted in tokens before its turn ends."""
_WIDE = 60
_HEAD = ("", "state", "chat", "agent", "cpu", "memory", "≈ t/s", "cost", "title")


class Table:
    """What is known of the chats. Times are seconds of one clock. One thread changes it and another
    may read it meanwhile."""

    def __init__(self) -> None:
        self.chats: dict[str, Json] = {}
        self.marked = ""
        """The id of the chat that the keys mean."""
        self._agents: dict[str, Json] = {}
        self._at = 0.0
        self._busy: dict[str, float] = {}
        self._streamed: dict[str, int] = {}
        self._speed: dict[str, float] = {}

    def feed(self, told: Json) -> None:
        """A `feed` notification."""
        if told["subject"] == "deleted":
            self.chats.pop(told["chatId"], None)
        elif chat := told.get("chat"):
            self.chats[chat["id"]] = chat

    def streamed(self, chat_id: str, text: str) -> None:
        """A piece of what an agent says or does arrived."""
        size = len(text.encode(errors="replace"))
        self._streamed[chat_id] = self._streamed.get(chat_id, 0) + size

    def measured(self, processes: list[Json], now: float) -> None:
        """The agents' processes as they are now; what they have used since the last time makes
        the shares of a processor, and what arrived since makes the speeds."""
        before, since = self._agents, now - self._at
        used_now: dict[str, Json] = {}
        for process in processes:
            chat_id = process.get("chatId")
            if process["kind"] in ("sidecar", "job") and chat_id:
                sums = used_now.setdefault(chat_id, {"memory": 0, "cpu": 0.0})
                sums["memory"] += process.get("memory", 0)
                sums["cpu"] += process.get("cpu", 0.0)
        self._agents = used_now
        if since > 0 and self._at:
            self._busy = {
                chat_id: max(0.0, used["cpu"] - before[chat_id]["cpu"]) / since
                for chat_id, used in used_now.items()
                if chat_id in before
            }
            self._speed = {
                chat_id: size / _BYTES_A_TOKEN / since for chat_id, size in self._streamed.items()
            }
        self._at, self._streamed = now, {}

    @property
    def rows(self) -> list[Json]:
        """The chats that have an agent, do something or need somebody: those first that wait,
        then those that run, the last used first."""
        shown = [chat for chat in list(self.chats.values()) if self._is_shown(chat)]
        shown.sort(key=lambda chat: chat.get("updatedAt", ""), reverse=True)
        return sorted(shown, key=lambda chat: (not chat.get("attention"), _rank(chat)))

    def move(self, by: int) -> None:
        ids = [chat["id"] for chat in self.rows]
        if ids:
            at = ids.index(self.marked) if self.marked in ids else 0
            self.marked = ids[max(0, min(len(ids) - 1, at + by))]

    def mark(self) -> str:
        """The chat that the keys mean: the first one where none was chosen, or it went."""
        ids = [chat["id"] for chat in self.rows]
        if self.marked not in ids:
            self.marked = ids[0] if ids else ""
        return self.marked

    def figures(self, chat: Json) -> Json:
        """One chat for scripts. `cpu` is the share of one processor."""
        used = self._agents.get(chat["id"])
        return {
            "chat": chat,
            "memory": used["memory"] if used else 0,
            "cpu": round(self._busy.get(chat["id"], 0.0), 3),
            "tokensPerSecond": round(self._speed.get(chat["id"], 0.0), 1),
        }

    def head(self, width: int) -> str:
        return _fitted(_HEAD, width)

    def row(self, chat: Json, width: int) -> str:
        told = self.figures(chat)
        queued = f" +{chat['queueLength']}" if chat.get("queueLength") else ""
        return _fitted(
            (
                "!" if chat.get("attention") else "",
                f"{chat.get('status', {}).get('name', 'idle')}{queued}",
                chat["id"],
                chat.get("harness", ""),
                f"{told['cpu']:.0%}" if told["memory"] else "",
                figures.size(told["memory"]) if told["memory"] else "",
                f"{told['tokensPerSecond']:.0f}" if told["tokensPerSecond"] else "",
                figures.cost(chat.get("totals", {})),
                chat.get("title") or "(no title)",
            ),
            width,
        )

    def sum(self) -> str:
        """What all of them are together."""
        rows = self.rows
        running = sum(_rank(chat) == _ORDER.index("running") for chat in rows)
        waiting = sum(bool(chat.get("attention")) for chat in rows)
        memory = sum(used["memory"] for used in self._agents.values())
        busy = sum(self._busy.values())
        chats, agents = _counted(len(rows), "chat"), _counted(len(self._agents), "agent")
        need = "needs you" if waiting == 1 else "need you"
        return (
            f"{chats}, {running} running, {waiting} {need} · "
            f"{agents}, {busy:.0%} cpu, {figures.size(memory)}"
        )

    def _is_shown(self, chat: Json) -> bool:
        named = chat.get("status", {}).get("name") in _ORDER
        return bool(named or chat["id"] in self._agents or chat.get("attention"))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _rank(chat: Json) -> int:
    name = chat.get("status", {}).get("name", "idle")
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _fitted(cells: tuple[str, ...], width: int) -> str:
    """A narrow terminal has the state, the chat and its title alone. An id is never cut."""
    mark, state, chat, agent, cpu, memory, speed, cost, title = map(line, cells)
    row = f"{mark:1} {padded(state, 11)} {chat:<12} "
    if width >= _WIDE:
        row += f"{padded(agent, 7)} {cpu:>5} {memory:>9} {speed:>5} {cost:>8} "
    return cut(f"{row} {title}", width)
