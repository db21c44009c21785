"""Owns what is known of programs' words: which options load code, run a program or write elsewhere.

This is a table to be read and grown. In the lists of options a trailing `=` says that the option
takes a value. What a program is not known to do, it is suspected of: see `UNKNOWN`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Code = Literal["", "first", "all", "program"]


@dataclass(frozen=True)
class Program:
    """What is known of one program, or of one of its subcommands."""

    runs: str = ""
    """Options that run a program or load code or settings. `VAR=` stands for every operand that
    sets a variable, `@` for every one that names a file of more options, `REF` for every one that
    forces or removes a branch."""
    writes: str = ""
    """Options that write, or change or remove what is there."""
    moves: str = ""
    """Options that change what it works on."""
    takes: str = ""
    """Other options that take a value."""
    text: str = ""
    """Options whose value is text and no path."""
    texts: int = 0
    """How many of the first operands are text and no paths; -1 for all."""
    texts_unless: str = ""
    """Options that stand in for those operands."""
    idle: str = ""
    """Options that change nothing; a rule need not spell them before a subcommand."""
    sub: bool = False
    """Its first operand is a subcommand: a rule has to name it."""
    code: Code = ""
    """Whether operands are a program or name code to run or to fetch, which a rule has to name:
    the first one (a script), all of them, or the rest as another program with its words."""
    carries: bool = False
    """Somewhere in its words another command may begin."""
    module: str = ""
    """Options whose value is such a program."""
    fed: bool = False
    """It takes more operands from its input."""
    stdin: bool = False
    """Without an operand it runs what it reads from its input."""
    net: bool = False
    """Its operands are addresses, also without `https://`."""
    exact: bool = False
    """Its operands are what it changes: a rule that names some of them covers no others."""
    reads: bool = False
    """It only reads."""
    deep: str = ""
    """Options that make it read all below the directories it is given; `always` if it does."""
    single: bool = False
    """Long options start with one dash, and two mean the same. Nothing ends the options."""
    joined: bool = False
    """The value of any option may hang on it: what begins like a hazardous one is one."""
    output: int = 0
    """Which of its operands is a file that it writes, counted from 1."""
    dashless: bool = False
    """Its first operand may be short options without a dash, as in `tar xzf`."""
    script: str = ""
    """The first operand is a small program; `sed` or `awk` says in which language."""
    never: str = ""
    """Why every one of its words has to be spelled by a rule; empty when they need not."""

    @cached_property
    def hazards(self) -> dict[str, str]:
        """Each hazardous option, and why."""
        reasons = (
            (self.runs, "runs a program or loads code"),
            (self.writes, "writes, changes or removes files"),
            (self.moves, "changes what it works on"),
        )
        return {name.rstrip("="): why for names, why in reasons for name in names.split()}

    @cached_property
    def valued(self) -> frozenset[str]:
        """Options that take the next word when no value is attached."""
        marked = f"{self.runs} {self.writes} {self.moves}".split()
        plain = f"{self.takes} {self.text} {self.module}".split()
        return frozenset([*(name[:-1] for name in marked if name.endswith("=")), *plain])

    @cached_property
    def text_options(self) -> frozenset[str]:
        return frozenset(self.text.split())

    @cached_property
    def idle_options(self) -> frozenset[str]:
        return frozenset(self.idle.split())

    @cached_property
    def modules(self) -> frozenset[str]:
        return frozenset(self.module.split())

    @cached_property
    def deep_options(self) -> frozenset[str]:
        return frozenset(self.deep.split())

    @cached_property
    def replacing(self) -> frozenset[str]:
        return frozenset(self.texts_unless.split())

    def hazard(self, option: str) -> str:
        """Why an option is hazardous; empty when it is not. Long ones may be abbreviated."""
        if option in self.hazards:
            return self.hazards[option]
        if self.joined:
            return next((why for h, why in self.hazards.items() if option.startswith(h)), "")
        if not option.startswith("--") or len(option) < 3 or self.single:
            return ""
        return next((why for h, why in self.hazards.items() if h.startswith(option)), "")

    def shortens(self, option: str) -> bool:
        """Whether a long option stands for one whose value is text, without its whole name."""
        texts = self.text_options
        return (
            option.startswith("--")
            and option not in texts
            and any(text.startswith(option) for text in texts)
        )


UNKNOWN = Program(
    runs="--exec= --exec-path= --execute= --eval= --command= --cmd= --run= --shell= --script= "
    "--plugin= --plugins= --preload= --require= --import= --load= --loader= --hook= --pre= "
    "--post= --pager= --editor= --init= --rcfile= --extension= --module= -c= -e=",
    writes="--output= --outfile= --out-file= --output-file= --output-dir= --outdir= --log-file= "
    "--logfile= --report= --dump= --save= --in-place --inplace --write -o= -i",
    moves="--config= --config-file= --directory= --chdir= --cwd= --root= --prefix= -C=",
)
"""What a program that is not in the table could mean by its options."""

CARRIES = Program(carries=True, code="all")
"""A program that runs what its operands say."""
