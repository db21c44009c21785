"""Owns what the scripted model says in the demo, depending on what the agent was allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from claudette_cli.demo.scripted_answer import ModelRequest, text_of
from claudette_cli.demo.scripted_model import ScriptedModel

PROMPT = "A test of average.py fails. Find out why, and fix it."
GATE = "daemon"
"""Where the last answer stops until its daemon was replaced."""

BEFORE_GATE = "That was the whole problem."
_COMMAND = "python3 -m unittest"
_EDIT = {
    "path": "average.py",
    "edits": [
        {
            "oldText": "    return sum(numbers) / len(numbers)\n",
            "newText": "    if not numbers:\n        return 0.0\n"
            "    return sum(numbers) / len(numbers)\n",
        }
    ],
}


class DemoModel(ScriptedModel):
    """Plays its role on the prompt of the demo, which a person reads without stage directions."""

    def __init__(self, fixed: Callable[[], bool]) -> None:
        """`fixed` tells whether the program was really changed."""
        super().__init__(models=("scripted",))
        self._fixed = fixed

    def begin(self, body: dict[str, Any], key: str = "") -> ModelRequest:
        directed = ModelRequest(body)
        script = self._script(directed)
        messages = [
            message | {"content": f"{PROMPT}\n{script}"}
            if message["role"] == "user" and PROMPT in text_of(message)
            else message
            for message in directed.messages
        ]
        return super().begin(body | {"messages": messages}, key)

    def _script(self, asked: ModelRequest) -> str:
        rounds = [
            "@think The test names the function; I should read both before I guess."
            ' @text "Let me look at the program and at its tests."'
            f" @tool read {json.dumps({'path': 'average.py'})}"
            f" @tool read {json.dumps({'path': 'test_average.py'})}",
            '@text "`average` divides by the number of values, and the failing test has none.'
            ' Its documentation promises `0.0` there, so I will return that."'
            f" @tool edit {json.dumps(_EDIT)}",
            *self._ending(asked),
        ]
        return " @then\n".join(rounds)

    def _ending(self, asked: ModelRequest) -> list[str]:
        if asked.round >= 2 and not self._fixed():
            return [_last("You refused the change, so the program is **as it was**.")]
        run = (
            '@text "Now I will see whether the tests agree."'
            f" @tool bash {json.dumps({'command': _COMMAND})}"
        )
        if asked.round < 3 or _tests_passed(asked):
            return [run, _last("Both tests pass now: `average([])` is `0.0`, the rest unchanged.")]
        return [run, _last("The change is in place, but the tests were **not run**.")]


def _last(sentence: str) -> str:
    before = f"{sentence}\n\n{BEFORE_GATE}\n\n"
    after = (
        "| what | where |\n|---|---|\n"
        "| the fault | `average.py`, the division |\n"
        "| who noticed | `test_no_numbers` |\n\n"
        "*This sentence was written while its daemon was being replaced.*"
    )
    return f"@slow 20 @text {json.dumps(before)} @hold {GATE} @text {json.dumps(after)}"


def _tests_passed(asked: ModelRequest) -> bool:
    answers = [text_of(message) for message in asked.messages if message["role"] == "tool"]
    return "\nOK" in answers[-1] if answers else False
