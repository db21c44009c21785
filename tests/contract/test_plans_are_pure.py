"""Plans are pure: what they import and call does no I/O, and waits for nothing."""

import ast
from pathlib import Path

import pytest

from claudetted.chat import plans

MODULES = sorted(Path(plans.__path__[0]).glob("*.py"))
DOES_IO = {
    "asyncio", "httpx", "io", "os", "shutil", "socket", "sqlite3", "subprocess", "tempfile",
    "threading", "time", "trio",
}  # fmt: skip
OF_THE_STORE = {"claudetted.store.journal"}
"""Row types alone, named below: the functions beside them write."""
ROWS = {"Opened", "Resolved"}
ON_A_PATH = {
    "chmod", "exists", "glob", "is_dir", "is_file", "iterdir", "lstat", "mkdir", "open",
    "read_bytes", "read_text", "rename", "resolve", "rmdir", "stat", "unlink",
    "write_bytes", "write_text",
}  # fmt: skip


def imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def faults(source: str) -> list[str]:
    tree = ast.parse(source)
    found = [name for name in imported(tree) if name.split(".")[0] in DOES_IO]
    stored = {name for name in imported(tree) if name.startswith("claudetted.store.")}
    found += sorted(stored - OF_THE_STORE)
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            found.append(f"line {node.lineno} waits")
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "journal":
            found += [f"journal.{node.attr}"] if node.attr not in ROWS else []
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in ON_A_PATH:
            found.append(f"line {called.lineno} calls {ast.unparse(called)}")
        if isinstance(called, ast.Name) and called.id in ("open", "print", "input"):
            found.append(f"line {called.lineno} calls {called.id}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_plan_is_pure(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import trio",
        "from os import path",
        "from claudetted.store.database import Database",
        "from claudetted.store import transcripts",
        "async def plan(): pass",
        "from claudetted.store import journal\njournal.write(1)",
        "Path('x').read_text()",
        "open('x')",
    ],
)
def test_what_is_not_pure_is_found(source: str) -> None:
    assert faults(source)
