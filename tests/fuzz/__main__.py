"""Tries lines at random: `python -m tests.fuzz --count N --seed S`.

Every line that the engine lets run unasked is run by bash and recorded. Exits with 1 when one of
them does more than was read in it, and says which.
"""

import argparse
import multiprocessing
import os
import random
import sys
import time

from tests.fuzz import recorder
from tests.fuzz.shares import SHARE, Tally, tried


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="lines to try")
    parser.add_argument("--seed", type=int, default=None, help="the same lines again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.randrange(10**6)
    if why := recorder.unavailable():
        _say(f"Nothing was tried: {why}.")
        return 2
    shares = [min(SHARE, chosen.count - at) for at in range(0, chosen.count, SHARE)]
    tasks = [(seed, number, count) for number, count in enumerate(shares)]
    tally, begun = Tally(), time.monotonic()
    _say(f"{chosen.count} lines, seed {seed}")
    with multiprocessing.get_context("spawn").Pool(chosen.jobs) as pool:
        for share in pool.imap_unordered(tried, tasks):
            tally.add(share)
            _show(tally, chosen.count, begun)
            for wrong in share.wrong:
                _say(wrong)
    _say(
        f"{tally.tried} lines tried, {tally.unasked} ran unasked, {tally.ended} were ended, "
        f"{len(tally.wrong)} did more than was read in them"
    )
    return 1 if tally.wrong or not tally.unasked else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _show(tally: Tally, count: int, begun: float) -> None:
    if sys.stderr.isatty() or tally.tried % (20 * SHARE) == 0:
        seconds = time.monotonic() - begun
        sys.stderr.write(
            f"{tally.tried} of {count}, {tally.unasked} ran, {len(tally.wrong)} wrong, "
            f"{seconds:.0f} s\n"
        )


if __name__ == "__main__":
    sys.exit(main())
