"""Owns one turn of the scripted sidecar: the rounds of its script, and its one end.

Beyond what `claudette_cli.script` lists a prompt may say:

    @flood N            N deltas of 1 kB, as fast as they are read
    @big BYTES          one delta of that length
    @two-messages       two messages in one round
    @fail TEXT          ends the turn as failed
    @retry              a failed attempt, withdrawn, and a notice of the next one
    @swallow            ends the turn without a word
    @compact            an automatic compaction;  @late-compact  one after the turn's end
    @overflow-compact   withdraws what was said, compacts and goes on
    @late-output        an item after the turn's end
    @die CODE  @hang NAME  @garbage  @half  @unknown    faults

`@hold NAME` waits for the test's `Gates`, to which `@hang NAME` comes when it hangs. A steer is
taken between rounds and plays instead.
"""

from __future__ import annotations

import threading

from claudette_cli.demo import script
from tests.fakes.sidecar import faults, gate
from tests.fakes.sidecar.compaction import compact
from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.speech import Speech
from tests.fakes.sidecar.stopping import Stop, Stopped
from tests.fakes.sidecar.tools import Asks, Call, Place
from tests.fakes.sidecar.transcript import Transcript

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NAMES = (
    *script.NAMES,
    *("flood", "big", "two-messages", "fail", "retry", "swallow"),
    *("compact", "overflow-compact", "late-output", "late-compact"),
    *faults.NAMES,
)
WINDOW = 40_000
FLOOD_BYTES = 1024


class Failed(Exception):
    """The turn fails with this sentence."""


class Swallowed(Exception):
    """The turn ends without a word."""


class Agent:
    """What outlives a turn."""

    def __init__(
        self,
        out: Outlet,
        asks: Asks,
        place: Callable[[], Place],
        transcript: Transcript,
        model: Callable[[], str],
        gates: str,
        go_deaf: Callable[[], None],
    ) -> None:
        self.out = out
        self.asks = asks
        self.place = place
        self.transcript = transcript
        self.model = model
        self.gates = gates
        self.go_deaf = go_deaf


class Said:
    """What a person said; the images are (type, bytes)."""

    def __init__(self, text: str, images: list[tuple[str, bytes]]) -> None:
        self.text = text
        self.images = images


