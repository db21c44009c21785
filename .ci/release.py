"""Owns a release: the version, the changelog's heading, and packages that were seen to work.

`python .ci/release.py 1.2.3` commits and uploads nothing. When anything fails the files are as
before.
"""

import argparse
import datetime
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
HARNESS = "claudetted/harnesses/pi/staged/pi-harness/claudette-pi-harness"
COMMANDS = ("claudetted", "claudetted-keeper", "claudette")
_VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


class Refused(Exception):
    """Why there is no release, and what to do, in one sentence."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build and check a release.")
    parser.add_argument("version", help="such as 1.2.3")
    version = parser.parse_args(argv).version
    before = {path: path.read_bytes() for path in edits(CHECKOUT, version)}
    try:
        release(version)
    except (Refused, subprocess.CalledProcessError, KeyboardInterrupt) as why:
        for path, content in before.items():
            path.write_bytes(content)
        sys.stderr.write(f"release: {str(why) or 'interrupted'}\n")
        return 1
    names = " ".join(str(path.relative_to(CHECKOUT)) for path in before)
    sys.stdout.write(
        f"dist/ holds claudetted {version}, checked in fresh environments. Next:\n"
        f"  git commit -m 'Release {version}' {names}\n"
        f"  git tag -a v{version} -m 'claudetted {version}' && git push --follow-tags\n"
        "  then upload dist/* with twine\n"
    )
    return 0


def release(version: str) -> None:
    """Raises Refused, and CalledProcessError of what was run."""
    require_clean(CHECKOUT)
    for path, edit in edits(CHECKOUT, version).items():
        path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    dist = CHECKOUT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    # The wheel is made from the sdist, as whoever installs that does it.
    run(sys.executable, "-m", "build", "--outdir", dist, CHECKOUT)
    built = sorted(dist.iterdir())
    if [path.suffix for path in built] != [".whl", ".gz"]:
        raise Refused(f"dist/ holds {', '.join(path.name for path in built)}: one of each wanted.")
    for package in built:
        check(package, version)


def edits(checkout: Path, version: str) -> dict[Path, Callable[[str], str]]:
    """What a release writes, by file."""
    return {
        checkout / "claudetted/__init__.py": lambda text: with_version(
            text, r'(?<=^__version__ = ")[^"]+', version
        ),
        checkout / "harness/package.json": lambda text: with_version(
            text, r'(?<=^  "version": ")[^"]+', version
        ),
        checkout / "CHANGELOG.md": lambda text: with_heading(
            text, version, datetime.datetime.now(datetime.UTC).date().isoformat()
        ),
    }


def with_version(text: str, place: str, version: str) -> str:
    """The text with the version in its one place. Raises Refused."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version} is not a version such as 1.2.3 or 1.2.3rc1.")
    fresh, count = re.subn(place, version, text, flags=re.MULTILINE)
    if count != 1:
        raise Refused(f"A version was expected in one place and found in {count}.")
    return fresh


def with_heading(text: str, version: str, date: str) -> str:
    """The changelog with what was unreleased under the version. Raises Refused."""
    headings = _HEADING.findall(text)
    if any(heading.split()[0] == version for heading in headings):
        raise Refused(f"CHANGELOG.md has {version} already; choose the next version.")
    _, found, rest = text.partition("\n## Unreleased\n")
    if not found or not _HEADING.split(rest)[0].strip():
        raise Refused("CHANGELOG.md has nothing under Unreleased; write what changed.")
    return text.replace(found, f"\n## Unreleased\n\n## {version} - {date}\n", 1)


def require_clean(checkout: Path) -> None:
    """Raises Refused when something is not committed: it would be in the packages alone."""
    words = ["git", "status", "--porcelain"]
    changed = subprocess.run(words, cwd=checkout, check=True, capture_output=True, text=True).stdout
    if changed:
        raise Refused(f"Commit these first, or put them away:\n{changed.rstrip()}")


def check(package: Path, version: str) -> None:
    """Installs it into a fresh environment and runs each command there."""
    with tempfile.TemporaryDirectory(prefix="release-") as directory:
        place = Path(directory)
        venv.create(place, with_pip=True)
        run(place / "bin/pip", "install", "--disable-pip-version-check", "--quiet", package)
        for command in COMMANDS:
            run(place / "bin" / command, "--help")
        for command in COMMANDS:
            said = run(place / "bin" / command, "--version")
            if version not in said.split():
                raise Refused(f"{command} of {package.name} says {said.strip()}.")
        for harness in place.glob(f"lib/python3*/site-packages/{HARNESS}"):
            run(harness, "--check")
            return
        raise Refused(f"{package.name} was installed without the Pi harness.")


def run(*command: object) -> str:
    """What it prints. Raises CalledProcessError after showing what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
