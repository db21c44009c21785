"""Owns the rules of the house that a program can check.

Each rule takes a `House` and yields complaints, so that a test can plant a violation in a copy
and see it found. Import direction is import-linter's, style is ruff's, types are mypy's.
"""

import ast
import functools
import gc
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LONGEST = 400
TOP_LEVEL = {
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "claudetted",
    "clients",
    "harness",
    "launchd",
    "pyproject.toml",
    "systemd",
    "tests",
}
VAGUE_NAMES = {"common", "helper", "helpers", "misc", "types", "util", "utils"}
MARKS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")

BULKHEADS = {
    "claudetted/rpc/dispatch.py",  # request
    "claudetted/rpc/connection.py",  # connection
    "claudetted/rpc/doors/websocket.py",  # connection, until its token is read
    "claudetted/chat/manager.py",  # chat
}

DOORS = {
    "httpx": "claudetted/providers/http.py",
    "jsonrpcserver": "claudetted/rpc/dispatch.py",
    "keyring": "claudetted/store/secrets.py",
    "platformdirs": "claudetted/protocol/places.py",
    "prompt_toolkit": "clients/cli/claudette_cli/",
    "rich": "clients/cli/claudette_cli/",
    "segno": "clients/cli/claudette_cli/rendering/qr.py",
    "sqlite3": "claudetted/store/",
    "tree_sitter": "claudetted/permissions/shell/",
    "tree_sitter_bash": "claudetted/permissions/shell/",
    "trio_websocket": "claudetted/rpc/doors/web/",
}
"""Where a package is let in. Everything else of ours goes through what stands there."""

NAMES_AGENTS = (
    "claudetted/harnesses/claude/",
    "claudetted/harnesses/pi/",
    "claudetted/protocol/backends.py",  # the names of runtimes
    "claudetted/providers/kinds.py",  # the catalogue of backends
)

NAMES_METHODS = (
    "claudetted/protocol/registry",
    "claudetted/protocol/events.py",  # an event may be named as the method that caused it
    "claudetted/rpc/methods/",
    "claudetted/harnesses/codex/",  # requests of Codex have names of this form, too
)


