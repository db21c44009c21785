"""Starts the keeper: `python -I -S claudetted/sidecar/keeper [--detach] SOCKET [IDLE_SECONDS]`."""

import gc
import os
import sys

IDLE_SECONDS = 10.0
TRY_AGAIN = 75
"""Exit code when another keeper holds the lock."""


def main(argv: list[str]) -> int:
    # Isolated mode knows no site-packages; after the standard library, so that nothing shadows it.
    sys.path.append(os.path.abspath(os.path.join(os.path.dirname(__file__), "../../..")))
    # What is loaded stays until the end: looking for garbage in it is for nothing.
    gc.disable()
    from claudetted.sidecar.keeper.connection import AlreadyRunning
    from claudetted.sidecar.keeper.keeper import Keeper

    gc.freeze()
    gc.enable()
    words = [word for word in argv if word != "--detach"]
    path, idle = os.path.abspath(words[0]), float(words[1]) if words[1:] else IDLE_SECONDS
    os.umask(0o077)
    os.chdir("/")
    tell = detach() if "--detach" in argv else -1
    try:
        keeper = Keeper(path, idle)
    except AlreadyRunning:
        return TRY_AGAIN
    except OSError as fault:
        sys.stderr.write(f"The keeper cannot open its socket: {fault}\n")
        return 1
    if tell >= 0:
        let_go(tell)
    keeper.run()
    # Nothing is left to be written, and Python's own way out takes a fifth of a keeper's time.
    os._exit(0)


def detach() -> int:
    """Goes on in a session of its own. The first process ends with success once `let_go` is
    called, or as the second one ended."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        code = 0 if os.read(told, 1) else os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os._exit(code)
    os.close(told)
    os.setsid()
    return tell


def let_go(tell: int) -> None:
    """Nobody reads our standard streams from here on."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.close(null)
    os.write(tell, b"!")
    os.close(tell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
