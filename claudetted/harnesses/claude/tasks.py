"""Owns the list of tasks that Claude Code keeps, as its calls and their results tell of it. Pure.

It tells each change for itself; the whole list only when the model asks for it.
"""

import msgspec

from claudetted.harnesses.plans import Entry, of_todos

CHANGING = frozenset({"TaskCreate", "TaskUpdate", "TodoWrite"})
"""The calls that are told as a plan. Which of them there are depends on its version and model."""


class _Task(msgspec.Struct):
    id: str = ""
    subject: str = ""
    status: str = "pending"


class _Given(msgspec.Struct):
    """The arguments of any of the calls."""

    taskId: str = ""
    subject: str | None = None
    status: str | None = None


class _Result(msgspec.Struct):
    """What it tells of the result of any of the calls."""

    task: _Task | None = None
    tasks: list[_Task] | None = None
    success: bool = False


class Tasks(msgspec.Struct):
    _known: dict[str, _Task] = {}
    _whole: bool = False
    """Nothing of the list is missing here. Of a session that goes on, its first tasks may be."""

    def after(self, name: str, arguments: msgspec.Raw, result: msgspec.Raw) -> list[Entry] | None:
        """The list as a call has left it that went well; None where it is not known whole, and
        for a call that changes nothing."""
        try:
            if name == "TodoWrite":
                return of_todos(msgspec.json.decode(arguments))
            given = msgspec.json.decode(arguments, type=_Given)
            if name not in CHANGING and name != "TaskList":
                return None
            changed = self._take(name, given, msgspec.json.decode(result, type=_Result))
        except msgspec.MsgspecError:
            return None
        if not changed or not self._whole:
            return None
        return [Entry(task.subject, task.status) for task in self._known.values()]

    def _take(self, name: str, given: _Given, result: _Result) -> bool:
        """Whether the call has changed the list."""
        if name == "TaskList" and result.tasks is not None:
            self._known = {task.id: task for task in result.tasks}
            self._whole = True
        elif name == "TaskCreate" and result.task:
            if result.task.id == "1":
                self._known, self._whole = {}, True
            self._known[result.task.id] = result.task
            return True
        elif name == "TaskUpdate" and result.success:
            self._update(given)
            return True
        return False

    def _update(self, given: _Given) -> None:
        task = self._known.get(given.taskId)
        if given.status == "deleted":
            self._known.pop(given.taskId, None)
        elif task:
            task.subject = given.subject or task.subject
            task.status = given.status or task.status
