"""A second harness: the scripted sidecar behind a dialect of its own, which an adapter translates.

`python tests/fakes/adapter`. The dialect wraps each line in `{"say": …}`; the agent can neither
be steered nor asked to compact.
"""

import os
import sys
from collections.abc import Iterable

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path[:0] = [_ROOT, os.path.join(_ROOT, "clients", "cli")]

import msgspec  # noqa: E402

from claudetted.harnesses import adapter  # noqa: E402
from claudetted.protocol import sidecar as sc  # noqa: E402
from claudetted.protocol.base import SIDECAR_LEVEL  # noqa: E402
from claudetted.protocol.harnesses import Capabilities  # noqa: E402

CAPABILITIES = Capabilities(steer=False, compact=False, images=True)
VENDOR = [sys.executable, "-I", "-S", os.path.join(_ROOT, "tests", "fakes", "adapter", "vendor.py")]


class _Wrapped(msgspec.Struct):
    say: msgspec.Raw


_unwrap = msgspec.json.Decoder(_Wrapped).decode
_decode = msgspec.json.Decoder(sc.FromSidecar).decode


class Wrapping:
    """The translation: what the agent cannot do is refused here."""

    def __init__(self) -> None:
        self._ending = False

    def begun(self) -> Iterable[adapter.Action]:
        yield adapter.StartVendor(VENDOR, dict(os.environ), os.getcwd())

    def line(self, line: sc.ToSidecar, now: float) -> Iterable[adapter.Action]:
        if isinstance(line, sc.Steer | sc.Compact):
            error = sc.LineError("NotSupported", "The scripted agent cannot do this.")
            yield sc.Reply(line.id, error)
            return
        self._ending = self._ending or isinstance(line, sc.Dispose)
        wrapped = msgspec.json.encode({"say": msgspec.Raw(msgspec.json.encode(line))})
        yield adapter.ToVendor(wrapped + b"\n")

    def vendor_line(self, data: bytes, now: float) -> Iterable[adapter.Action]:
        try:
            line = _decode(_unwrap(data).say)
        except msgspec.MsgspecError as error:
            adapter.log(f"the vendor wrote something that is no line: {error}")
            return
        if isinstance(line, sc.Hello):
            line = sc.Hello(
                SIDECAR_LEVEL,
                "claude",
                line.version,
                line.agent_version,
                os.getpid(),
                CAPABILITIES,
                drives=True,
            )
        yield line

    def vendor_ended(self, end: adapter.VendorEnd) -> Iterable[adapter.Action]:
        adapter.log(end.error or end.stderr)
        yield adapter.Exit(end.code if end.code >= 0 else 128 - end.code)

    def woken(self, what: str, now: float) -> Iterable[adapter.Action]:
        return ()


if __name__ == "__main__":
    sys.exit(adapter.run(Wrapping()))
