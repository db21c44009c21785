"""Owns the log: one JSON object a line, rotated, with what looks like a secret taken out."""

import json
import logging
import logging.handlers
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from claudetted.chat.subject import subject

_BYTES = 4 * 1024 * 1024
_FILES = 3
_SECRET = re.compile(
    r"(?i)\b(sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{8,}|AKIA[A-Z0-9]{8,}|xai-[A-Za-z0-9]{8,})"
    r"|((?:api[_-]?key|token|secret|password|authorization)[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+"
)


def redact(text: str) -> str:
    """The text without keys and tokens."""
    return _SECRET.sub(lambda found: f"{found[2] or ''}[redacted]", text)


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


def begin(directory: Path, verbose: bool) -> None:
    """Logs into `directory/claudetted.log`, and to stderr when somebody watches."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(
        directory / "claudetted.log", maxBytes=_BYTES, backupCount=_FILES - 1, encoding="utf-8"
    )
    file.setFormatter(_Lines())
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(file)
    if verbose:
        console = logging.StreamHandler(sys.stderr)
        console.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        root.addHandler(console)
