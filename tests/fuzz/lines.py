"""Owns the lines that are tried: made from a grammar, and changed from what agents really run.

`tests/golden/permissions/lines.json` has the words they are made of.
"""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

_FILE = Path(__file__).parents[1] / "golden" / "permissions" / "lines.json"
_DATA: dict[str, list[str]] = json.loads(_FILE.read_text())
OUTSIDE = "@OUT@"
"""Stands for the directory outside the workspace."""


class Lines:
    """An endless supply of lines, the same for the same seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def next(self) -> str:
        how = self._chance.random()
        if how < 0.45:
            return self._script(2)
        if how < 0.85:
            return self._changed(self._chance.choice(_DATA["everyday"]), self._chance.randint(0, 3))
        return self._changed(self._script(1), self._chance.randint(1, 2))

    def _pick(self, choices: Sequence[str]) -> str:
        return self._chance.choice(choices)

    def _script(self, depth: int) -> str:
        parts = [self._command(depth)]
        while self._chance.random() < 0.35:
            parts += [self._pick(("; ", " && ", " || ", " | ", "\n", " & ")), self._command(depth)]
        return "".join(parts)

    def _command(self, depth: int) -> str:
        compound = depth > 0 and self._chance.random() < 0.2
        if compound:
            return self._pick_one(self._compounds())(depth - 1)
        if self._chance.random() < 0.2:
            return self._pick(_DATA["whole"])
        return self._simple(depth)

    def _compounds(self) -> Sequence[Callable[[int], str]]:
        return (
            lambda d: f"for f in {self._words(3)}; do {self._script(d)}; done",
            lambda d: f"if {self._script(d)}; then {self._script(d)}; fi",
            lambda d: f"while false; do {self._script(d)}; done",
            lambda d: f"case {self._name()} in {self._name()}) {self._script(d)};; esac",
            lambda d: f"({self._script(d)})",
            lambda d: f"{{ {self._script(d)}; }}",
            lambda d: f"[[ {self._words(1)} == {self._words(1)} ]]",
            lambda d: f"x={self._name()}; {self._script(d)}",
            lambda d: f"bash -c '{self._script(0)}'",
        )

    def _name(self) -> str:
        return self._pick(_DATA["names"])

    def _pick_one(self, makers: Sequence[Callable[[int], str]]) -> Callable[[int], str]:
        return self._chance.choice(makers)

    def _words(self, most: int) -> str:
        return " ".join(self._name() for _ in range(self._chance.randint(1, most)))

    def _simple(self, depth: int) -> str:
        words = [self._pick(_DATA["programs"])]
        if words[0] in ("git", "make"):
            words.append(self._pick(("status", "log", "diff", "test")))
        if self._chance.random() < 0.12:
            words.insert(0, self._pick(_DATA["wrappers"]))
        for _ in range(self._chance.randint(0, 3)):
            words.append(
                self._pick(_DATA["names"] if self._chance.random() < 0.65 else _DATA["options"])
            )
        if depth and self._chance.random() < 0.1:
            words.append(f'"$({self._script(depth - 1)})"')
        if self._chance.random() < 0.2:
            words.append(self._pick(_DATA["redirections"]))
        return " ".join(words)

    def _changed(self, line: str, times: int) -> str:
        for _ in range(times):
            at = self._chance.randint(0, len(line))
            end = min(len(line), at + self._chance.choice((0, 0, 0, 1, 1, 2, 5)))
            piece = self._pick(_DATA["pieces"] if self._chance.random() < 0.6 else _DATA["names"])
            line = line[:at] + self._chance.choice((piece, piece, f" {piece} ", "")) + line[end:]
        return line
