"""A corpus of globs and real paths, and the traps of links, dots and case."""

import os
from pathlib import Path

import msgspec
import pytest

from claudetted.permissions import paths
from claudetted.permissions.disk import MOST_NAMES, RealDisk
from claudetted.permissions.places import Places
from claudetted.permissions.rules import parse
from tests.unit.permissions.world import DISK, HOME, PLACES, WORKSPACE, asking, verdict

W = WORKSPACE

COVERS = [
    ("**", W),
    ("**", W + "/a"),
    ("**", W + "/a/b/c.py"),
    ("**", W + "/.hidden/x"),
    ("src/**", W + "/src"),
    ("src/**", W + "/src/a.py"),
    ("src/**", W + "/src/a/b/c"),
    ("src/", W + "/src/a/b"),
    ("./src/**", W + "/src/a"),
    ("src/../lib/**", W + "/lib/a"),
    ("src//a", W + "/src/a"),
    ("src/*", W + "/src/a.py"),
    ("src/*.py", W + "/src/a.py"),
    ("src/*.py", W + "/src/.py"),
    ("*.py", W + "/a.py"),
    ("**/*.py", W + "/a.py"),
    ("**/*.py", W + "/a/b/c.py"),
    ("**/test/**", W + "/test"),
    ("**/test/**", W + "/a/test/b"),
    ("a/**/b", W + "/a/b"),
    ("a/**/b", W + "/a/x/y/b"),
    ("a/**/**/b", W + "/a/b"),
    ("a?c", W + "/abc"),
    ("[ab].py", W + "/a.py"),
    ("[a-c].py", W + "/b.py"),
    ("[!a].py", W + "/b.py"),
    ("[^a].py", W + "/b.py"),
    ("[]].py", W + "/].py"),
    ("[*].py", W + "/*.py"),
    ("[[]x]", W + "/[x]"),
    ("[", W + "/["),
    ("a[", W + "/a["),
    ("a.py", W + "/a.py"),
    ("a+b(c)", W + "/a+b(c)"),
    ("a b", W + "/a b"),
    ("ünïcode/**", W + "/ünïcode/x"),
    ("/etc/**", "/etc"),
    ("/etc/**", "/etc/ssl/certs"),
    ("/etc/*", "/etc/passwd"),
    ("/**", "/"),
    ("/**", "/anything/at/all"),
    ("/", "/anything"),
    ("~/x/**", HOME + "/x/y"),
    ("~", HOME),
    ("~/.ssh/id_*", HOME + "/.ssh/id_rsa"),
    ("/a/../etc/passwd", "/etc/passwd"),
    ("a\nb", W + "/a\nb"),
    ("*", W + "/a\nb"),
    ("..", HOME),
    ("../x", HOME + "/x"),
]

SPARES = [
    ("**", HOME),
    ("**", HOME + "/workshop"),
    ("**", W + "2"),
    ("**", "/etc/passwd"),
    ("src/**", W),
    ("src/**", W + "/src2"),
    ("src/**", W + "/src.py"),
    ("src/**", W + "/lib/src/a"),
    ("src/**", "/src/a"),
    ("src", W + "/src/a"),
    ("src/*", W + "/src"),
    ("src/*", W + "/src/a/b"),
    ("src/*.py", W + "/src/a/b.py"),
    ("src/*.py", W + "/src/a.pyc"),
    ("src/*.py", W + "/src/xapy"),
    ("*.py", W + "/a/b.py"),
    ("*", W),
    ("*", W + "/a/b"),
    ("a?c", W + "/a/c"),
    ("a?c", W + "/ac"),
    ("a[!x]c", W + "/a/c"),
    ("a[./]c", W + "/a/c"),
    ("[a-c].py", W + "/d.py"),
    ("[!a].py", W + "/a.py"),
    ("[z-a].py", W + "/b.py"),
    ("[*].py", W + "/a.py"),
    ("**/*.py", W + "/a.pyx"),
    ("**/test/**", W + "/testing/a"),
    ("a/**/b", W + "/a/xb"),
    ("a/**/b", W + "/ab"),
    ("a.py", W + "/axpy"),
    ("a.py", W + "/A.py"),
    ("A.py", W + "/a.py"),
    ("a|b", W + "/a"),
    ("a.*", W + "/ab"),
    ("a+", W + "/aa"),
    ("/etc/**", "/etcetera"),
    ("/etc/**", W + "/etc/x"),
    ("/etc/*", "/etc"),
    ("/etc/*", "/etc/ssl/x"),
    ("~/x", HOME + "/x/y"),
    ("~/x", W + "/~/x"),
    ("~x/y", HOME + "/x/y"),
    ("~/.ssh/id_*", HOME + "/.ssh/config"),
    ("", HOME),
    ("..", W),
    ("../**", "/home/other"),
    ("/../../etc", "/home/etc"),
    ("in/**", W + "/src/a"),
    ("out/**", "/etc/passwd"),
    ("ünicode", W + "/unicode"),
]


