"""What `make faults` does is survived, and a daemon that loses something is found out."""

import subprocess
import sys
from pathlib import Path


def faults(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.faults", "--without-pi", *arguments]
    checkout = Path(__file__).parents[2]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True)


def test_a_few_faults_are_survived() -> None:
    done = faults("--trials", "10", "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 10 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in done.stdout


def test_a_daemon_that_makes_a_mistake_is_found_out() -> None:
    """Shows that the table can tell of something else than zero."""
    done = faults("--trials", "12", "--seed", "3", "--mistake", "overlook lines")
    assert done.returncode == 1, done.stdout
