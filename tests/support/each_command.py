"""Runs every command of a list in a process of its own, all of them forked from this one: what they
need is loaded once. This process has the surroundings that are tried.

Arguments: a file for the results, and the commands as JSON. A result is an exit code and what was
printed to stderr.
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module

from claudette_cli.main import COMMANDS, program

PATIENCE = 60
"""Seconds. One that takes longer is ended by SIGALRM."""
_ERR = 2


def _run(words: list[str], errors: str | None) -> None:
    """In the process that is one command's."""
    signal.alarm(PATIENCE)
    if errors is not None:
        # It may have the number of a stream that is closed, and has to give it back.
        opened = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, _ERR)
        os.close(opened)
    program(words)


def _each(results: str, commands: list[list[str]]) -> None:
    """The streams of a command are this process's own; only stderr, where it is a file, is read."""
    errors = f"{results}.err" if _is_null(_ERR) else None
    told = []
    for words in commands:
        pid = os.fork()
        if pid == 0:
            return _run(words, errors)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = ""
        if errors is not None:
            with open(errors, encoding="utf-8", errors="replace") as file:
                said = file.read()
        told.append([code, said])
    with open(results, "w", encoding="utf-8") as file:
        json.dump(told, file)
    return None


def _is_null(descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(os.devnull))
    except OSError:
        return False


if __name__ == "__main__":
    for module, _ in COMMANDS.values():
        import_module(f"claudette_cli.{module}")
    # Else each end looks for garbage in it and copies its pages by that, which costs most of all.
    gc.freeze()
    _each(sys.argv[1], json.loads(sys.argv[2]))