@pytest.mark.parametrize(("glob", "path"), COVERS)
def test_a_glob_covers(glob: str, path: str) -> None:
    assert paths.covers(glob, path, W, PLACES)
    assert paths.touches(glob, path, W, PLACES)


@pytest.mark.parametrize(("glob", "path"), SPARES)
def test_a_glob_spares(glob: str, path: str) -> None:
    assert not paths.covers(glob, path, W, PLACES)


def test_the_corpus_is_large() -> None:
    assert len({*COVERS, *SPARES}) >= 100


@pytest.mark.parametrize(
    ("glob", "path"),
    [("out/**", "/etc/passwd"), ("key", HOME + "/.ssh/id_ed25519"), ("in/*", W + "/src/a")],
)
def test_a_link_in_a_glob_widens_a_deny_and_never_an_allow(glob: str, path: str) -> None:
    assert paths.touches(glob, path, W, PLACES)
    assert not paths.covers(glob, path, W, PLACES)
    assert verdict(asking("r", "read", path), f"deny * path {glob}").effect == "deny"
    assert verdict(asking("w", "write", path), f"allow * path {glob}").effect != "allow"


def test_case_matters_only_where_the_volume_says_so() -> None:
    folded = msgspec.structs.replace(PLACES, case_insensitive=True)
    assert paths.covers("SRC/**", W + "/src/a", W, folded)
    assert paths.covers("caf\u00e9", W + "/CAFE\u0301", W, folded)
    assert paths.inside(W.upper() + "/a", W, folded)
    assert not paths.covers("SRC/**", W + "/src/a", W, PLACES)
    assert not paths.inside(W.upper() + "/a", W, PLACES)
    key = asking("read", "read", HOME + "/.SSH/ID_RSA")
    assert verdict(key, level="full", places=folded).effect == "deny"


@pytest.mark.parametrize(
    "path", [W, W + "/a", W + "/a/..b", W + "/..a", W + "/...", W + "/ "], ids=repr
)
def test_inside(path: str) -> None:
    assert paths.inside(path, W, PLACES)


@pytest.mark.parametrize("path", ["/", HOME, W + "x", W[:-1], "/home/u/workspace/a", ""])
def test_outside(path: str) -> None:
    assert not paths.inside(path, W, PLACES)


def test_everything_is_inside_the_root() -> None:
    assert paths.inside("/etc/passwd", "/", PLACES)


def test_a_literal_path_covers_itself_alone() -> None:
    for path in ("/a/*", "/a/[x]", "/a/?", "/a/**", "/a/[*]"):
        assert paths.covers(paths.literal(path), path, "/", PLACES)
        assert not paths.covers(paths.literal(path), "/a/x", "/", PLACES)


def test_a_workspace_rule_starts_at_its_own_workspace() -> None:
    text = parse("allow @write path src/**")
    rule = msgspec.structs.replace(text, scope="workspace", subject="/srv/a")
    assert verdict(asking("w", "write", "/srv/a/src/x"), rule, workspace="/srv/a").effect == "allow"
    assert verdict(asking("w", "write", W + "/src/x"), rule).effect == "ask"


def test_the_real_disk_follows_links_and_counts_names(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").touch()
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / ".hidden").touch()
    disk = RealDisk()
    real = os.path.realpath(tmp_path)
    assert disk.real(f"{tmp_path}/src/../link/passwd") == "/etc/passwd"
    assert disk.real(f"{tmp_path}/none/x") == f"{real}/none/x"
    assert sorted(disk.matches(f"{tmp_path}/*") or ()) == sorted(["/etc", f"{real}/src"])
    assert disk.matches(f"{tmp_path}/*.none") == []
    for number in range(MOST_NAMES + 1):
        (tmp_path / "src" / f"{number}.txt").touch()
    assert disk.matches(f"{tmp_path}/src/*.txt") is None


def test_a_link_swapped_in_below_an_allowed_directory_admits_nothing(tmp_path: Path) -> None:
    work = Path(os.path.realpath(tmp_path)) / "work"
    work.mkdir()
    (work / "src").symlink_to("/etc")
    places = Places(HOME, "/nowhere/data", "/nowhere/run", RealDisk())
    target = os.path.realpath(work / "src" / "passwd")
    write = asking("write", "write", target)
    told = verdict(write, "allow @write path src/**", workspace=str(work), places=places)
    assert told.effect == "ask"


def test_the_fake_disk_behaves_like_the_real_one(tmp_path: Path) -> None:
    assert DISK.real(W + "/out/../x") == "/x"
    (tmp_path / "out").symlink_to("/etc")
    assert RealDisk().real(f"{tmp_path}/out/../x") == "/x"
