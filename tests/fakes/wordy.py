"""Owns a program in front of a vendor's: it writes a line that is too long between the vendor's.

`python wordy.py MARK BYTES PROGRAM [ARGUMENT]...`: before the first line with MARK.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path


def write_wordy(path: Path, program: Path, mark: str, size: int) -> Path:
    """An executable that is `program` otherwise."""
    words = [sys.executable, "-I", "-S", __file__, mark, str(size), os.fspath(program)]
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    path.chmod(0o700)
    return path


def main() -> int:
    mark, size, *command = sys.argv[1:]
    left = os.fsencode(mark)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as vendor:
        assert vendor.stdout
        for line in vendor.stdout:
            if left and left in line:
                left = b""
                sys.stdout.buffer.write(b"x" * int(size) + b"\n")
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    return vendor.returncode


if __name__ == "__main__":
    sys.exit(main())
