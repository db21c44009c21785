"""Owns the command `batch`: its options, and its exit code."""

from __future__ import annotations

from claudette_cli.client import creating
from claudette_cli.commands import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from claudette_cli.batch.reading import Entry
    from claudette_cli.batch.record import Record
    from claudette_cli.batch.running import Job

_PARALLEL = 4


def declare_batch(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="YAML: a list of entries with prompt and, where wanted, cwd (relative to the file), "
        "images (a path or several, relative to the file), title, model, agent, backend, level, "
        "thinking and timeout (seconds)",
    )
    parser.add_argument(
        "--parallel",
        type=options.at_least_one,
        default=_PARALLEL,
        metavar="N",
        help=f"how many chats run at once ({_PARALLEL})",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="skip what is done by the record beside the file, and go on with what was begun",
    )
    options.patient(parser)
    options.how_to_work(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print a JSON line for each entry: entry, cwd, outcome, code, chatId, seconds, turn, "
        "text and why",
    )


def run_batch(arguments: Namespace) -> int:
    from claudette_cli.batch.printing import Lines, Rows
    from claudette_cli.batch.reading import read
    from claudette_cli.batch.record import Record
    from claudette_cli.batch.running import BEFORE, Batch, worst

    entries = read(arguments.file, creating.chosen(arguments))
    with Record(arguments.file, resume=arguments.resume) as record:
        jobs = _jobs(entries, record)
        shown = Lines(jobs) if arguments.json else Rows(jobs)
        for job in jobs:
            if job.outcome == BEFORE:
                shown.told(job)
        try:
            Batch(record, patient=arguments.patient, told=shown.told).run(jobs, arguments.parallel)
        finally:
            shown.end()
    return worst(jobs)


def _jobs(entries: list[Entry], record: Record) -> list[Job]:
    """The entries with what an earlier run has made of them."""
    from claudette_cli.batch.running import BEFORE, LEFT, Job

    jobs: list[Job] = []
    for entry in entries:
        key = entry.key([job.key for job in jobs])
        known = record.known.get(key, {})
        outcome = BEFORE if known.get("outcome") == "done" else LEFT
        jobs.append(Job(entry, key, known.get("chatId", ""), outcome))
    return jobs


VERBS = {"batch": (declare_batch, run_batch)}
