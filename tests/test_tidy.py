"""The rules of the house hold, and each one notices when it is broken."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import house
from tests.house import House

CHECKOUT = Path(__file__).parents[1]
# One worker reads every module, and the others do not.
pytestmark = pytest.mark.xdist_group("tidy")


@pytest.fixture(scope="module")
def checkout() -> Iterator[House]:
    with house.reading():
        yield House.checkout(CHECKOUT)
        # The nodes of every module would slow each later collection of garbage down.
        house.parsed.cache_clear()
        house.walked.cache_clear()


@pytest.mark.parametrize("rule", house.RULES, ids=lambda rule: rule.__name__)
def test_the_house_is_tidy(rule: Callable[[House], Iterator[str]], checkout: House) -> None:
    assert list(rule(checkout)) == []


PLANTS = [
    (house.modules_are_short, "claudetted/wire/long.py", '"""Owns much."""\n' * 401),
    (house.modules_are_short, "harness/src/long.ts", "// Owns much.\n" * 401),
    (house.agents_are_named_at_home, "claudetted/chat/knows.py", 'HARNESS = "pi"\n'),
    (house.modules_say_what_they_own, "claudetted/wire/mute.py", "x = 1\n"),
    (house.modules_say_what_they_own, "claudetted/wire/mute.py", '"""Stuff"""\n'),
    (house.modules_say_what_they_own, "harness/src/mute.ts", "export const x = 1;\n"),
    (house.names_mean_something, "claudetted/wire/utils.py", '"""Owns what is left."""\n'),
    (house.names_mean_something, "harness/src/types.ts", "// Owns types.\n"),
    (house.nothing_is_left_for_later, "claudetted/wire/a.py", '"""Owns a."""\n# TO' + "DO b\n"),
    (
        house.failures_are_caught_by_name,
        "claudetted/wire/a.py",
        "try:\n    x = 1\nexcept Exception:\n    x = 2\n",
    ),
    (
        house.failures_are_caught_by_name,
        "claudetted/wire/a.py",
        "try:\n    x = 1\nexcept (OSError, BaseException):\n    x = 2\n",
    ),
    (
        house.failures_are_caught_by_name,
        "claudetted/wire/a.py",
        "try:\n    x = 1\nexcept:\n    x = 2\n",
    ),
    (
        house.failures_are_caught_by_name,
        "claudetted/wire/a.py",
        "with contextlib.suppress(Exception):\n    x = 2\n",
    ),
    (
        house.groups_are_not_raised_over,
        "claudetted/wire/a.py",
        "try:\n    x = 1\nexcept* OSError:\n    raise ValueError\n",
    ),
    (house.failures_are_caught_by_name, "harness/src/a.ts", "// A.\ntry { x() } catch (e) {}\n"),
    (house.packages_have_one_door, "claudetted/chat/a.py", "import sqlite3\n"),
    (house.packages_have_one_door, "claudetted/rpc/unix.py", "from jsonrpcserver import method\n"),
    (house.packages_have_one_door, "clients/cli/claudette_cli/a.py", "import httpx\n"),
    (house.packages_have_one_door, "claudetted/chat/a.py", "def f():\n    import keyring\n"),
    (house.protocol_is_data, "claudetted/protocol/a.py", "import trio\n"),
    (house.wire_names_have_one_place, "claudetted/chat/a.py", 'NAME = "turn/send"\n'),
    (house.nouns_name_their_files, "claudetted/rpc/methods/sundry.py", ""),
    (
        house.nouns_name_their_files,
        "claudetted/protocol/registry_chats.py",
        'Method("song/sing", NoParams, Empty, "Sings.")\n',
    ),
    (house.unit_tests_mirror_modules, "tests/unit/wire/test_nothing.py", ""),
    (house.the_top_level_is_fixed, "docs/index.md", ""),
    (house.locks_name_no_host, "harness/bun.lock", '"https://example.org/x.tgz"'),
]


@pytest.mark.parametrize(
    ("rule", "path", "content"), PLANTS, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_rule_notices_that_it_is_broken(
    tmp_path: Path, rule: Callable[[House], Iterator[str]], path: str, content: str
) -> None:
    registry = "claudetted/protocol/registry_chats.py"
    for name, text in {registry: (CHECKOUT / registry).read_text(), path: content}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    before = set(rule(House(tmp_path, (registry,)))) if path != registry else set()
    assert set(rule(House(tmp_path, (registry, path)))) - before


def test_only_the_bulkheads_may_catch_everything(tmp_path: Path) -> None:
    for path in house.BULKHEADS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("try:\n    x = 1\nexcept Exception:\n    x = 2\n")
    rooms = House(tmp_path, tuple(sorted(house.BULKHEADS)))
    assert list(house.failures_are_caught_by_name(rooms)) == []


def test_what_closes_and_raises_again_catches_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("try:\n    x = 1\nexcept BaseException:\n    x = 2\n    raise\n")
    assert list(house.failures_are_caught_by_name(House(tmp_path, ("a.py",)))) == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of the house, to be broken by one test at a time."""
    place = tmp_path_factory.mktemp("copy")
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "claudetted", place / "claudetted", ignore=leave)
    shutil.copytree(CHECKOUT / "clients/cli", place / "clients/cli", ignore=leave)
    shutil.copy(CHECKOUT / "pyproject.toml", place)
    return place


@contextmanager
def planted(module: Path, text: str) -> Iterator[None]:
    """A module more, in a package that may be new as well."""
    fresh = not module.parent.exists()
    module.parent.mkdir(exist_ok=True)
    assert not module.exists()
    module.write_text(text)
    try:
        yield
    finally:
        if fresh:
            shutil.rmtree(module.parent)
        else:
            module.unlink()


def lint_imports(copy: Path) -> subprocess.CompletedProcess[str]:
    run = "from importlinter.cli import lint_imports_command as lint; lint()"
    return subprocess.run(
        [sys.executable, "-c", run, "--no-logo", "--no-cache"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": f"{copy}:{copy / 'clients/cli'}"},
        capture_output=True,
        text=True,
    )


def test_imports_only_go_down(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("path", "line", "contract"),
    [
        ("claudetted/store/planted.py", "import claudetted.chat", "Imports only go down"),
        ("claudetted/wire/planted.py", "import trio", "Protocol and wire do nothing"),
        ("claudetted/permissions/planted.py", "import subprocess", "The permission engine"),
        ("claudetted/chat/planted.py", "import asyncio", "Nothing is made for asyncio"),
        (
            "clients/cli/claudette_cli/planted.py",
            "def f() -> None:\n    import claudetted.store",
            "The command line stands on protocol and wire alone",
        ),
        ("claudetted/attic/__init__.py", "", "Imports only go down"),
    ],
)
def test_a_wrong_import_is_named(copy: Path, path: str, line: str, contract: str) -> None:
    with planted(copy / path, f'"""Owns a mistake."""\n\n{line}\n'):
        done = lint_imports(copy)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken) or "attic" in done.stdout, done.stdout
