"""Owns the commands `doctor` and `bug-report`."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from itertools import chain

from claudette_cli.commands import options
from claudette_cli.doctor import daemon, machine
from claudette_cli.doctor.finding import NOTE, OK, PROBLEM
from claudette_cli.exits import DONE, FAILED, Failure
from claudette_cli.terminal.output import Terminal, attended, harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from claudette_cli.doctor.finding import Finding

_INDENT = " " * 15
_MARKS = {OK: ("✓", "green"), NOTE: ("!", "yellow"), PROBLEM: ("✗", "red")}


def declare_doctor(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--fix", action="store_true", help="do what can be done without harm, such as a restart"
    )
    options.json(parser)


def run_doctor(arguments: Namespace) -> int:
    """Fails while a problem is left."""
    told, left = [], 0
    for finding in chain(machine.look(), daemon.look()):
        fixed = bool(arguments.fix and finding.repair and _repaired(finding))
        left += finding.state == PROBLEM and not fixed
        row = {name: value for name, value in asdict(finding).items() if name != "repair"}
        told.append(row | {"fixable": finding.repair is not None, "fixed": fixed})
        if not arguments.json:
            _say(finding, fixed=fixed, fixing=arguments.fix)
    if arguments.json:
        output().json(told)
    elif left:
        output().say(f"\n{left} problem{'s' * (left != 1)} left.")
    return FAILED if left else DONE


def _repaired(finding: Finding) -> bool:
    assert finding.repair
    try:
        finding.repair()
    except (Failure, OSError) as failed:
        output().say(f"{finding.name} could not be repaired: {harmless(str(failed))}")
        return False
    return True


def _say(finding: Finding, *, fixed: bool, fixing: bool) -> None:
    terminal = output()
    mark, colour = _MARKS[OK if fixed else finding.state]
    said = _wrapped(f"{finding.said}{', repaired' * fixed}", terminal)
    terminal.say(f"{terminal.paint(mark, colour)} {finding.name:<12} {said}")
    if finding.advice and not fixed:
        how = " (or: claudette doctor --fix)" if finding.repair and not fixing else ""
        advice = _wrapped(f"{finding.advice}{how}", terminal)
        terminal.say(f"{_INDENT}{terminal.paint(advice, 'dim')}")


def _wrapped(text: str, terminal: Terminal) -> str:
    """Beside the names, on as many lines as it takes."""
    room = terminal.room(len(_INDENT) + 1)
    return f"\n{_INDENT}".join(textwrap.wrap(harmless(text), room, break_on_hyphens=False))


def declare_bug_report(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output", metavar="FILE", help="where to write it; without: claudette-report.txt here"
    )
    parser.add_argument("--show", action="store_true", help="print it and write nothing")


def run_bug_report(arguments: Namespace) -> int:
    from claudette_cli.doctor.report import FILE, compose

    text = compose()
    if arguments.show:
        output().say(harmless(text))
        return DONE
    path = arguments.output or FILE
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Failure(f"{path} exists; name another file with --output.") from None
    except OSError as fault:
        raise Failure(f"{path} cannot be written: {fault.strerror}.") from None
    output().say(f"Wrote {path}: {len(text.splitlines())} lines of text, without keys, messages,")
    output().say("commands and answers. Read it before you send it to anybody.")
    if attended():
        output().say(output().paint(f"less {path}", "dim"))
    return DONE


VERBS = {
    "doctor": (declare_doctor, run_doctor),
    "bug-report": (declare_bug_report, run_bug_report),
}
