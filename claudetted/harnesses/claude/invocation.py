"""Owns how Claude Code is started: its arguments, its environment, its version. Pure."""

import os
import re
from collections.abc import Mapping

import msgspec

from claudetted.harnesses.adapter import StartVendor
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.session import Session
from claudetted.protocol.endpoints import Endpoint

PROGRAM = "CLAUDETTE_CLAUDE"
"""Names the program: to the daemon by a person, to the adapter by the daemon."""
PREFIX = "claude/"
"""Of its own models, as chats name them."""
_FIXED = (
    *("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
    *("--include-partial-messages", "--permission-prompt-tool", "stdio"),
    # They would begin turns that nobody asked for and nobody could stop.
    "--disallowed-tools=ScheduleWakeup,Monitor,CronCreate,CronDelete,CronList",
    # Commands in the text of a skill would run with no hook, so nobody would be asked about them.
    '--settings={"disableSkillShellExecution":true}',
)
_ENVIRONMENT = {
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "CLAUDE_CODE_DISABLE_CRON": "1",
    "CLAUDE_CODE_STARTUP_FAILURE_RESULTS": "1",
    "DISABLE_AUTOUPDATER": "1",
}
_NESTED = frozenset({"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", PROGRAM})
"""What a Claude Code around us would tell its own children."""
_EFFORTS = {"off": "low", "minimal": "low"}
PROJECT = (".claude/settings.json", ".claude/settings.local.json", ".mcp.json", "CLAUDE.md")
"""What of a project may run programs or instruct the agent: left aside until it is trusted."""


class Wanted(msgspec.Struct, frozen=True):
    """What the program is started with."""

    cwd: str
    model: str = ""
    thinking: str = ""
    level: str = "standard"
    trusted: bool = False
    endpoint: Endpoint | None = None
    key: str = ""


def program_of(environment: Mapping[str, str]) -> str:
    return environment.get(PROGRAM, "claude")


def start(wanted: Wanted, session: Session, environment: Mapping[str, str]) -> StartVendor:
    argv = [program_of(environment), *_FIXED, session.argument]
    argv.append(f"--permission-mode={mode_of(wanted.level)}")
    if model := model_of(wanted):
        argv.append(f"--model={model}")
    if wanted.thinking:
        argv.append(f"--effort={effort_of(wanted.thinking)}")
    if not wanted.trusted:
        argv += ["--setting-sources=user", "--strict-mcp-config"]
    return StartVendor(argv, _environment(wanted, environment), wanted.cwd)


def mode_of(level: str) -> str:
    """The engine decides at every level; in a readonly chat the model is told to plan."""
    return "plan" if level == "readonly" else "default"


def effort_of(thinking: str) -> str:
    return _EFFORTS.get(thinking, thinking)


def model_of(wanted: Wanted) -> str:
    if wanted.endpoint:
        return wanted.endpoint.model
    return wanted.model.removeprefix(PREFIX).removeprefix("anthropic/")


def _environment(wanted: Wanted, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in _NESTED}
    kept |= _ENVIRONMENT
    if wanted.endpoint is None:
        return kept
    for name in [name for name in kept if name.startswith(("ANTHROPIC_", "CLAUDE_CODE_OAUTH"))]:
        del kept[name]
    kept["ANTHROPIC_BASE_URL"] = wanted.endpoint.base_url.rstrip("/").removesuffix("/v1")
    kept["ANTHROPIC_AUTH_TOKEN"] = wanted.key or "none-needed"
    # Nothing of Anthropic's is asked for what belongs to another server.
    kept["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1"
    kept["ANTHROPIC_SMALL_FAST_MODEL"] = wanted.endpoint.model
    if wanted.endpoint.context_window:
        kept["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = str(wanted.endpoint.context_window)
    return kept


class _Package(msgspec.Struct):
    version: str = ""


def version_of(program: str, disk: Disk) -> str:
    """By where it is installed; empty when only the program itself can tell."""
    real = disk.real(program, "/")
    name = os.path.basename(real)
    if re.fullmatch(r"\d+\.\d+\.\d+", name):
        return name
    try:
        package = disk.read(os.path.join(os.path.dirname(real), "package.json"))
        return msgspec.json.decode(package, type=_Package).version
    except (OSError, msgspec.MsgspecError):
        return ""
