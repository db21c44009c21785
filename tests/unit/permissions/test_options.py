"""The tables of programs are data: they have to be well-formed, and to say what people expect."""

import itertools
import re

import pytest

from claudetted.permissions import programs
from claudetted.permissions.options import KINDS, UNKNOWN, Arity, options_of
from claudetted.permissions.tables import (
    TABLE,
    archives,
    changing,
    git,
    javascript,
    languages,
    network,
    python,
    reading,
    searching,
    services,
    shell,
)

FAMILIES = (
    archives,
    changing,
    git,
    javascript,
    languages,
    network,
    python,
    reading,
    searching,
    services,
    shell,
)


def test_every_program_is_in_one_family() -> None:
    assert sum(len(family.PROGRAMS) for family in FAMILIES) == len(TABLE)


@pytest.mark.parametrize("key", TABLE)
def test_an_entry_is_well_formed(key: str) -> None:
    entry = TABLE[key]
    named = [*entry.hazards, *entry.hazardous_valued, *entry.replacing, *entry.deep_options]
    for name in named:
        assert name.startswith("-") or name in ("@", "VAR", "REF", "always"), name
    for name in (*named, *entry.options):
        short = entry.single or name.startswith("--") or len(name) <= 3
        assert short or name in ("@", "VAR", "REF", "always", "-NUM", "-ANY"), name
    for one, other in itertools.combinations((entry.runs, entry.writes, entry.moves), 2):
        assert not set(one.split()) & set(other.split())
    assert not entry.options.keys() & entry.hazards.keys()
    assert entry.ending <= entry.options.keys()
    assert not entry.harmless or entry.known
    assert not entry.tail or entry.tail in TABLE
    for arity in entry.options.values():
        for kind in arity.kinds:
            assert re.compile(KINDS.get(kind, kind))


@pytest.mark.parametrize("key", [key for key in TABLE if " " in key and key.split()[0] != "a"])
def test_a_subcommand_has_a_program_that_knows_it(key: str) -> None:
    parent, operand = key.rsplit(" ", 1)
    program = parent.split(" ")[0]
    if program == "rustc's":
        return
    assert program in TABLE
    above = TABLE.get(parent) or TABLE[f"{program} *"]
    assert above.sub or parent.endswith("*"), operand


def test_a_program_is_known_however_it_is_called() -> None:
    assert programs.program("/usr/bin/git") == ("git", TABLE["git"])
    assert programs.program("frob")[1] is UNKNOWN
    assert programs.subcommand("git", "log") == ("git log", TABLE["git log"])
    assert programs.subcommand("git", "frob")[1] is UNKNOWN
    assert programs.subcommand("frob", "x")[1] is UNKNOWN


def test_what_options_take_is_written_down_once() -> None:
    table = options_of("-i --color[=always|never] -n=num -j[?num] --arg=text+path")
    assert table == {
        "-i": Arity(),
        "--color": Arity(("always|never",), optional=True),
        "-n": Arity(("num",)),
        "-j": Arity(("num",), optional=True, adopts=True),
        "--arg": Arity(("text", "path")),
    }
    with pytest.raises(ValueError):
        options_of("--x=")


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("num", "-5", True),
        ("num", "10M", True),
        ("num", "1,20", True),
        ("num", "/etc", False),
        ("num", "5 /etc", False),
        ("word", "a.b-c", True),
        ("word", "-x", False),
        ("word", "a/b", False),
        ("name", "a.json", False),
        ("header", "Accept: x", True),
        ("header", "@file", False),
        ("report", "%{http_code}\\n", True),
        ("report", "@file", False),
        ("report", "%output{x}", False),
        ("null", "/dev/null", True),
        ("null", "out", False),
        ("local", "host:file", False),
        ("no", "no:cacheprovider", True),
        ("no", "evil", False),
        ("warning", "error::UserWarning", True),
        ("warning", "error::evil.X", False),
        ("fields", "jsonpath={.items}", True),
        ("fields", "jsonpath-file=x", False),
        ("stylish|json", "json", True),
        ("stylish|json", "./json", False),
    ],
)
def test_what_a_value_may_be(kind: str, value: str, fits: bool) -> None:
    assert Arity((kind,)).fits(value) == fits
