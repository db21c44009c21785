"""Owns how far a sidecar's output was heard, and what each line of it does to the chat."""

import logging

from claudetted.chat.plans import agent_ended, sidecar_lines
from claudetted.chat.step import Step
from claudetted.protocol import sidecar as sc
from claudetted.sidecar.lines import LineReader
from claudetted.sidecar.reports import Output

logger = logging.getLogger(__name__)


class Hearing:
    """The position in one sidecar's output, and the plans of the lines up to there."""

    def __init__(self, offset: int) -> None:
        self.safe_offset = offset
        """Up to here nothing need be heard again."""
        self._lines = LineReader(offset)

    def copy(self) -> "Hearing":
        """To plan with: the original stays for the case that the plan is dropped."""
        twin = Hearing(self.safe_offset)
        twin._lines = self._lines.copy()
        return twin

    @property
    def read_to(self) -> int:
        return self._lines.read_to

    def hear(self, output: Output, step: Step) -> None:
        """Plans what all lines do that this output completes."""
        for line in self._lines.read(output):
            _hear_one(line, step)
        self.safe_offset = self._lines.safe_offset
        if self._lines.is_endless and step.agent.stage != "ending":
            message = "The agent's process wrote a line that does not end; it was ended."
            agent_ended.unusable(step, sc.LineError("HarnessFailed", message))


def _hear_one(line: sc.FromSidecar, step: Step) -> None:
    try:
        sidecar_lines.hear(line, step)
    except sidecar_lines.Breach as breach:
        logger.warning("sidecar %s broke its protocol: %s", step.agent.sidecar_id, breach)
