"""Owns fitting a request into an event: what is too long is cut there, and its length is told.

The whole request is in the record of decisions, from which `permission/get` reads it.
"""

from msgspec.structs import replace

from claudetted.chat.state.open_texts import cut, cut_lines
from claudetted.protocol.items import INLINE_BYTES
from claudetted.protocol.permissions import Request


def fit(request: Request) -> Request:
    """The request with its diff and arguments within 64 KiB, the diff at the end of a line.

    What the engine judges by (command, paths, hosts) is never cut.
    """
    diff, arguments = request.diff.encode(), request.input.encode()
    if len(diff) > INLINE_BYTES:
        total = max(len(diff), request.diff_bytes)
        request = replace(request, diff=cut_lines(diff), diff_bytes=total)
    if len(arguments) > INLINE_BYTES:
        request = replace(request, input=cut(arguments), input_bytes=len(arguments))
    return request
