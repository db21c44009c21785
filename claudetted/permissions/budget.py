"""Owns how much work the judging of one call may be. It is counted in steps and not in time, so
that the same call gets the same verdict on every machine."""

from dataclasses import dataclass

STEPS = 5_000


class SpentError(Exception):
    """The budget of a call is spent. It does not leave the analysis: what is not read asks."""


@dataclass
class Budget:
    """What is left for one call."""

    left: int = STEPS

    def take(self, steps: int = 1) -> None:
        """Raises SpentError when there is not so much left."""
        self.left -= steps
        if self.left < 0:
            raise SpentError
