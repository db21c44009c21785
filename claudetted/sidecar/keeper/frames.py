"""Owns the frames between daemon and keeper: HEADER, then a body.

Frozen: a released generation never changes, and HELLO not even between generations.
`n` and the body of each:

    daemon -> keeper                                keeper -> daemon
    HELLO        newest generation it speaks        HELLO    generation; body: pid
    START        -; body: umask, cwd, argc,         RUNNING  base; body: RUNNING_BODY; for each
                 argv, env, split by NUL            READY    -; ends that list
    ATTACH       offset to deliver from             STARTED  pid
    ACKNOWLEDGE  offset that is no longer needed    FAILED   errno; body: what failed
    INPUT        number or 0; body: line for stdin  OUTPUT   offset of the body's first byte
    END          grace in milliseconds              EXIT     code or SIGNALLED + signal; stderr
    FORGET       -                                  REFUSED  highest input number, or the base
    SHUTDOWN     -                                  FENCED   -; a newer connection took over

The connection that said HELLO last is served. A sidecar's output goes to it after ATTACH, its
EXIT after the output. An input of number 0 is never refused and not counted. FORGET keeps
nothing: what the sidecar started and still runs is killed.
"""

import struct
from collections.abc import Iterator

GENERATION = 1
HEADER = struct.Struct("!B16sQI")
"""Type, sidecar (ASCII, padded with NUL), n, length of the body."""
RUNNING_BODY = struct.Struct("!QQIB")
"""End of the window, highest input number, pid, whether it has exited."""

HELLO, START, ATTACH, ACKNOWLEDGE, INPUT, END, FORGET, SHUTDOWN = range(8)
RUNNING, READY, STARTED, FAILED, OUTPUT, EXIT, REFUSED, FENCED = range(16, 24)
SIGNALLED = 256
BODY_LIMIT = 64 * 1024 * 1024


def frame(kind: int, sidecar: bytes = b"", n: int = 0, body: bytes = b"") -> bytes:
    return HEADER.pack(kind, sidecar, n, len(body)) + body


def take_frames(inbox: bytearray) -> Iterator[tuple[int, bytes, int, bytes]]:
    """Takes the complete frames out of `inbox`: type, sidecar, n, body."""
    start = 0
    try:
        while len(inbox) - start >= HEADER.size:
            kind, sidecar, n, length = HEADER.unpack_from(inbox, start)
            if length > BODY_LIMIT:
                raise ValueError("A frame is longer than any may be.")
            body_at = start + HEADER.size
            if len(inbox) < body_at + length:
                return
            body = bytes(memoryview(inbox)[body_at : body_at + length])
            start = body_at + length
            yield kind, sidecar.rstrip(b"\0"), n, body
    finally:
        del inbox[:start]
