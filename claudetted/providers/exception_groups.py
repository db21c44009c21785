"""Owns what a group of faults comes down to for who asked: the first of the kinds he expects."""

from collections.abc import Iterator
from contextlib import contextmanager

import trio


@contextmanager
def first_of(*kinds: type[Exception]) -> Iterator[None]:
    """Raises one fault of the kinds in place of a group of nothing else.

    What is raised within `except*` may come out as a group again, depending on Python's version.
    Who is cancelled just as the fault comes gets the fault: a cancellation is delivered again at
    his next checkpoint.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        expected, rest = group.split(kinds)
        if expected is None or (rest and rest.split(trio.Cancelled)[1]):
            raise
        raise _leaf(expected) from None


def _leaf(group: BaseExceptionGroup[Exception]) -> BaseException:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
