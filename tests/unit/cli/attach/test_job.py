"""The seat's job: it is not stopped in the middle of a start."""

import os
import signal
import subprocess
import threading

import pytest

from claudette_cli.attach import job


def test_a_job_stops_once_what_is_being_started_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    starting, go_on = threading.Event(), threading.Event()
    popen = subprocess.Popen

    def slowly(*args: object, **options: object) -> subprocess.Popen[bytes]:
        starting.set()
        go_on.wait()
        happened.append("started")
        return popen(*args, **options)  # type: ignore[call-overload]

    def kill(pid: int, signum: int) -> None:
        assert (pid, signum) == (0, signal.SIGTSTP)
        happened.append("stopped")

    def start() -> None:
        with job.start(["true"]) as running:
            running.communicate()

    monkeypatch.setattr(subprocess, "Popen", slowly)
    monkeypatch.setattr(os, "kill", kill)
    thread = threading.Thread(target=start)
    thread.start()
    starting.wait()
    threading.Timer(0.05, go_on.set).start()
    job.stop()
    thread.join()
    assert happened == ["started", "stopped"]
