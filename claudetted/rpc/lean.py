"""Owns leaving out what a package loads for doors of its own that nobody here goes through.

jsonrpcserver brings a validator that is replaced, a dispatcher for asyncio and an HTTP server:
a sixth of the daemon's start-up and 6 MB of its memory.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _Unused(ModuleType):
    """Stands for a module and all that is in it: takes every call, and does nothing."""

    def __init__(self, *_: object) -> None:
        super().__init__("unused")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Unused()

    def __call__(self, *_: object) -> Any:
        return _Unused()


@contextmanager
def without(*names: str) -> Iterator[None]:
    """What is imported meanwhile finds nothing in these modules, unless they are loaded already.

    Afterwards they can be imported as ever.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _Unused() for name in absent})
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
