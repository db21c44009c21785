"""The plans of the real agents, whose clients find one shape."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.conftest import Kind, claude_kind, codex_kind
from tests.contract.driver import Sidecar


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def calls(name: str, *given: Any) -> str:
    told = [f"@tool {name} {json.dumps(arguments)}" for arguments in given]
    return " @then ".join([*told, "@text done"])


def plans(running: Sidecar) -> list[list[tuple[str, str]]]:
    """Each plan that was told, by its entries; its words say the same."""
    found = []
    marks = {"[ ]": "pending", "[~]": "in_progress", "[x]": "completed"}
    for opened in running.opened("tool"):
        closed = running.closed(opened.item)
        assert opened.tool and closed.tool and closed.text
        assert opened.tool.name == closed.tool.name == "plan"
        entries = msgspec.json.decode(closed.tool.input)["entries"]
        found.append([(one["content"], one["status"]) for one in entries])
        lines = [line.partition("] ") for line in closed.text.splitlines()]
        assert found[-1] == [(words, marks[f"{mark}]"]) for mark, _, words in lines]
    return found


def test_codex_tells_its_plan_as_it_changes(tmp_path: Path, stack: ExitStack) -> None:
    kind = codex_kind(tmp_path, stack)
    stack.callback(kind.close)
    with (tmp_path / "codex/config.toml").open("a") as config:
        config.write("\n[tools.update_plan]\nenabled = true\n")
    running = kind.launch(tmp_path / "chat")
    running.start()
    changes = [
        [{"step": "Look", "status": status}, {"step": "Fix", "status": "pending"}]
        for status in ("in_progress", "completed")
    ]
    running.turn(calls("update_plan", *({"plan": plan} for plan in changes)))
    assert plans(running) == [
        [("Look", "in_progress"), ("Fix", "pending")],
        [("Look", "completed"), ("Fix", "pending")],
    ]


def claude(place: Path, stack: ExitStack, **env: str) -> Sidecar:
    """It offers its lists to newer models only where it is told to."""
    kind: Kind = claude_kind(place, stack, CLAUDE_CODE_ENABLE_TODO_TOOLS="1", **env)
    stack.callback(kind.close)
    running = kind.launch(place / "chat")
    running.start()
    return running


def test_claude_tells_its_tasks_as_a_plan(tmp_path: Path, stack: ExitStack) -> None:
    running = claude(tmp_path, stack)
    made = calls("TaskCreate", *({"subject": it, "description": it} for it in ("Look", "Fix")))
    running.turn(made)
    running.turn(calls("TaskUpdate", {"taskId": "1", "status": "completed"}), "T2")
    assert plans(running) == [
        [("Look", "pending")],
        [("Look", "pending"), ("Fix", "pending")],
        [("Look", "completed"), ("Fix", "pending")],
    ]


def test_claude_tells_its_todos_as_a_plan(tmp_path: Path, stack: ExitStack) -> None:
    running = claude(tmp_path, stack, CLAUDE_CODE_ENABLE_TASKS="0")
    todos = [{"content": "Look", "status": "in_progress", "activeForm": "Looking"}]
    running.turn(calls("TodoWrite", {"todos": todos}))
    assert plans(running) == [[("Look", "in_progress")]]