class Turn:
    """Plays in a thread of its own."""

    def __init__(self, agent: Agent, turn_id: str, on_end: Callable[[], None]) -> None:
        self._agent = agent
        self._out = agent.out
        self._id = turn_id
        self._on_end = on_end
        self._stop = Stop()
        self._over = threading.Event()
        self._speech = Speech(agent.out, agent.transcript, agent.model, self._stop)
        self._lock = threading.Lock()
        self._steers: list[tuple[str, Said]] = []
        self._said = Said("", [])
        self._settled = False
        self._usage: list[int] = []
        self._late: list[str] = []

    def start(self, said: Said, note: str) -> None:
        threading.Thread(target=self._play, args=(said, note)).start()

    def abort(self) -> None:
        """Returns when it is over."""
        self._stop.set()
        self._over.wait()

    def steer(self, turn_id: str, said: Said) -> bool:
        """False when it comes too late."""
        with self._lock:
            if not self._settled:
                self._steers.append((turn_id, said))
            return not self._settled

    def _play(self, said: Said, note: str) -> None:
        try:
            self._run(said, note)
        finally:
            self._over.set()  # Also when nobody listens any more, and it could not be said.

    def _run(self, said: Said, note: str) -> None:
        if note:
            self._agent.transcript.add("user", note)
        reason, error = "done", ""
        try:
            self._converse(said)
        except Stopped:
            reason = "stopped"
        except Swallowed:
            reason = "done"
        except (Failed, script.BadScript) as failure:
            reason, error = "failed", str(failure)
        self._end(reason, error)

    def _converse(self, said: Said) -> None:
        """The prompt, then each message that steers, until there is no more to answer."""
        self._answer(said)
        while steer := self._next_steer():
            self._out.send("steer.taken", turn=steer[0])
            self._answer(steer[1])

    def _next_steer(self) -> tuple[str, Said] | None:
        with self._lock:
            if self._steers:
                return self._steers.pop(0)
            self._settled = True
            return None

    def _answer(self, said: Said) -> None:
        self._said, text = said, said.text
        self._agent.transcript.add("user", text)
        rounds = script.rounds(text, NAMES)
        for number, steps in enumerate(rounds or [[script.Step("text", _said_by(text))]]):
            if number and self._steers:
                return
            self._round(self._after_break(steps))

    def _after_break(self, steps: list[script.Step]) -> list[script.Step]:
        """Plays the attempt that `@midstream` breaks; returns what the next one plays."""
        names = [step.name for step in steps]
        if "midstream" not in names:
            return steps
        for step in steps[: names.index("midstream")]:
            self._step(step.name, step.argument)
        self._try_again()
        return [step for step in steps if step.name != "midstream"]

    def _round(self, steps: list[script.Step]) -> None:
        calls: list[Call] = []
        for step in steps:
            self._stop.check()
            if step.name == "tool":
                self._speech.close("done")
                calls.append(self._call(step))
            else:
                self._step(step.name, step.argument)
        self._speech.close("done")
        self._run_together(calls)

    def _call(self, step: script.Step) -> Call:
        agent = self._agent
        agent.transcript.add("assistant", f"{step.argument}({step.tool})")
        return Call(agent.place(), agent.asks, self._stop, step.argument, step.tool)

    def _run_together(self, calls: list[Call]) -> None:
        threads = [threading.Thread(target=call.run) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for call in calls:
            self._agent.transcript.add("tool", call.result)
        self._stop.check()

    def _step(self, name: str, argument: str) -> None:
        match name:
            case "text":
                self._speech.say("message", argument)
            case "think":
                self._speech.say("reasoning", argument)
            case "echo-history":
                self._speech.delta("message", self._agent.transcript.told())
            case "seen":
                self._speech.say("message", script.seen(self._said.images))
            case "big":
                self._speech.delta("message", "x" * int(argument))
            case "many":
                self._speech.burst(int(argument), "x")
            case "flood":
                self._speech.burst(int(argument), "y" * FLOOD_BYTES)
            case "two-messages":
                for text in ("The first message.", "The second message."):
                    self._speech.say("message", text)
                    self._speech.close("done")
            case "slow":
                self._speech.pause = int(argument) / 1000
            case _:
                self._event(name, argument)

    def _event(self, name: str, argument: str) -> None:
        """What happens to the turn rather than is said in it."""
        match name:
            case "hold":
                gate.hold(self._agent.gates, argument, self._stop)
            case "usage":
                self._usage = [int(number) for number in argument.split()]
            case "fail":
                raise Failed(argument)
            case "swallow":
                raise Swallowed
            case "error":
                status, _, message = argument.partition(" ")
                raise Failed(f"{message} (HTTP {status})")
            case "retry" | "error-once":
                self._speech.delta("message", "This attempt fails")
                self._try_again()
            case "compact":
                compact(self._out, self._agent.transcript, "threshold")
            case "overflow" | "overflow-compact":
                self._speech.close("discarded")
                compact(self._out, self._agent.transcript, "overflow")
            case "late-output" | "late-compact":
                self._late.append(name)
            case _:
                faults.play(name, argument, self._out, self._agent.gates, self._agent.go_deaf)

    def _try_again(self) -> None:
        self._speech.close("discarded")
        text = "The provider is overloaded (HTTP 503); trying again in 1 s (1 of 3)."
        self._out.send("notice", kind="retry", text=text)

    def _end(self, reason: str, error: str) -> None:
        with self._lock:
            self._settled = True
            self._steers.clear()
        self._speech.close(reason)
        if reason == "done":
            used = sum(self._usage) or self._agent.transcript.characters // 4
            self._out.send("context", used=used, window=WINDOW)
        # A prompt may follow as soon as the end is read.
        self._on_end()
        tokens = self._usage or [0, self._speech.deltas]
        usage = {"input": tokens[0], "output": tokens[1]}
        why: dict[str, Any] = {"error": error} if error else {}
        self._out.send("turn.end", turn=self._id, reason=reason, usage=usage, **why)
        self._over.set()
        for name in self._late:
            self._come_late(name)

    def _come_late(self, name: str) -> None:
        if name == "late-compact":
            compact(self._out, self._agent.transcript, "threshold")
            return
        item = self._out.name("m")
        self._out.send("item.open", item=item, kind="message")
        self._out.send("item.delta", item=item, text="Said after the end.")
        self._out.send("item.close", item=item, status="done")


def _said_by(text: str) -> str:
    return f"You said: {text[:2000]}"
