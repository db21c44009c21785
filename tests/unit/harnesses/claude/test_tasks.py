"""What Claude Code's tasks come to, call by call."""

from typing import Any

import msgspec
import pytest

from claudetted.harnesses.claude.tasks import Tasks


def after(tasks: Tasks, name: str, given: Any, result: Any = None) -> list[tuple[str, str]] | None:
    raw = [msgspec.Raw(msgspec.json.encode(value)) for value in (given, result)]
    entries = tasks.after(name, *raw)
    return None if entries is None else [(one.content, one.status) for one in entries]


def create(tasks: Tasks, number: str, subject: str) -> list[tuple[str, str]] | None:
    result = {"task": {"id": number, "subject": subject, "description": "…"}}
    return after(tasks, "TaskCreate", {"subject": subject, "description": "…"}, result)


def update(tasks: Tasks, number: str, *, success: bool = True, **fields: Any) -> Any:
    result = {"success": success, "taskId": number, "updatedFields": list(fields)}
    return after(tasks, "TaskUpdate", {"taskId": number, **fields}, result)


def test_the_list_is_whole_after_each_change() -> None:
    tasks = Tasks()
    assert create(tasks, "1", "Look") == [("Look", "pending")]
    create(tasks, "2", "Fix")
    assert update(tasks, "1", status="in_progress") == [("Look", "in_progress"), ("Fix", "pending")]
    assert update(tasks, "2", subject="Mend") == [("Look", "in_progress"), ("Mend", "pending")]
    assert update(tasks, "1", status="deleted") == [("Mend", "pending")]
    assert create(tasks, "3", "Test") == [("Mend", "pending"), ("Test", "pending")]


def test_a_list_whose_beginning_is_not_known_is_told_after_it_was_read() -> None:
    tasks = Tasks()
    assert create(tasks, "4", "Test") is None
    assert update(tasks, "3", status="completed") is None
    rows = [
        {"id": "3", "subject": "Fix", "status": "completed", "blockedBy": []},
        {"id": "4", "subject": "Test", "status": "pending", "blockedBy": []},
    ]
    assert after(tasks, "TaskList", {}, {"tasks": rows}) is None
    assert update(tasks, "4", status="in_progress") == [
        ("Fix", "completed"),
        ("Test", "in_progress"),
    ]


@pytest.mark.parametrize("result", [None, "Error: no", {"task": None}, []])
def test_a_call_that_changed_nothing_is_no_plan(result: Any) -> None:
    tasks = Tasks()
    create(tasks, "1", "Look")
    assert after(tasks, "TaskCreate", {"subject": "Fix"}, result) is None
    assert update(tasks, "9", success=False, status="completed") is None
    assert after(tasks, "Bash", {"command": "ls"}) is None
    assert update(tasks, "1", status="completed") == [("Look", "completed")]


def test_todos_are_told_whole() -> None:
    todos = [{"content": "Look", "status": "in_progress", "activeForm": "Looking"}]
    assert after(Tasks(), "TodoWrite", {"todos": todos}) == [("Look", "in_progress")]
