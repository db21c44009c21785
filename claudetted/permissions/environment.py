"""Owns the environment of commands: which assignments in front of one are harmless, and what is
added to a command that runs unasked."""

import re
from collections.abc import Sequence

_SWITCH = r"[01]|true|false|yes|no|on|off"
_LOCALE = r"C|POSIX|[a-zA-Z_]{2,11}(?:\.[A-Za-z0-9-]{3,8})?|C\.[A-Za-z0-9-]{3,8}"

HARMLESS: dict[str, str] = {
    # Any program.
    "CI": _SWITCH,
    "NO_COLOR": r"\w*",
    "FORCE_COLOR": r"[0-3]|true|false",
    "CLICOLOR": r"[01]",
    "CLICOLOR_FORCE": r"[01]",
    "COLUMNS": r"\d{1,4}",
    "LINES": r"\d{1,4}",
    "TERM": r"dumb|xterm|xterm-256color|vt100|linux",
    "LANG": _LOCALE,
    "LC_ALL": _LOCALE,
    "LC_CTYPE": _LOCALE,
    "LC_COLLATE": _LOCALE,
    "TZ": r"[A-Z]{3,4}[0-9+-]{0,3}|[A-Z][A-Za-z_]+/[A-Z][A-Za-z_]+",
    "DEBUG": r"[\w:*,-]*",
    "LOG_LEVEL": r"\w*",
    "VERBOSE": r"\w*",
    "V": r"[0-9]",
    # git.
    "GIT_PAGER": r"cat",
    "PAGER": r"cat",
    "GIT_TERMINAL_PROMPT": r"0",
    "GIT_OPTIONAL_LOCKS": r"0",
    "HUSKY": r"0",
    # Python.
    "PYTHONDONTWRITEBYTECODE": r"\w*",
    "PYTHONUNBUFFERED": r"\w*",
    "PYTHONHASHSEED": r"\d{1,10}|random",
    "PYTHONWARNINGS": r"ignore|default|error|always",
    "PYTHONUTF8": r"[01]",
    "PY_COLORS": r"[01]",
    # JavaScript.
    "NODE_ENV": r"test|development|production",
    "NODE_NO_WARNINGS": r"1",
    "NODE_OPTIONS": r"--max-old-space-size=\d{1,6}|--no-warnings|--trace-warnings",
    # Rust.
    "RUST_BACKTRACE": r"0|1|full",
    "RUST_LOG": r"[\w:=,-]*",
    "RUST_TEST_THREADS": r"\d{1,4}",
    "CARGO_TERM_COLOR": r"always|never|auto",
    "CARGO_INCREMENTAL": r"[01]",
    # Go.
    "CGO_ENABLED": r"[01]",
    "GOOS": r"[a-z0-9]{2,10}",
    "GOARCH": r"[a-z0-9]{2,10}",
    "GO111MODULE": r"on|off|auto",
    "GOFLAGS": r"-mod=(?:mod|readonly|vendor)",
}
"""Variables that neither run, load nor write anything, and what their values have to be."""

FOR_TESTS: dict[str, str] = {"PYTHONPATH": r"\.|(?:\./)?(?:src|lib)|\.:src|src:\."}
"""What a run of tests imports anyway."""
FOR_READING: dict[str, str] = {"IFS": r"[,:;|\t ]?"}
"""What `read` takes a line apart by."""
_TESTS = frozenset(("pytest", "py.test", "unittest"))


def is_harmless(assignment: str, words: Sequence[str | None]) -> bool:
    """Whether `NAME=value` in front of a command does no harm. `words` are the command's."""
    name, _, value = assignment.partition("=")
    shape = HARMLESS.get(name)
    if shape is None and _TESTS.intersection(words[:3]):
        shape = FOR_TESTS.get(name)
    if words[:1] == ["read"]:
        shape = FOR_READING.get(name)
    return shape is not None and re.fullmatch(shape, value) is not None


_GIT = (
    ("safe.bareRepository", "explicit"),
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.alternateRefsCommand", "true"),
    ("diff.ignoreSubmodules", "dirty"),
    ("diff.submodule", "short"),
    ("status.submoduleSummary", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("diff.trustExitCode", "false"),
    ("interactive.diffFilter", "cat"),
    ("maintenance.auto", "false"),
    ("gc.auto", "0"),
    ("protocol.ext.allow", "never"),
)
"""What a repository's own settings could start is switched off."""
_GIT_READS = (
    ("core.hooksPath", "/dev/null"),
    ("log.showSignature", "false"),
    ("gpg.program", "false"),
    ("gpg.openpgp.program", "false"),
    ("gpg.x509.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.ssh.defaultKeyCommand", "false"),
)
"""The same for what only reads: what changes something may sign, and has no hooks that were not
allowed (`repositories.py`)."""
_GIT_VARIABLES = {
    "GIT_PAGER": "cat",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
    "GIT_TERMINAL_PROMPT": "0",
}


def for_git(only_reads: bool) -> dict[str, str]:
    """What a command that runs unasked and starts git gets, whatever its repository says."""
    settings = (*_GIT, *_GIT_READS) if only_reads else _GIT
    added = {**_GIT_VARIABLES, "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        added[f"GIT_CONFIG_KEY_{number}"] = key
        added[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**added, "GIT_OPTIONAL_LOCKS": "0"} if only_reads else added
