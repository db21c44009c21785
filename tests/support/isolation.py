"""Owns keeping whoever runs the tests out of them: settings, programs, locale and servers.

Tests begin in the environment that is built here, and set themselves what they need beyond it.
Only tests that install packages use the environment that they were started with, to reach the
registries in the way its user does.
"""

import locale
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

HIDDEN = frozenset({"claude", "codex", "opencode"})
"""Programs that the daemon looks for and that the user may have."""
KEPT = frozenset(
    {
        # Whoever sets these means the tests.
        *("LIFE_CYCLES", "REAL_CLAUDE", "SURVIVAL_LINES", "SURVIVAL_SEED"),
        "TMPDIR",
    }
)
GUARD = Path(__file__).parent / "guard"
QUICK_BUN = {"BUN_JSC_useDFGJIT": "0"}
"""For Bun and what is built with it, Pi and Claude Code among them: in tests they live for seconds,
in which optimised code does not earn the work that it takes. A fifth of all is saved."""
_LOCALES = ("C.UTF-8", "en_US.UTF-8")
_SHELL = """#!/bin/sh
# Reads no profile: neither the user's own nor the machine's.
[ "$1" != -l ] || shift
PATH={path} exec /bin/sh "$@"
"""

outer: dict[str, str] = {}
"""The environment that the tests were started with. It may hold secrets of the user."""


def enter() -> Path:
    """Replaces the environment of this process. Returns a directory to remove in the end."""
    outer.update({name: text for name, text in os.environ.items() if name != "PYTHONPATH"})
    place = Path(tempfile.mkdtemp(prefix="ct-")).resolve()
    fixed = _environment(place)
    for name in os.environ:
        if name not in KEPT and not name.startswith("PYTEST_"):
            del os.environ[name]
    os.environ.update(fixed)
    os.umask(0o022)
    time.tzset()
    for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(signum) == signal.SIG_IGN:
            # So it is with `nohup` and in the background of a shell. Programs would inherit it;
            # one that is caught they hear.
            signal.signal(signum, _go_on)
    # Child processes of Python, and the audit hook of this one.
    __import__("tests.support.guard.sitecustomize")
    return place


def _go_on(signum: int, frame: FrameType | None) -> None:
    """What whoever has a signal ignored wants of the tests themselves."""


def _environment(place: Path) -> dict[str, str]:
    own = _own_python(place / "programs/own")
    found = _without_hidden(outer.get("PATH", os.defpath), place / "programs")
    path = f"{own}{os.pathsep}{found}"
    shell = place / "shell"
    shell.write_text(_SHELL.format(path=shlex.quote(path)))
    shell.chmod(0o755)
    for name in ("home", "run"):
        (place / name).mkdir(mode=0o700)
    return {
        **QUICK_BUN,
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": os.fspath(place / "home"),
        "LANG": _usable_locale(),
        "PATH": path,
        # Not the user's keychain.
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": os.fspath(GUARD),
        "SHELL": os.fspath(shell),
        "TERM": "xterm-256color",
        "TZ": "UTC",
        "XDG_RUNTIME_DIR": os.fspath(place / "run"),
    }


def _own_python(directory: Path) -> Path:
    """The directory where `python3` is the program we run on, outside of the checkout's packages.

    A user's may be a script of a version manager, which starts dozens of processes each time.
    """
    directory.mkdir(parents=True)
    (directory / "python3").symlink_to(os.path.realpath(sys.executable))
    return directory


def _without_hidden(path: str, mirrors: Path) -> str:
    """PATH, where a directory that holds a hidden program is replaced by links to the others."""
    shown = []
    for number, entry in enumerate(map(Path, filter(None, path.split(os.pathsep)))):
        if any(shutil.which(name, path=os.fspath(entry)) for name in HIDDEN):
            mirror = mirrors / str(number)
            mirror.mkdir(parents=True)
            for program in entry.iterdir():
                if program.name not in HIDDEN:
                    (mirror / program.name).symlink_to(program.absolute())
            entry = mirror
        shown.append(os.fspath(entry.absolute()))
    return os.pathsep.join(shown)


def _usable_locale() -> str:
    """One with UTF-8, which is in use from here on."""
    for name in _LOCALES:
        with suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, name)
            return name
    raise RuntimeError(f"This machine has none of the locales {', '.join(_LOCALES)}.")
