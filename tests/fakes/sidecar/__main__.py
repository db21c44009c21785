"""Runs the scripted sidecar: `python -I -S tests/fakes/sidecar/__main__.py`, quick to start.

A thousand tests start one each, so what few of them need is imported where it is used, and none
of what loads `typing`, `enum` or `re` before it is needed: together they take half of a start.
"""

import gc
import os
import sys

gc.disable()
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path[:0] = [_ROOT, os.path.join(_ROOT, "clients", "cli")]

from tests.fakes.sidecar.life import live  # noqa: E402

live(os.environ)
