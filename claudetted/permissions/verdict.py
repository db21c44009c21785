"""Owns the verdict on one call. Apart from the engine, which is loaded when it is first needed."""

import msgspec

from claudetted.protocol.permissions import Confinement, Scope
from claudetted.protocol.rules import Effect, Rule


class Verdict(msgspec.Struct, frozen=True):
    """What happens to a call, and what a person is told about it."""

    effect: Effect
    why: str
    rule: Rule | None = None
    """The rule that decided."""
    suggested: tuple[Rule, ...] = ()
    """The rules that together would have allowed it, without id, scope and origin."""
    scopes: tuple[Scope, ...] = ()
    """For how long an allow may be given; wider than `once` only where `suggested` says how."""
    confinement: Confinement | None = None
    """What holds a command that is allowed."""
