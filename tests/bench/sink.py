"""Owns clients that only read: a process that throws away what comes on its descriptors.

    python -I -S tests/bench/sink.py FD...

It ends when the other side of all of them is closed.
"""

import os
import selectors
import sys

MUCH = 1 << 20


def main(descriptors: list[int]) -> None:
    selector = selectors.DefaultSelector()
    for fd in descriptors:
        selector.register(fd, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            if not os.read(key.fd, MUCH):
                selector.unregister(key.fd)
                os.close(key.fd)


main([int(word) for word in sys.argv[1:]])
