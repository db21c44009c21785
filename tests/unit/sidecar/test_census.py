"""What a look at a process tells."""

import os
import time

import pytest

from claudetted.sidecar import census


@pytest.mark.parametrize(
    ("shown", "seconds"), [(b"0:01.50", 1.5), (b"02:03", 123), (b"1-02:03:04", 93_784)]
)
def test_the_times_of_ps_are_read(shown: bytes, seconds: float) -> None:
    assert census._seconds(shown) == seconds


def test_the_time_that_this_process_has_used_is_seen() -> None:
    before = time.process_time()
    while time.process_time() < before + 0.1:
        pass
    seen = census.look(os.getpid())
    assert seen and seen.memory > 0
    assert abs(seen.cpu - time.process_time()) < 0.5 and seen.cpu >= 0.05
