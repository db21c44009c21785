"""Owns the surroundings of a real Claude Code in tests: its model, its environment, its tools."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

from claudetted.harnesses.claude.invocation import PROGRAM
from claudetted.harnesses.claude.launch import ADAPTER
from tests.fakes.messages_model import MessagesModel

_NAMES = {"bash": "Bash", "read": "Read", "write": "Write", "edit": "Edit"}
MODELS = ("small", "large", "claude-opus-5-5")


def model() -> MessagesModel:
    return MessagesModel(models=MODELS, named=named)


def named(name: str, arguments: Any) -> tuple[str, Any]:
    """What the scripts call by the names of Pi's tools."""
    if name == "ls":
        return "Bash", {"command": "ls", "description": "List"}
    if name in ("read", "write"):
        path = arguments.get("path", "")
        rest = {key: value for key, value in arguments.items() if key != "path"}
        return _NAMES[name], {"file_path": path, **rest}
    if name == "edit":
        edit = arguments["edits"][0]
        texts = {"old_string": edit["oldText"], "new_string": edit["newText"]}
        return "Edit", {"file_path": arguments["path"], **texts}
    return _NAMES.get(name, name), arguments


def environment(program: Path, base_url: str = "") -> dict[str, str]:
    """Nothing of it reaches a host, and it is signed in with a key that only our model knows."""
    quiet = {
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_TELEMETRY": "1",
        PROGRAM: os.fspath(program),
    }
    return quiet | (
        {"ANTHROPIC_BASE_URL": base_url, "ANTHROPIC_API_KEY": "key"} if base_url else {}
    )


def write_launcher(path: Path) -> Path:
    """An executable that is the adapter."""
    words = shlex.join([sys.executable, "-I", "-m", ADAPTER])
    path.write_text(f"#!/bin/sh\nexec {words}\n")
    path.chmod(0o700)
    return path
