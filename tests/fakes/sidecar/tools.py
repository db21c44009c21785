"""Owns the tools of the scripted sidecar: each call asks, and runs only what was allowed."""

from __future__ import annotations

import os
import threading

from tests.fakes.sidecar import commands
from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.stopping import Stop, Stopped

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

READERS = {"read": "read", "ls": "list", "find": "search", "grep": "search"}
WRITERS = {"bash": "run", "write": "write", "edit": "edit"}


class Refused(Exception):
    """The call may not run; the model is told why."""


class Asked:
    """One open question."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.allow = False
        self.reason = ""


class Place:
    """Where calls happen."""

    def __init__(
        self, cwd: str, temp_dir: str, level: str, out: Outlet, groups: commands.Groups
    ) -> None:
        self.cwd = cwd
        self.temp_dir = temp_dir
        self.level = level
        self.out = out
        self.groups = groups


class Asks:
    """The open questions, answered by name."""

    def __init__(self, out: Outlet) -> None:
        self._out = out
        self._open: dict[str, Asked] = {}

    def decide(self, name: str, allow: bool, reason: str) -> None:
        if asked := self._open.get(name):
            asked.allow = allow
            asked.reason = reason
            asked.answered.set()

    def ask(self, item: str, request: dict[str, Any], supersedes: str, stop: Stop) -> str:
        """Returns the question's name once it was answered with yes."""
        stop.check()
        name = self._out.name("a")
        asked = self._open[name] = Asked()
        self._out.send("ask", ask=name, item=item, request=request, supersedes=supersedes)
        with stop.waking(asked.answered.set):
            asked.answered.wait()
        del self._open[name]
        if not asked.allow and stop.is_set:
            self._out.send("ask.withdrawn", ask=name)
            raise Stopped
        if not asked.allow:
            raise Refused(f"The call was denied. {asked.reason}".strip())
        return name


class Call:
    """One call of one tool, from its first letter to its result."""

    def __init__(self, place: Place, asks: Asks, stop: Stop, name: str, arguments: Any) -> None:
        self._place = place
        self._asks = asks
        self._stop = stop
        self._name = name
        self._arguments = arguments
        self._info: dict[str, Any] = {"name": name}
        self._item = place.out.name("t")
        self._asked = ""
        self._streamed = False
        self.result = ""
        place.out.send("item.open", item=self._item, kind="tool", tool=self._info)

    def run(self) -> None:
        """Never raises: whatever becomes of the call is in its result and its item."""
        try:
            self.result = self._dispatch()
        except Stopped:
            self._close("stopped")
        except (Refused, OSError, ValueError, KeyError, TypeError) as error:
            self.result = f"{type(error).__name__}: {error}" if not error.args else str(error)
            self._info["error"] = self.result
            self._close("failed", self.result)
        else:
            failed = self._info.get("exitCode", 0) != 0
            self._close("failed" if failed else "done", self.result)

    def _dispatch(self) -> str:
        if self._place.level == "readonly" and self._name not in READERS:
            raise Refused(f"Tool {self._name} not found")
        if self._name == "bash":
            return self._bash()
        if self._name in WRITERS:
            return self._change()
        if self._name in READERS:
            return self._read()
        import json

        self._ask("unknown", input=json.dumps(self._arguments))
        return f"{self._name} was called."

    def _bash(self) -> str:
        command = self._arguments["command"]
        self._ask("run", command=command, cwd=self._place.cwd)
        output: list[str] = []
        place = self._place

        def told(text: str) -> None:
            output.append(text)
            self._streamed = True
            place.out.send("item.delta", item=self._item, text=text)

        code = commands.run(
            command, place.cwd, place.temp_dir, self._item, place.groups, self._stop, told
        )
        self._stop.check()
        self._info["exitCode"] = code
        said = "".join(output)
        return said if code == 0 else f"{said}\n\nCommand exited with code {code}"

    def _read(self) -> str:
        path = self._path()
        self._ask(READERS[self._name], paths=[path])
        if self._name == "read":
            return _content(path) or ""
        return "\n".join(sorted(os.listdir(path)))

    def _change(self) -> str:
        """Asks again when the file is not what it was when the change was worked out."""
        path = self._path()
        while True:
            before = _content(path)
            after = self._changed(before)
            diff = _diff(path, before or "", after)
            self._ask(WRITERS[self._name], paths=[path], diff=diff)
            if _content(path) == before:
                break
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
        self._info["diff"] = diff
        return f"Changed {path}."

    def _changed(self, before: str | None) -> str:
        if self._name == "write":
            return str(self._arguments["content"])
        if before is None:
            raise Refused("There is no such file.")
        for edit in self._arguments["edits"]:
            if edit["oldText"] not in before:
                raise Refused("The text to replace was not found.")
            before = before.replace(edit["oldText"], edit["newText"], 1)
        return before

    def _path(self) -> str:
        given = self._arguments.get("path") or "."
        return os.path.realpath(os.path.join(self._place.cwd, os.path.expanduser(given)))

    def _ask(self, access: str, **about: Any) -> None:
        self._change_info(phase="asking", input=self._arguments, title=self._title())
        import hashlib
        import json

        sealed = json.dumps([self._name, self._arguments, about], sort_keys=True)
        digest = hashlib.sha256(sealed.encode()).hexdigest()
        request = {"tool": self._name, "access": access, "digest": digest, **about}
        request.setdefault("cwd", self._place.cwd)
        self._asked = self._asks.ask(self._item, request, self._asked, self._stop)
        self._change_info(phase="running")

    def _title(self) -> str:
        return str(self._arguments.get("command") or self._arguments.get("path") or "")

    def _change_info(self, **known: Any) -> None:
        self._info.update(known)
        self._place.out.send("item.change", item=self._item, tool=self._info)

    def _close(self, status: str, text: str | None = None) -> None:
        self._info["phase"] = "ended"
        line = {"item": self._item, "status": status, "tool": self._info}
        if text is not None and not self._streamed:
            line["text"] = text
        self._place.out.send("item.close", **line)


def _content(path: str) -> str | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def _diff(path: str, before: str, after: str) -> str:
    import difflib

    sides = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(*sides, fromfile=path, tofile=path))