@dataclass(frozen=True)
class House:
    """A checkout, or a copy of one, and the files that belong to it."""

    root: Path
    files: tuple[str, ...]

    @classmethod
    def checkout(cls, root: Path) -> "House":
        """What is committed and what could be: files that git ignores are nobody's business."""
        listed = subprocess.run(
            # The checkout may be another user's, who has said in the settings that it is trusted.
            [
                *("git", "-c", f"safe.directory={root.resolve()}", "ls-files"),
                *("--cached", "--others", "--exclude-standard", "-z"),
            ],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split("\0")
        return cls(root, tuple(sorted({path for path in listed if (root / path).is_file()})))

    def text(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def modules(self, *suffixes: str, under: str = "") -> Iterator[str]:
        """Files of ours that a person writes."""
        for path in self.files:
            generated = path.endswith(".gen.ts") or path == "clients/protocol.ts"
            if path.endswith(suffixes) and path.startswith(under) and not generated:
                yield path

    def tree(self, path: str) -> ast.Module:
        return parsed(self.text(path))

    def nodes(self, path: str) -> tuple[ast.AST, ...]:
        """Of the whole module."""
        return walked(self.text(path))


@functools.cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


@functools.cache
def walked(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(parsed(source)))


@contextmanager
def reading() -> Iterator[None]:
    """While every module is read: to look for garbage in a million nodes is for nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def modules_are_short(house: House) -> Iterator[str]:
    for path in house.modules(".py", ".ts"):
        lines = house.text(path).count("\n")
        if lines > LONGEST:
            yield f"{path} has {lines} lines; split it before {LONGEST}"


def agents_are_named_at_home(house: House) -> Iterator[str]:
    """The daemon knows no kind of agent: what it must know is in the kind's record."""
    for path in house.modules(".py", under="claudetted/"):
        if path.startswith(NAMES_AGENTS):
            continue
        for node in house.nodes(path):
            if isinstance(node, ast.Constant) and node.value == "pi":
                yield f"{path}:{node.lineno} names an agent; ask its record instead"


def modules_say_what_they_own(house: House) -> Iterator[str]:
    for path in house.modules(".py"):
        said = (ast.get_docstring(house.tree(path)) or "").split("\n\n")[0].strip()
        if not said.endswith("."):
            yield f"{path} does not open with a sentence"
    for path in house.modules(".ts"):
        if not re.match(r"(#!.*\n)?(//|/\*\*)\s+[^\n]*\w", house.text(path)):
            yield f"{path} does not open with a sentence"


def names_mean_something(house: House) -> Iterator[str]:
    for path in house.files:
        if Path(path).name.split(".")[0] in VAGUE_NAMES:
            yield f"{path} says nothing by its name"


def nothing_is_left_for_later(house: House) -> Iterator[str]:
    for path in house.modules(".py", ".ts", ".md", ".toml", ".service", ".plist", "Makefile"):
        for number, line in enumerate(house.text(path).splitlines(), 1):
            if MARKS.search(line):
                yield f"{path}:{number} leaves something for later"


def failures_are_caught_by_name(house: House) -> Iterator[str]:
    for path in house.modules(".py"):
        if path in BULKHEADS:
            continue
        for node in house.nodes(path):
            if _catches_everything(node):
                yield f"{path}:{getattr(node, 'lineno', 0)} catches everything"
    for path in house.modules(".ts"):
        if re.search(r"catch\s*(\([^)]*\))?\s*\{\s*\}", house.text(path)):
            yield f"{path} swallows an exception"


def _catches_everything(node: ast.AST) -> bool:
    """A handler that closes something and raises again lets the failure go on."""
    if isinstance(node, ast.ExceptHandler):
        goes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        return not goes_on and (node.type is None or _is_broad(node.type))
    if isinstance(node, ast.Call) and _last_name(node.func).endswith("suppress"):
        return any(_is_broad(argument) for argument in node.args)
    return False


def _last_name(called: ast.expr) -> str:
    """Of what is called, `c` for `a.b.c`; empty for what has no name."""
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _is_broad(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return any(_is_broad(inner) for inner in node.elts)
    return ast.unparse(node).removeprefix("builtins.") in ("Exception", "BaseException")


def packages_have_one_door(house: House) -> Iterator[str]:
    for path in [
        *house.modules(".py", under="claudetted/"),
        *house.modules(".py", under="clients/"),
    ]:
        for package in sorted(_imports(house.nodes(path))):
            door = DOORS.get(package)
            if door and not path.startswith(door):
                yield f"{path} imports {package}, whose door is {door}"


def protocol_is_data(house: House) -> Iterator[str]:
    ours = {"claudetted", "msgspec"}
    for path in house.modules(".py", under="claudetted/protocol/"):
        allowed = ours | ({"platformdirs"} if path.endswith("/places.py") else set())
        for package in sorted(_imports(house.nodes(path)) - allowed):
            if package not in sys.stdlib_module_names:
                yield f"{path} imports {package}; the protocol knows msgspec alone"


def _imports(nodes: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def groups_are_not_raised_over(house: House) -> Iterator[str]:
    """What is raised within `except*` is a group or not, as the version of Python has it."""
    for path in house.modules(".py"):
        for node in house.nodes(path):
            if isinstance(node, ast.TryStar):
                raises = (found for body in node.handlers for found in ast.walk(body))
                if any(isinstance(found, ast.Raise) for found in raises):
                    yield f"{path}:{node.lineno} raises within except*"


def method_names(house: House) -> list[str]:
    """The wire names of the registry, read and not imported: the house may be a copy."""
    registries = house.modules(".py", under="claudetted/protocol/registry")
    return [
        node.args[0].value
        for registry in registries
        for node in house.nodes(registry)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Method"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ]


def wire_names_have_one_place(house: House) -> Iterator[str]:
    names = set(method_names(house))
    for path in house.modules(".py", under="claudetted/"):
        if path.startswith(NAMES_METHODS):
            continue
        for node in house.nodes(path):
            if isinstance(node, ast.Constant) and node.value in names:
                yield f"{path}:{node.lineno} names the method {node.value}"


def nouns_name_their_files(house: House) -> Iterator[str]:
    nouns = sorted({name.split("/")[0] for name in method_names(house)})
    for noun in nouns:
        for pattern in ("claudetted/rpc/methods/{}.py", "tests/daemon/test_{}.py"):
            if not {pattern.format(noun), pattern.format(_plural(noun))} & set(house.files):
                yield f"{pattern.format(_plural(noun))} is missing: {noun} has methods"
    known = {*nouns, *map(_plural, nouns), "__init__"}
    for path in house.modules(".py", under="claudetted/rpc/methods/"):
        if Path(path).stem not in known:
            yield f"{path} is named after no noun of the protocol"


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith("s") else "s")


def unit_tests_mirror_modules(house: House) -> Iterator[str]:
    for path in house.modules(".py", under="tests/unit/"):
        stem = Path(path).name
        if not stem.startswith("test_"):
            continue
        inside = Path(path).relative_to("tests/unit").with_name(stem.removeprefix("test_"))
        module = f"claudetted/{inside}"
        if inside.is_relative_to("cli"):
            module = f"clients/cli/claudette_cli/{inside.relative_to('cli')}"
        if module not in house.files:
            yield f"{path} tests no module: {module} does not exist"


def the_top_level_is_fixed(house: House) -> Iterator[str]:
    for name in sorted({path.split("/")[0] for path in house.files}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name} does not belong at the top level"


def locks_name_no_host(house: House) -> Iterator[str]:
    for path in house.files:
        if path.endswith((".lock", ".lockb", "package-lock.json")) and "://" in house.text(path):
            yield f"{path} names a host"


RULES: tuple[Callable[[House], Iterator[str]], ...] = (
    modules_are_short,
    agents_are_named_at_home,
    modules_say_what_they_own,
    names_mean_something,
    nothing_is_left_for_later,
    failures_are_caught_by_name,
    groups_are_not_raised_over,
    packages_have_one_door,
    protocol_is_data,
    wire_names_have_one_place,
    nouns_name_their_files,
    unit_tests_mirror_modules,
    the_top_level_is_fixed,
    locks_name_no_host,
)
