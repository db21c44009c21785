"""What ends a program by a signal is heard, whenever it comes."""

import subprocess
import sys

import pytest

from claudette_cli.terminal import ending

WAITS = """
import os, select, signal, sys, threading
from claudette_cli.terminal import ending

with ending.orderly():
    # In another thread a signal wakes the main one from no wait, like one that comes just before.
    other = threading.Thread(
        target=lambda: signal.pthread_kill(threading.get_ident(), int(sys.argv[1]))
    )
    threading.Timer(0.2, other.start).start()
    select.select([os.pipe()[0]], [], [])
"""


@pytest.mark.parametrize("signum", ending.SIGNALS)
def test_a_signal_that_does_not_interrupt_a_wait_is_heard(signum: int) -> None:
    ended = subprocess.run([sys.executable, "-c", WAITS, str(int(signum))], timeout=60, check=False)
    assert ended.returncode == 128 + signum
