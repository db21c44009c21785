"""Owns showing what the daemon's tasks wait for, when somebody asks with SIGUSR1."""

from collections.abc import Iterator

import trio


def tree() -> str:
    """One line a task, indented by nursery: its name, and the line of ours where it waits."""
    root = trio.lowlevel.current_root_task()
    return "\n".join(_lines(root, 0)) if root else ""


def _lines(task: trio.lowlevel.Task, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{task.name.removeprefix('claudetted.')}{_place(task)}"
    for nursery in task.child_nurseries:
        for child in sorted(nursery.child_tasks, key=lambda child: child.name):
            yield from _lines(child, depth + 1)


def _place(task: trio.lowlevel.Task) -> str:
    """The innermost line that is not trio's."""
    ours = [
        f" ({frame.f_code.co_filename.rpartition('/')[2]}:{line})"
        for frame, line in task.iter_await_frames()
        if "/trio/" not in frame.f_code.co_filename
    ]
    return ours[-1] if ours else ""
