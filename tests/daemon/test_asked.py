"""What a daemon was asking when it was killed is ended by the next."""

import signal
import sys

import pytest
import trio

from claudetted.sidecar import asked
from tests.daemon.world import Daemon


@pytest.mark.skipif(sys.platform != "linux", reason="nothing is recorded elsewhere")
async def test_a_program_that_a_killed_daemon_was_asking_is_ended_by_the_next(
    daemon: Daemon,
) -> None:
    await daemon.stop()
    hanging = await trio.lowlevel.open_process(["sleep", "60"], start_new_session=True)
    never_over = asked.recorded(hanging.pid)
    never_over.__enter__()
    await daemon.start()
    assert await hanging.wait() == -signal.SIGKILL
