"""Measures claudetted beside the least that could do its work, and prints the ratios.

    make bench                 every row, in some minutes
    python -m tests.bench --quick
    python -m tests.bench pacing approving

Rows are medians of cases that were run in turn. Nothing is asserted: machines differ and are
busy; only what stands in one row was measured under the same conditions.
"""

import argparse
import signal
import sys
import time
from importlib import import_module

from tests.bench.table import Row, rendered

ROWS = (
    "answering",
    "flooding",
    "pacing",
    "approving",
    "changing",
    "replacing",
    "storing",
    "seating",
    "adapting",
)
"""Modules, each loaded when its turn comes."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROWS", help=f"of: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="every case once, rougher figures")
    options = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the processor's time of other processes is read as Linux tells it")
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    # What was started is ended by the contexts that started it.
    signal.signal(signal.SIGTERM, _end)
    found: list[Row] = []
    for name in options.rows or ROWS:
        began = time.monotonic()
        found += import_module(f"tests.bench.rows.{name}").rows(options.quick)
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    sys.stdout.write(rendered(found))


def _end(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
