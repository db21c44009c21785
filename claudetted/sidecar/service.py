"""Owns the keeper's command line, and the program `claudetted-keeper` of its own service."""

import argparse
import os
import sys
from pathlib import Path

import claudetted
from claudetted.protocol import places

KEEPER = Path(__file__).parent / "keeper"


def command(socket_path: Path, *, detach: bool = False, idle: float | None = None) -> list[str]:
    """Isolated from the user's Python settings, and small: nothing but the standard library."""
    words = [sys.executable, "-I", "-S", str(KEEPER)]
    words += ["--detach"] if detach else []
    words.append(str(socket_path))
    words += [str(idle)] if idle is not None else []
    return words


def main() -> None:
    """Becomes the keeper, which here lives as long as the service does."""
    parser = argparse.ArgumentParser(
        prog="claudetted-keeper",
        description="Runs agents for claudetted, as a service of its own, until told to stop.",
    )
    parser.add_argument("--version", action="version", version=claudetted.__version__)
    parser.parse_args()
    words = command(places.keeper_socket_path(), idle=0)
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
