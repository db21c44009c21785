"""Owns cutting what a vendor's program writes into lines, with a limit that garbage cannot pass."""

LINE_LIMIT = 64 * 1024 * 1024
"""Bytes. A longer line is left out."""


class VendorLines:
    """Whole lines without their end, blank ones left out."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._length = 0
        self._skipping = False
        self._left_out = 0

    def feed(self, data: bytes) -> list[bytes]:
        *ends, rest = data.split(b"\n")
        if ends and self._length:
            ends[0] = self._ended(ends[0])
        if len(data) > self._limit:
            ends = [self._ended(end) for end in ends]
        self._add(rest)
        return [line for line in ends if line.strip()]

    @property
    def unfinished(self) -> int:
        """Bytes of the line that is not over yet."""
        return self._length

    def left_out(self) -> int:
        """Lines that were too long, since this was last called."""
        number, self._left_out = self._left_out, 0
        return number

    def _ended(self, end: bytes) -> bytes:
        self._add(end)
        line = b"".join(self._pieces)
        self._pieces, self._length, self._skipping = [], 0, False
        return line

    def _add(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > self._limit and not self._skipping:
            self._skipping, self._pieces = True, []
            self._left_out += 1
        if piece and not self._skipping:
            self._pieces.append(piece)
