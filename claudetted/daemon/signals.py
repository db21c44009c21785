"""Owns what signals mean to the daemon.

SIGTERM and SIGINT end it in order; the agents work on. SIGHUP has it read the settings again,
unless it has a terminal, whose end the signal then tells: that ends it in order, too. SIGUSR1 logs
its tasks.
"""

import logging
import os
import signal

import trio

from claudetted.daemon import tasks
from claudetted.daemon.run import Serving

logger = logging.getLogger(__name__)


def outlive_hangups() -> bool:
    """From here on SIGHUP ends nothing by itself. Whether it tells that our terminal is closed.

    Programs that we start do not inherit this, as they would SIG_IGN.
    """
    before = signal.signal(signal.SIGHUP, lambda *_: None)
    return before != signal.SIG_IGN and _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


async def heed(
    serving: Serving,
    terminal: bool,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Until it is cancelled; `terminal` is what `outlive_hangups` told."""
    ends = {signal.SIGTERM, signal.SIGINT, *[signal.SIGHUP] * terminal}
    with trio.open_signal_receiver(*ends, signal.SIGHUP, signal.SIGUSR1) as received:
        if terminal and not _has_terminal():
            _stop(serving, signal.SIGHUP)
        task_status.started()
        async with trio.open_nursery() as nursery:
            async for number in received:
                if number == signal.SIGUSR1:
                    logger.info("the tasks of the daemon:\n%s", tasks.tree())
                elif number in ends:
                    _stop(serving, number)
                else:
                    # What a setting entails may take long, and delays no other signal.
                    nursery.start_soon(serving.take_up)


def _stop(serving: Serving, number: int) -> None:
    logger.info("asked to stop by signal %d", number)
    serving.stop.set()
