"""Owns the start of Claude Code's adapter: `python -I -m claudetted.harnesses.claude`."""

import claudetted.harnesses.lean  # noqa: F401  # isort: skip

import os
import sys

from claudetted.harnesses import adapter
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.translation import Claude

if __name__ == "__main__":
    sys.exit(adapter.run(Claude(dict(os.environ), Disk())))
