"""Owns the texts that are generated from the command line: the overview and the reference.

`python .ci/readme.py --write` writes them, without `--write` it tells which are stale.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from claudette_cli import reference
from claudette_cli.main import COMMANDS

CHECKOUT = Path(__file__).parents[1]
_OVERVIEW = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- end -->)", re.DOTALL)


def readme() -> str:
    """The README as it is, with the overview as it should be."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    rows = [f"claudette {name:<10} {summary}\n" for name, (_, summary) in COMMANDS.items()]
    block = "".join(["```\n", *rows, "```\n"])
    fresh, count = _OVERVIEW.subn(lambda _: block, text)
    if count != 1:
        raise SystemExit("README.md has no place for the overview of the commands.")
    return fresh


def commands() -> str:
    note = "Generated from the command line by `make protocol`; a test fails when it is stale."
    return f"# The commands of claudette\n\n{note}\n\n{reference.markdown()}"


def stale() -> list[str]:
    """Blanks do not count: each Python version breaks the lines of a help in its own way."""
    return [
        path
        for path, content in FILES.items()
        if not (CHECKOUT / path).exists()
        or (CHECKOUT / path).read_text(encoding="utf-8").split() != content().split()
    ]


def main(arguments: list[str]) -> int:
    found = stale()
    for path in found:
        if "--write" in arguments:
            (CHECKOUT / path).write_text(FILES[path](), encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")
        else:
            sys.stderr.write(f"{path} is stale; run: make protocol\n")
    return 1 if found and "--write" not in arguments else 0


FILES: dict[str, Callable[[], str]] = {
    "README.md": readme,
    "clients/cli/REFERENCE.md": commands,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
