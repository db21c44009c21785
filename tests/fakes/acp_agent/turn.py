"""Owns one turn of the scripted agent: the rounds of its script, its tools, its one end.

Beyond what `claudette_cli.demo.script` lists a prompt may say:

    @update {json}     tells this `session/update`, whatever it is
    @unasked COMMAND   runs a command without asking
    @die CODE          ends the process
    @raw TEXT          writes TEXT as a line
    @mode NAME         goes to another mode by itself
    @fail TEXT         answers the prompt with this error
    @signed-out TEXT   answers it with the error of who has to sign in
"""

from __future__ import annotations

import base64
import json
import os
import threading

from claudette_cli.demo import script
from tests.fakes.acp_agent.peer import Json
from tests.fakes.sidecar import commands, gate
from tests.fakes.sidecar.stopping import Stop, Stopped
from tests.fakes.sidecar.turn import Said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tests.fakes.acp_agent.agent import Agent, Session

NAMES = (*script.NAMES, "update", "unasked", "die", "raw", "mode", "fail", "signed-out")
KINDS = {"bash": "execute", "read": "read", "ls": "search", "write": "edit", "edit": "edit"}
OPTIONS = (
    {"optionId": "always", "name": "Always", "kind": "allow_always"},
    {"optionId": "session", "name": "Yes, for this session", "kind": "allow_once"},
    {"optionId": "once", "name": "Yes", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
)
WINDOW = 40_000


class Failed(Exception):
    """The prompt is answered with an error."""

    def __init__(self, text: str, code: int = -32603) -> None:
        super().__init__(text)
        self.code = code


class Denied(Exception):
    """The user does not want the call."""


class _NoOutlet:
    def send(self, *_words: Any, **_fields: Any) -> None:
        """Groups of commands are nobody's business here."""


def images(blocks: list[Json]) -> list[tuple[str, bytes]]:
    return [
        (block["mimeType"], base64.b64decode(block["data"]))
        for block in blocks
        if block["type"] == "image"
    ]


class Turn:
    def __init__(self, agent: Agent, session: Session, number: Any) -> None:
        self._agent = agent
        self._peer = agent.peer
        self._session = session
        self._number = number
        self._stop = Stop()
        self._groups = commands.Groups(_NoOutlet())  # type: ignore[arg-type]
        self._calls = 0
        self._usage = (0, 0)
        self._steers: list[Said] = []
        self._heard = Said("", [])
        self._message = 0

    def stop(self) -> None:
        self._stop.set()
        self._groups.end_all()

    def steer(self, said: Said) -> bool:
        self._steers.append(said)
        return True

    def play(self, said: Said) -> None:
        reason = "end_turn"
        try:
            self._answer(said)
            while self._steers:
                self._answer(self._steers.pop(0))
        except Stopped:
            reason = "cancelled"
        except Failed as failure:
            told = f"Internal error: {failure}" if failure.code == -32603 else str(failure)
            self._peer.refuse(self._number, failure.code, told)
            return
        except script.BadScript as failure:
            self._peer.refuse(self._number, -32603, f"Internal error: {failure}")
            return
        asked, answered = self._usage
        total = asked + answered
        self._update("usage_update", used=total, size=WINDOW)
        usage = {"inputTokens": asked, "outputTokens": answered, "totalTokens": total}
        self._session.turn = None
        self._peer.answer(self._number, {"stopReason": reason, "usage": usage})

    def _answer(self, said: Said) -> None:
        self._heard, text = said, said.text
        self._session.transcript.add("user", text)
        rounds = script.rounds(text, NAMES) or [[script.Step("text", f"You said: {text}")]]
        for number, steps in enumerate(rounds):
            if number and self._steers:
                return
            self._message += 1
            self._round(steps)

    def _round(self, steps: list[script.Step]) -> None:
        calls: list[threading.Thread] = []
        said = ""
        for step in steps:
            self._stop.check()
            if step.name == "tool":
                calls.append(threading.Thread(target=self._call, args=(step.argument, step.tool)))
            elif step.name == "text":
                said += step.argument
                self._say("agent_message_chunk", step.argument)
            elif step.name == "seen":
                self._say("agent_message_chunk", script.seen(self._heard.images))
            else:
                said += self._step(step)
        if said:
            self._session.transcript.add("assistant", said)
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        self._stop.check()

    def _step(self, step: script.Step) -> str:
        match step.name:
            case "think":
                self._say("agent_thought_chunk", step.argument)
            case "echo-history":
                self._say("agent_message_chunk", self._session.transcript.told())
            case "many":
                for _ in range(int(step.argument)):
                    self._chunk("agent_message_chunk", "x")
                return "x" * int(step.argument)
            case "hold":
                gate.hold(self._agent.gates, step.argument, self._stop)
            case "usage":
                used, said = step.numbers()
                self._usage = (used, said)
            case "error":
                status, _, message = step.argument.partition(" ")
                raise Failed(f"{message} (HTTP {status})")
            case "fail":
                raise Failed(step.argument)
            case "signed-out":
                raise Failed(step.argument, -32000)
            case "die":
                os._exit(int(step.argument))
            case "raw":
                self._peer.raw(step.argument.encode() + b"\n")
            case "update":
                update = json.loads(step.argument)
                self._update(update.pop("sessionUpdate"), **update)
            case "mode":
                self._session.mode = step.argument
                self._update("current_mode_update", currentModeId=step.argument)
            case "unasked":
                self._run(self._new_id(), step.argument, asks=False)
        return ""

    def _say(self, kind: str, text: str) -> None:
        for number, word in enumerate(text.split(" ")):
            self._stop.check()
            self._chunk(kind, word if number == 0 else f" {word}")

    def _chunk(self, kind: str, text: str) -> None:
        content = {"type": "text", "text": text}
        self._update(kind, content=content, messageId=f"{kind[6]}{self._message}")

    def _update(self, what: str, /, **fields: Any) -> None:
        self._peer.update(self._session.id, what, **fields)

    # Tools

    def _new_id(self) -> str:
        self._calls += 1
        return f"call_{len(self._session.transcript.messages)}_{self._calls}"

    def _call(self, name: str, arguments: Json) -> None:
        call_id = self._new_id()
        self._session.transcript.add("assistant", f"{name}({json.dumps(arguments)})")
        kind = KINDS.get(name, "other")
        self._update(
            "tool_call", toolCallId=call_id, title=name, kind=kind, status="pending", rawInput={}
        )
        try:
            if name == "bash":
                result = self._run(call_id, arguments["command"])
            else:
                result = self._touch(call_id, name, kind, arguments)
        except Stopped:
            self._ended(call_id, "failed", "It was stopped.")
            return
        except (Denied, OSError, KeyError) as failure:
            result = str(failure)
            self._ended(call_id, "failed", result)
        self._session.transcript.add("tool", result)

    def _run(self, call_id: str, command: str, *, asks: bool = True) -> str:
        about = {"rawInput": {"command": command}, "kind": "execute", "title": command}
        if asks and self._session.mode != "auto":
            self._ask(call_id, **about)
        else:
            kind = "tool_call" if not asks else "tool_call_update"
            self._update(kind, toolCallId=call_id, status="in_progress", **about)
        said: list[str] = []

        def told(text: str) -> None:
            said.append(text)
            content = [{"type": "content", "content": {"type": "text", "text": "".join(said)}}]
            self._update(
                "tool_call_update", toolCallId=call_id, status="in_progress", content=content
            )

        import tempfile

        place = tempfile.gettempdir()
        name = f"{os.getpid()}-{call_id}"
        code = commands.run(command, self._session.cwd, place, name, self._groups, self._stop, told)
        self._stop.check()
        output = "".join(said)
        shown = output if code == 0 else f"{output}\n\nCommand exited with code {code}"
        status = "completed" if code == 0 else "failed"
        self._ended(call_id, status, output, rawOutput={"output": output, "exitCode": code})
        return shown

    def _touch(self, call_id: str, name: str, kind: str, arguments: Json) -> str:
        path = os.path.join(self._session.cwd, arguments.get("path", "."))
        about: Json = {"rawInput": arguments, "kind": kind, "title": name}
        after = _changed(path, name, arguments)
        if after is not None:
            diff = {"type": "diff", "path": path, "oldText": _content(path), "newText": after}
            about["content"] = [diff]
        if self._session.mode != "auto":
            self._ask(call_id, **about)
        if after is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(after)
            result = f"Changed {path}."
        elif name == "ls":
            result = "\n".join(sorted(os.listdir(path)))
        elif name == "read":
            result = _content(path) or ""
        else:
            result = f"{name} was called."
        self._ended(call_id, "completed", result)
        return result

    def _ask(self, call_id: str, **about: Any) -> None:
        self._update("tool_call_update", toolCallId=call_id, status="in_progress", **about)
        call = {"toolCallId": call_id, "status": "pending", **about}
        params = {"sessionId": self._session.id, "toolCall": call, "options": list(OPTIONS)}
        waits = bool(self._agent.options.get("waits"))
        answer = self._peer.ask("session/request_permission", params, self._stop, waits=waits)
        outcome = answer.get("outcome", {})
        if outcome.get("outcome") == "cancelled" or self._stop.is_set:
            raise Stopped
        if outcome.get("optionId") != "once":
            raise Denied(f"The user chose {outcome.get('optionId')}.")

    def _ended(self, call_id: str, status: str, text: str, **more: Any) -> None:
        content = [{"type": "content", "content": {"type": "text", "text": text}}]
        self._update("tool_call_update", toolCallId=call_id, status=status, content=content, **more)


def _content(path: str) -> str | None:
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def _changed(path: str, name: str, arguments: Json) -> str | None:
    """What becomes of the file; None for a tool that changes none."""
    if name == "write":
        return str(arguments["content"])
    if name != "edit":
        return None
    before = _content(path)
    if before is None:
        raise OSError("There is no such file.")
    for edit in arguments["edits"]:
        before = before.replace(edit["oldText"], edit["newText"], 1)
    return before
