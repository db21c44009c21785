"""The table of programs is data: it has to be well-formed, and to say what people expect."""

import itertools

import pytest

from claudetted.permissions import knowledge, options_files, options_tools
from claudetted.permissions.options import UNKNOWN, Program

TABLE = {**options_files.PROGRAMS, **options_tools.PROGRAMS}


@pytest.mark.parametrize("key", TABLE)
def test_an_entry_is_well_formed(key: str) -> None:
    entry = TABLE[key]
    assert key not in options_files.PROGRAMS or key not in options_tools.PROGRAMS
    names = [*entry.hazards, *entry.valued, *entry.idle_options, *entry.replacing]
    for name in names:
        assert name.startswith("-") or name in ("@", "VAR", "REF"), name
        assert entry.single or name.startswith("--") or len(name) <= 3, name
    for one, other in itertools.combinations((entry.runs, entry.writes, entry.moves), 2):
        assert not set(one.split()) & set(other.split())
    assert not entry.text_options & entry.hazards.keys()


@pytest.mark.parametrize("key", [key for key in TABLE if " " in key])
def test_a_subcommand_has_a_program_that_knows_it(key: str) -> None:
    parent, operand = key.rsplit(" ", 1)
    program = parent.split(" ")[0]
    assert program in TABLE
    above = TABLE.get(parent) or TABLE[f"{program} *"]
    assert above.sub or parent.endswith("*"), operand


def test_a_program_is_known_however_it_is_called() -> None:
    assert knowledge.program("/usr/bin/git") == ("git", TABLE["git"])
    assert knowledge.program("frob")[1] is UNKNOWN
    assert knowledge.subcommand("git", "log") == ("git log", TABLE["git log"])
    assert knowledge.subcommand("git", "frob") == ("git *", TABLE["git *"])
    assert knowledge.subcommand("frob", "x")[1] is UNKNOWN


def test_a_long_option_is_hazardous_abbreviated_too() -> None:
    program = Program(runs="--pre= -x", writes="--output=")
    assert program.hazard("--out") and program.hazard("--output") and program.hazard("--p")
    assert program.hazard("-x")
    assert not program.hazard("--outputs") and not program.hazard("--pretty")
    assert not program.hazard("-o") and not program.hazard("--")
