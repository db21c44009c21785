"""Owns the build of the page: from the sources to the files that the daemon serves.

    python clients/web/build.py --bun PATH

Standard library only, because the staging of the harness and the build of the package call it. A
second run with nothing changed does nothing.
"""

import argparse
import gzip
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "claudetted/rpc/doors/web/page"
AS_THEY_ARE = ("index.html", "page.css", "icon.svg", "manifest.webmanifest")
SCRIPTS = {"page.js": "main.tsx", "worker.js": "worker.ts"}


class BuildError(Exception):
    """The page was not built; the message is one sentence that says what to do."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the page.")
    parser.add_argument("--bun", type=Path, required=True, help="path of the bun executable")
    args = parser.parse_args(argv)
    try:
        done = build(args.bun.absolute())
    except BuildError as error:
        sys.stderr.write(f"The page was not built: {error}\n")
        return 1
    sys.stdout.write(f"{'Built' if done else 'Unchanged:'} {OUT}\n")
    return 0


def build(bun: Path) -> bool:
    """Whole or not at all. False when it was there already."""
    stamp = _stamp()
    kept = OUT / "stamp"
    if kept.exists() and kept.read_text() == stamp:
        return False
    _run(bun, "install", "--frozen-lockfile", "--ignore-scripts")
    with tempfile.TemporaryDirectory(dir=OUT.parent, prefix=".page-") as scratch:
        fresh = Path(scratch) / "page"
        fresh.mkdir()
        for name in AS_THEY_ARE:
            _pack((HERE / name).read_bytes(), fresh / name)
        for name, source in SCRIPTS.items():
            built = Path(scratch) / name
            options = ("--target=browser", "--minify", "--outfile", str(built))
            _run(bun, "build", f"src/{source}", *options)
            _pack(built.read_bytes(), fresh / name)
        (fresh / "stamp").write_text(stamp)
        if OUT.exists():
            OUT.rename(Path(scratch) / "old")
        fresh.rename(OUT)
    return True


def _pack(data: bytes, target: Path) -> None:
    """As it is sent: the daemon has no time to do it for every request."""
    packed = gzip.compress(data, compresslevel=9, mtime=0)
    target.with_name(f"{target.name}.gz").write_bytes(packed)


def inputs() -> list[Path]:
    """Every file that the page is made from."""
    fixed = [HERE / name for name in (*AS_THEY_ARE, "package.json", "bun.lock", "build.py")]
    return [*fixed, *sorted((HERE / "src").glob("*.ts*"))]


def _stamp() -> str:
    digest = hashlib.sha256()
    for path in inputs():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _run(bun: Path, *args: str) -> None:
    done = subprocess.run([str(bun), *args], cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        why = next((line for line in lines if "error" in line.lower()), "no reason was given")
        raise BuildError(f"bun {args[0]} failed ({why.strip()}); is the npm registry reachable?")


if __name__ == "__main__":
    sys.exit(main())
