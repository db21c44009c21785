"""What one call sees of the disk is the disk, asked as seldom as possible."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, strategies as st
from msgspec.structs import replace

from claudetted.permissions.disk import RealDisk
from claudetted.permissions.places import Glance
from tests.unit.permissions.world import PLACES, asking, running, verdict

NAMES = ("a", "b", ".c")
name = st.sampled_from(NAMES)
place = st.lists(name, min_size=1, max_size=3).map("/".join)
target = st.one_of(place, place.map(lambda path: f"../{path}"), st.just("."), st.just("/"))
step = st.sampled_from((*NAMES, "..", ".", "", "none"))
asked = st.lists(step, max_size=6).map("/".join)


@given(
    st.lists(place, max_size=4),
    st.lists(st.tuples(place, target, st.booleans()), max_size=4),
    st.lists(asked, min_size=1, max_size=8),
)
def test_a_path_is_followed_as_the_system_follows_it(
    directories: list[str], links: list[tuple[str, str, bool]], paths: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        for path in directories:
            if not os.path.lexists(root / path):
                os.makedirs(root / path, exist_ok=True)
        for path, leads_to, absolute in links:
            link = root / path
            if link.parent.is_dir() and not os.path.lexists(link):
                link.symlink_to(root / leads_to if absolute else leads_to)
        glance = Glance(RealDisk())
        for path in paths:
            whole = f"{made}/{path}"
            assert glance.real(whole) == os.path.realpath(whole)


class Counting(RealDisk):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def real(self, path: str) -> str:
        self.asked.append(path)
        return super().real(path)

    def is_link(self, path: str) -> bool:
        self.asked.append(path)
        return super().is_link(path)

    def matches(self, pattern: str) -> Sequence[str] | None:
        return []


def test_a_directory_is_followed_once(tmp_path: Path) -> None:
    disk = Counting()
    glance = Glance(disk)
    for number in range(10):
        glance.real(str(tmp_path / f"file{number}"))
    assert len(disk.asked) == len(set(disk.asked)) == len(tmp_path.parts) - 1 + 10


def test_a_pattern_finds_no_more_for_a_shell_than_for_the_engine(tmp_path: Path) -> None:
    workspace = Path(os.path.realpath(tmp_path)) / "work"
    (workspace / "secrets").mkdir(parents=True)
    (workspace / "secrets" / "key").write_text("private")
    (workspace / "link").symlink_to(tmp_path)
    here = replace(PLACES, disk=RealDisk())
    rules = ("allow bash command cat", "allow bash command ls", "deny * path secrets/**")
    for class_ in ("[^x]", "[!x]", "[s]", "[a-z]", "[[:alpha:]]", '["a-"z]', "[\\^s]", "?"):
        for command in (f"cat {class_}ecrets/key", f"ls {class_.replace('s', 'l')}ink"):
            shown = subprocess.run(
                ["bash", "-c", command], cwd=workspace, capture_output=True, check=False
            )
            call = running(command, cwd=str(workspace))
            effect = verdict(call, *rules, workspace=str(workspace), places=here).effect
            assert effect != "allow" or not shown.stdout, command


def test_a_search_asks_wherever_a_denied_file_may_lie(tmp_path: Path) -> None:
    workspace = Path(os.path.realpath(tmp_path))
    (workspace / "src").mkdir()
    (workspace / "src" / "a.py").touch()
    here = replace(PLACES, disk=RealDisk())
    rules = ("allow bash command rg", "allow bash command grep", "deny * path **/.env")
    for path, effect in ((".", "ask"), ("src", "ask"), ("src/a.py", "allow")):
        real = os.path.realpath(workspace / path)
        for call in (
            asking("grep", "search", real),
            running(f"rg KEY {path}", cwd=str(workspace)),
            running(f"grep -nr KEY {path}", cwd=str(workspace)),
        ):
            told = verdict(call, *rules, workspace=str(workspace), places=here)
            assert told.effect == effect, call
    whole = running("grep KEY src/a.py", cwd=str(workspace))
    assert verdict(whole, *rules, workspace=str(workspace), places=here).effect == "allow"
