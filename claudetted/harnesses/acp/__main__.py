"""Owns the process of the adapter: `python -I -m claudetted.harnesses.acp NAME KNOWN COMMAND…`.

NAME is what the user calls the agent, KNOWN which one of the table it is, or `-`.
"""

import claudetted.harnesses.lean  # noqa: F401  # isort: skip

import os
import sys

from claudetted.harnesses import adapter
from claudetted.harnesses.acp import known
from claudetted.harnesses.acp.agent import Program
from claudetted.harnesses.acp.disk import RealDisk
from claudetted.harnesses.acp.translation import Translation


def main(words: list[str]) -> int:
    name, like, *command = words
    program = Program(name, command, known.by_id(like) or known.UNKNOWN)
    env = {**os.environ, **program.known.env}
    return adapter.run(Translation(program, RealDisk(), env, os.getpid()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
