"""Owns what is generated from the command line: overview, reference, man page, completion.

`python .ci/readme.py --write` writes them, without `--write` it tells which are stale.
"""

import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from claudette_cli import reference
from claudette_cli.completion import table
from claudette_cli.main import COMMANDS
from claudetted import __version__
from claudetted.harnesses.registry import HARNESSES
from claudetted.protocol.harnesses import Capabilities

CHECKOUT = Path(__file__).parents[1]
WIDTH = 100
EVERYDAY = (
    "demo",
    "new",
    "ask",
    "send",
    "attach",
    "ls",
    "history",
    "events",
    "inbox",
    "approve",
    "deny",
    "rules",
    "level",
    "audit",
    "stop",
    "wait",
    "queue",
    "configure",
    "model",
    "usage",
    "provider",
    "backend",
    "setting",
    "ps",
    "logs",
    "status",
    "shutdown",
    "service",
    "doctor",
    "rpc",
)
"""What the README explains; of the others it has the names, and the reference the rest."""

AGENTS = "claudetted/harnesses/README.md"
_TABLE = re.compile(r"(?<=<!-- agents -->\n).*?(?=<!-- end -->)", re.DOTALL)
_OVERVIEW = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- end -->)", re.DOTALL)


def readme() -> str:
    """The README as it is, with the overview as it should be."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    rows = [f"claudette {name:<10} {COMMANDS[name][1]}\n" for name in EVERYDAY]
    more = ", ".join(name for name in COMMANDS if name not in EVERYDAY)
    rest = textwrap.fill(f"and {more}", WIDTH, break_on_hyphens=False)
    block = "".join(["```\n", *rows, rest, "\n```\n"])
    fresh, count = _OVERVIEW.subn(lambda _: block, text)
    if count != 1:
        raise SystemExit("README.md has no place for the overview of the commands.")
    return fresh


def commands() -> str:
    note = "Generated from the command line by `make protocol`; a test fails when it is stale."
    return f"# The commands of claudette\n\n{note}\n\n{reference.markdown()}"


def harnesses() -> str:
    """The page as it is, with what each kind of agent can do as its record says it."""
    heads = ["agent", *(head for head, _ in ABILITIES), "an approval covers", "signs in", "tested"]
    rows = [
        [
            f"{one.name} (`{one.id}`)",
            *("yes" if able(one.capabilities) else "no" for _, able in ABILITIES),
            SEALED[one.capabilities.sealed],
            f"`{one.sign_in}`" if one.sign_in else "`claudette provider`",
            one.tested or "with this version",
        ]
        for one in HARNESSES.values()
    ]
    lines = [f"| {' | '.join(row)} |\n" for row in [heads, ["---"] * len(heads), *rows]]
    text = (CHECKOUT / AGENTS).read_text(encoding="utf-8")
    return _TABLE.sub(lambda _: "".join(lines), text)


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
            (CHECKOUT / path).parent.mkdir(exist_ok=True)
            (CHECKOUT / path).write_text(FILES[path](), encoding="utf-8")
            sys.stdout.write(f"wrote {path}\n")
        else:
            sys.stderr.write(f"{path} is stale; run: make protocol\n")
    return 1 if found and "--write" not in arguments else 0


ABILITIES: tuple[tuple[str, Callable[[Capabilities], bool]], ...] = (
    ("asks before each call", lambda can: can.asks),
    ("steer", lambda can: can.steer),
    ("compact", lambda can: can.compact),
    ("thinking", lambda can: can.thinking),
    ("models", lambda can: can.models),
    ("own commands", lambda can: can.commands),
)
SEALED = {
    "bytes": "the bytes that run or are written",
    "call": "the call, as the agent names it",
    "none": "nothing that could be checked",
}


FILES: dict[str, Callable[[], str]] = {
    "README.md": readme,
    AGENTS: harnesses,
    "clients/cli/REFERENCE.md": commands,
    "clients/cli/man/claudette.1": lambda: reference.man(__version__),
    "clients/cli/claudette_cli/completion/words.json": table.words,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
