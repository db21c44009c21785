"""Owns keeping the process of an adapter small and its start short: its program imports this before
anything else.

msgspec asks typing_extensions for what typing itself has, and that loads a compiler's worth of
modules: a tenth of an adapter's memory, in the process of each chat.
"""

import gc
import sys

sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]  # as if not installed
# What is loaded stays until the end: `adapter.run` looks for garbage in what comes after it.
gc.disable()
