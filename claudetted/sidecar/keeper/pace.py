"""Owns the tick: how often it is worth waking up when much is said in small pieces."""

TICK = 0.004
BURST = 16


class Pace:
    """Credit for going on at once: full after a pause, and one per TICK under load."""

    def __init__(self, now: float) -> None:
        self._credit = float(BURST)
        self._at = now

    def spend(self, now: float) -> bool:
        """False when there were too many wake-ups lately: gather for a TICK."""
        self._credit = min(BURST, self._credit + (now - self._at) / TICK)
        self._at = now
        if self._credit < 1:
            return False
        self._credit -= 1
        return True
