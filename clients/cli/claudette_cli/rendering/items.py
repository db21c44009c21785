"""Owns how items of a transcript look as lines of text, folded or whole, in colour or not."""

from __future__ import annotations

import json

from claudette_cli.rendering import figures
from claudette_cli.rendering.wrapping import fitted, shortened
from claudette_cli.terminal.output import Terminal, clip, coloured, cut, exact, harmless, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

OUTPUT_LINES = 6
_TRIGGERS = {"manual": "asked for", "threshold": "by itself", "overflow": "context was full"}
DIFF_LINES = 60
_MARKS = {
    "open": ("…", "yellow"),
    "done": ("✓", "green"),
    "failed": ("✗", "red"),
    "stopped": ("■", "yellow"),
    "discarded": ("↺", "dim"),
    "lost": ("?", "red"),
}


def waiting(entry: Json, width: int) -> str:
    """A message of the queue in one line: its text within `width`, then its images."""
    shown = [clip(entry["text"], width), *map(figures.image, entry.get("images", []))]
    return " ".join(filter(None, shown))


class Painter:
    """Makes lines for one terminal. `whole` shows everything instead of folding it; `live` says
    once that a turn was stopped, and not at each of its items."""

    def __init__(self, terminal: Terminal, *, whole: bool = False, live: bool = False) -> None:
        self._terminal = terminal
        self._whole = whole
        self._untold = "stopped" if live else ""

    def item(self, item: Json) -> list[str]:
        """Everything but a message's markdown; that is plain text here."""
        painters = {
            "user": self.user,
            "message": self.message,
            "reasoning": self.reasoning,
            "tool": self.tool,
            "compaction": self.compaction,
            "notice": self.notice,
        }
        lines = painters[item["kind"]](item) if item["kind"] in painters else []
        return [*lines, *self.rest_of(item, len(item.get("text", "").encode()))]

    def user(self, item: Json) -> list[str]:
        first, *rest = harmless(item.get("text", "")).split("\n")
        paint = self._terminal.paint
        head = paint("▸", "bold", "cyan") + " " + paint(first, "bold")
        shown = ("  " + paint(figures.image(one), "dim") for one in item.get("images", []))
        return [head, *("  " + paint(line, "bold") for line in rest), *shown]

    def message(self, item: Json) -> list[str]:
        text = harmless(item.get("text", "")).strip("\n")
        if item["status"] == "discarded":
            return [self._terminal.paint("↺ withdrawn: " + clip(text, 60), "dim")]
        return [*(text.split("\n") if text else []), *self.message_end(item)]

    def message_end(self, item: Json) -> list[str]:
        """What is said below a message that did not end well."""
        ended = {"stopped": "■ stopped here", "failed": "✗ broke off here", "lost": "? lost"}
        mark = ended.get(item["status"], "") if item["status"] != self._untold else ""
        return [self._terminal.paint(mark, "yellow")] if mark else []

    def reasoning(self, item: Json) -> list[str]:
        lines = harmless(item.get("text", "")).strip().split("\n")
        if item["status"] == "discarded" or not lines[0]:
            return []
        if not self._whole:
            more = f" (+{len(lines) - 1} lines)" if len(lines) > 1 else ""
            lines = [clip(lines[0], self._terminal.width - 16) + more]
        head, *rest = lines
        return [self._terminal.paint(f"∴ {head}", "dim")] + [
            self._terminal.paint(f"  {line}", "dim") for line in rest
        ]

    def tool(self, item: Json) -> list[str]:
        tool = item["tool"]
        lines = [self._tool_head(item, tool)]
        if tool.get("diff"):
            lines += self.diff(tool["diff"], tool.get("diffBytes", 0))
        if tool.get("error"):
            lines.append("  " + self._terminal.paint(harmless(tool["error"]), "red"))
        elif item.get("text"):
            lines += self._output(item["text"])
        return lines

    def compaction(self, item: Json) -> list[str]:
        told = item["compaction"]
        before, after = told.get("before"), told.get("after")
        known = before is not None and after is not None
        span = f": {figures.tokens(before)} → {figures.tokens(after)} tokens" if known else ""
        took = f", {figures.duration(told['durationMs'])}" if told.get("durationMs") else ""
        text = f"── compacted ({_TRIGGERS.get(told['trigger'], 'by itself')}){span}{took} ──"
        return [self._terminal.paint(text, "magenta")]

    def notice(self, item: Json) -> list[str]:
        if item.get("notice") == "command":
            return self._command(item)
        if item.get("notice") == self._untold:
            return [self._terminal.paint("■ stopped", "yellow")]
        style = "red" if item.get("notice") == "error" else "yellow"
        said = harmless(item.get("text", "")).split("\n")
        lines = [self._terminal.paint(f"! {line}", style) for line in said]
        return fitted(lines, self._terminal, again="  ")

    def _command(self, item: Json) -> list[str]:
        """What was typed, and what the daemon answered."""
        head = self._terminal.paint(f"▸ {harmless(item.get('command', ''))}", "cyan")
        said = (f"  {line}" for line in harmless(item.get("text", "")).split("\n"))
        return fitted([head, *said], self._terminal, again="    ")

    def diff(self, diff: str, total: int = 0) -> list[str]:
        """A unified diff in colour; exact, because a person may be deciding on it."""
        # Imported here: most chats are opened without one.
        from claudette_cli.rendering.diffs import painted

        lines = painted(diff, self._terminal)
        shown = lines if self._whole else lines[:DIFF_LINES]
        rows = [f"  {line}" for line in shown]
        if len(shown) < len(lines):
            rows.append(self._terminal.paint(f"  … {len(lines) - len(shown)} more lines", "dim"))
        if total:
            rows.append(self._terminal.paint(f"  … of {figures.size(total)}", "dim"))
        return rows

    def turn(self, turn: Json) -> str:
        """The line below a turn that ended."""
        reason = turn.get("reason", "done")
        parts = [
            "■ " * (reason == "stopped")
            + reason
            + (f": {harmless(turn['error'])}" if turn.get("error") else ""),
            figures.duration(turn.get("durationMs", 0)),
            figures.spent(turn.get("usage") or {}),
        ]
        text = " · ".join(part for part in parts if part)
        return self._terminal.paint(text, "dim" if reason == "done" else "yellow")

    def _tool_head(self, item: Json, tool: Json) -> str:
        mark, style = _MARKS.get(item["status"], ("?", "yellow"))
        paint = self._terminal.paint
        title = tool.get("title") or _arguments(tool)
        code = tool.get("exitCode")
        facts = [f"exit {code}"] if code else []
        if tool.get("truncated"):
            facts.append("the agent saw a part of it")
        if item["status"] in {"stopped", "lost", "discarded"} - {self._untold}:
            facts.append(item["status"])
        room = self._terminal.width - len(tool["name"]) - 8
        shown = exact(title) if self._whole else cut(line(title), max(20, room))
        tail = "  " + paint(", ".join(facts), "yellow") if facts else ""
        return f"{paint(mark, style)} {paint(tool['name'], 'bold')} {shown}{tail}"

    def _output(self, text: str) -> list[str]:
        text = text.rstrip("\n")
        lines = (coloured(text) if self._terminal.colour else harmless(text)).split("\n")
        edge = self._terminal.paint("  │ ", "dim")
        if self._whole or len(lines) <= OUTPUT_LINES + 1:
            return [edge + line for line in lines]
        hidden = len(lines) - OUTPUT_LINES
        shown = [shortened(line, self._terminal.width - 5) for line in lines[-OUTPUT_LINES:]]
        return [
            edge + self._terminal.paint(f"… {hidden} lines before", "dim"),
            *(edge + line for line in shown),
        ]

    def rest_of(self, item: Json, shown: int) -> list[str]:
        """Says so when only a part of the text was shown, in bytes."""
        more = item.get("textBytes", 0) - shown
        if more <= 0 or item["status"] == "open":
            return []
        text = f"  … {figures.size(more)} more in item {item['id']}"
        return [self._terminal.paint(text, "dim")]


def _arguments(tool: Json) -> str:
    given = tool.get("input") or {}
    return json.dumps(given, ensure_ascii=False) if given else ""
