"""The README and the reference of the commands tell what the command line tells."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def test_the_help_in_the_readme_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / ".ci/readme.py"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_takes_two_screens() -> None:
    assert len((CHECKOUT / "README.md").read_text().splitlines()) <= 140
