"""Owns a program that stands for the Claude CLI: it tells how it is signed in, as a test says.

What it prints has the shape that the CLI 2.1 prints.
"""

import json
import shlex
from pathlib import Path
from typing import Any


def status(method: str, **more: Any) -> str:
    """What `claude auth status --json` prints."""
    told = {"loggedIn": method != "none", "authMethod": method, "apiProvider": "firstParty"}
    return json.dumps({**told, "configDirectory": "/home/u/.claude", **more}, indent=2)


class Claude:
    """An executable. Nothing is there before it is told what to say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = path.with_name("claude.log")

    def says(self, text: str, code: int = 0) -> None:
        self.runs(f"printf %s {shlex.quote(text)}\nexit {code}")

    def is_signed_in(self, method: str) -> None:
        self.says(status(method), 1 if method == "none" else 0)

    def runs(self, script: str) -> None:
        """As a shell does it; what it was run with is remembered."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        log = shlex.quote(str(self._log))
        draft = self.path.with_name("claude.new")
        lines = ["#!/bin/sh", f'echo "$*" >> {log}', f"env > {log}.env", script, ""]
        draft.write_text("\n".join(lines))
        draft.chmod(0o755)
        draft.replace(self.path)

    @property
    def asked(self) -> list[str]:
        """The arguments of each run."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def env(self) -> dict[str, str]:
        """What it was run with last."""
        lines = self._log.with_name("claude.log.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)
