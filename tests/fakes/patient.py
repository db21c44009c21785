"""Runs an adapter whose agent has all the time it needs to end: on a busy machine Claude Code takes
longer than a daemon would wait for it, and here no keeper ends what is left of one that was killed.

Arguments: the module of the adapter, or its path, and what it is given.
"""

import claudetted.harnesses.lean  # noqa: F401  # isort: skip

import os
import runpy
import sys

from claudetted.harnesses import adapter

SECONDS = 50.0


def main() -> None:
    adapter.END_SECONDS = SECONDS
    del sys.argv[0]
    wanted = sys.argv[0]
    # The names that each has of its own. No other adapter is loaded: it takes longer than this one.
    if wanted == "claudetted.harnesses.codex":
        from claudetted.harnesses.codex import translation as codex

        codex.END_SECONDS = SECONDS
    elif wanted == "claudetted.harnesses.acp":
        from claudetted.harnesses.acp import translation as acp

        acp.DISPOSE_SECONDS = SECONDS
    if os.path.isabs(wanted):
        runpy.run_path(wanted, run_name="__main__")
    else:
        runpy.run_module(wanted, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
