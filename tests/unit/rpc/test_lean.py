"""What nobody uses is not loaded, and can still be."""

import subprocess
import sys
from typing import Any

import pytest

from claudetted.rpc.lean import without

HEAVY = ("asyncio", "cryptography", "http.server", "httpx", "jsonschema", "tree_sitter")


def test_the_daemon_loads_nothing_it_does_not_need_to_start() -> None:
    report = f"print([name for name in {HEAVY} if name in sys.modules])"
    run = f"import sys, claudetted.daemon.main; {report}"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", run], capture_output=True)
    assert (done.stdout, done.returncode) == (b"[]\n", 0), done.stderr


def test_what_was_left_out_can_be_imported_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without("colorsys"):
        import colorsys as unused
    placeholder: Any = unused.rgb_to_hsv(1, 0, 0)
    assert placeholder.anything is not None
    import colorsys

    assert colorsys.rgb_to_hsv(1, 0, 0) == (0.0, 1.0, 1)


def test_what_is_loaded_already_stays_what_it_is() -> None:
    with without("json"):
        import json
    assert json.loads("1") == 1
