"""Owns the count of what went wrong, and the table that tells it."""

from dataclasses import dataclass, field, fields


@dataclass
class Ledger:
    """Everything but the trials must stay zero."""

    trials: int = 0
    events_lost: int = 0
    events_doubled: int = 0
    permissions_lost: int = 0
    unapproved_effects: int = 0
    orphans: int = 0
    descriptors_leaked: int = 0
    stuck: int = 0
    fault: str = ""
    """The one of this trial."""
    notes: list[str] = field(default_factory=list)
    """What happened, for whoever has to find out why."""
    of_fault: dict[str, int] = field(default_factory=dict)
    """Trials of each fault."""

    def note(self, count: str, what: str, times: int = 1) -> None:
        setattr(self, count, getattr(self, count) + times)
        self.notes.append(f"trial {self.trials} ({self.fault}): {count.replace('_', ' ')}: {what}")

    @property
    def clean(self) -> bool:
        return not self.notes

    def table(self, real: int, seconds: float, seed: int) -> str:
        names = [one.name for one in fields(self) if one.type is int]
        heads = [name.replace("_", " ") for name in names]
        values = [str(getattr(self, name)) for name in names]
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.of_fault.items()))
        return "\n".join(
            [
                f"| {' | '.join(heads)} |",
                f"|{'|'.join('---:' for _ in heads)}|",
                f"| {' | '.join(values)} |",
                "",
                f"{faults}; {real} trials with the real Pi; seed {seed}, {seconds:.0f} s.",
            ]
        )
