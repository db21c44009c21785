"""Owns the programs of others that the tests run, agents and an editor: pinned in
`agents/package.json`, installed from npm.

They come into `.cache/agents`, which git ignores; `bin` there has one program a name. Nothing that
a user installs has them: an agent of a user's is the user's own. A version is raised in
`agents/package.json`; `bun install --lockfile-only` beside it then writes the lock anew.
"""

import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).resolve().parent / "agents"
FILES = ("package.json", "bun.lock")
CHECKOUT = PINNED.parents[1]
PLACE = CHECKOUT / ".cache" / "agents"

_SYSTEM = "darwin" if sys.platform == "darwin" else "linux"
_MACHINE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x64"
TARGET = f"{_SYSTEM}-{_MACHINE}"
PROGRAMS = {
    "claude": f"@anthropic-ai/claude-code-{TARGET}/claude",
    "codex": f"@openai/codex-{TARGET}/vendor/*/bin/codex",
    "opencode": f"opencode-{TARGET}/bin/opencode",
    "claude-agent-acp": "@agentclientprotocol/claude-agent-acp/dist/index.js",
    "acpx": "acpx/dist/cli.js",
}
"""Below node_modules. The vendors' own launchers want a Node of their own; these programs do not,
and what is JavaScript runs with Bun."""


def installed() -> bool:
    stamp = PLACE / "stamp.json"
    return stamp.exists() and json.loads(stamp.read_text()) == _wanted() and not _missing()


def install(bun: Path) -> str:
    """Why it failed, or nothing."""
    shutil.rmtree(PLACE, ignore_errors=True)
    (PLACE / "bin").mkdir(parents=True)
    for name in FILES:
        shutil.copy(PINNED / name, PLACE)
    done = subprocess.run(
        [os.fspath(bun), "install", "--frozen-lockfile", "--ignore-scripts"],
        cwd=PLACE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        return done.stdout.strip()
    for name, pattern in PROGRAMS.items():
        _link(name, next(PLACE.glob(f"node_modules/{pattern}"), None), bun)
    if lacking := _missing():
        return f"npm has no {', '.join(lacking)} for {TARGET}"
    (PLACE / "stamp.json").write_text(json.dumps(_wanted()))
    return ""


def _link(name: str, program: Path | None, bun: Path) -> None:
    door = PLACE / "bin" / name
    if program is None:
        return
    if program.suffix == ".js":
        command = shlex.join([os.fspath(bun), os.fspath(program)])
        door.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        door.chmod(0o755)
    else:
        door.symlink_to(program)


def _missing() -> list[str]:
    return [name for name in PROGRAMS if not os.access(PLACE / "bin" / name, os.X_OK)]


def _wanted() -> dict[str, str]:
    paths = [Path(__file__), *(PINNED / name for name in FILES)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return {"from": digest, "place": str(PLACE)}
