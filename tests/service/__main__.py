"""Owns `make service-test`: the service under a real systemd, in a machine made of namespaces.

The machine's root is this one's, with every change in memory. It needs root, Linux with overlayfs
and systemd's own program; there is nothing to download.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
SYSTEMD = "/lib/systemd/systemd"
USER, UID = "claudette-test", 1500
START_SECONDS = 60.0
_NAMESPACES = ("--mount", "--pid", "--cgroup", "--uts", "--ipc", "--fork", "--kill-child")


def why_not() -> str:
    """Why it cannot run here; empty when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it needs Linux and root"
    if "overlay" not in Path("/proc/filesystems").read_text():
        return "it needs overlayfs"
    missing = [
        name for name in (SYSTEMD, "unshare", "nsenter", "setpriv") if not shutil.which(name)
    ]
    return f"{', '.join(missing)} is missing" if missing else ""


def main() -> int:
    if why := why_not():
        sys.stderr.write(f"The service was not tested: {why}.\n")
        return 1
    words = ["unshare", *_NAMESPACES, "--propagation", "private", "bash", str(HERE / "boot.sh")]
    given = {"PATH": os.environ["PATH"], "USER_NAME": USER, "USER_ID": str(UID)}
    python = Path(sys.executable).resolve()
    given["PYTHON_HOME"] = str(python.parents[1])
    with subprocess.Popen(words, env=given, stdout=subprocess.DEVNULL) as machine:
        try:
            systemd = _systemd_of(machine)
            return subprocess.run(_inside(systemd)).returncode
        finally:
            machine.kill()


def _systemd_of(machine: subprocess.Popen[bytes]) -> int:
    """The pid of the machine's first process, once its user manager is up."""
    deadline = time.monotonic() + START_SECONDS
    children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children")
    while time.monotonic() < deadline and machine.poll() is None:
        for pid in children.read_text().split():
            bus = Path(f"/proc/{pid}/root/run/user/{UID}/bus")
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd" and bus.exists():
                return int(pid)
        time.sleep(0.1)
    raise SystemExit("The machine did not come up.")


def _inside(systemd: int) -> list[str]:
    environment = {
        "HOME": f"/home/{USER}",
        "USER": USER,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "XDG_RUNTIME_DIR": f"/run/user/{UID}",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(CHECKOUT),
    }
    return [
        *["nsenter", "--target", str(systemd), "--all", f"--wd={CHECKOUT}"],
        *["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "env", "-i"],
        *[f"{name}={value}" for name, value in environment.items()],
        *[sys.executable, "-m", "tests.service.inside"],
    ]


if __name__ == "__main__":
    sys.exit(main())
