"""Owns keeping the process of an adapter small: its program imports this before anything else.

msgspec asks typing_extensions for what typing itself has, and that loads a compiler's worth of
modules: a tenth of an adapter's memory, in the process of each chat.
"""

import sys

sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]  # as if not installed
