"""Owns the log: one JSON object a line, rotated, with what looks like a secret taken out."""

import json
import logging
import logging.handlers
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from claudetted.chat.log_context import subject
from claudetted.store import directories
from claudetted.wire.redaction import redact

_BYTES = 4 * 1024 * 1024
_FILES = 3
LEVELS = ("debug", "info", "warning", "error")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": redact(record.getMessage()),
        }
        if chat := subject():
            entry["chat"] = chat
        if record.exc_info:
            entry["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def begin(directory: Path, verbose: bool, level: str = "info") -> None:
    """Logs into `directory/claudetted.log`, and to stderr when somebody watches."""
    directories.make_private(directory)
    file = logging.handlers.RotatingFileHandler(
        directory / "claudetted.log", maxBytes=_BYTES, backupCount=_FILES - 1, encoding="utf-8"
    )
    os.chmod(file.baseFilename, 0o600)
    file.setFormatter(_Lines())
    root = logging.getLogger()
    root.setLevel(level.upper())
    root.addHandler(file)
    if verbose:
        console = logging.StreamHandler(sys.stderr)
        console.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root.addHandler(console)
