"""A sidecar introduces itself, then opens the session it is told to open, or says why not."""

import os
import stat
from pathlib import Path

import msgspec
import pytest

from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import SIDECAR_LEVEL
from tests.contract.conftest import Kind, Launch
from tests.contract.driver import Refused, Sidecar


def test_it_says_hello_before_anything_else(kind: Kind, launch: Launch) -> None:
    running = launch()
    hello = running.next(sc.Hello)
    assert running.lines[0] is hello
    assert (hello.level, hello.harness) == (SIDECAR_LEVEL, kind.harness)
    assert hello.pid == running.process.pid
    assert hello.version
    assert hello.agent_version not in ("", "0.0.0")


@pytest.mark.needs("window")
def test_a_new_session_is_in_its_own_directory(launch: Launch) -> None:
    running = launch()
    started = running.start()
    assert Path(started.session_path).parent == running.session_dir
    assert started.model == "fake/small"
    assert started.context_window == 40_000


@pytest.mark.fresh
def test_a_session_is_private_to_the_user(sidecar: Sidecar) -> None:
    sidecar.turn("@text ok")
    sidecar.ask_for(sc.Dispose(sidecar.id()))  # Else files come and go while they are looked at.
    assert sidecar.to_end() == 0
    for path in sidecar.session_dir.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_session_goes_on_where_it_was(launch: Launch) -> None:
    first = launch()
    path = first.start().session_path
    first.turn("Remember the number 7.")
    first.ask_for(sc.Dispose(first.id()))

    second = launch()
    started = second.start(session_path=path)
    second.turn("@echo-history")
    assert started.session_path == path
    assert "Remember the number 7." in second.texts()[0]
    assert "You said: Remember the number 7." in second.texts()[0]


def test_a_session_in_which_nothing_was_said_goes_on_too(launch: Launch) -> None:
    first = launch()
    path = first.start().session_path
    first.ask_for(sc.Dispose(first.id()))

    second = launch()
    assert second.start(session_path=path).session_path == path
    assert second.turn("@text ok").reason == "done"


def test_a_session_survives_the_death_of_its_sidecar(launch: Launch) -> None:
    first = launch()
    path = first.start().session_path
    first.turn("Remember the number 7.")
    first.prompt('@tool bash {"command":"echo never"}', "T2")
    first.next(sc.Ask)
    first.close()

    second = launch()
    second.start(session_path=path)
    second.turn("@echo-history")
    assert "Remember the number 7." in second.texts()[0]


@pytest.mark.needs("transcript")
def test_two_newer_sessions_are_not_mistaken_for_the_stored_one(launch: Launch) -> None:
    first = launch()
    path = first.start().session_path
    first.turn("Remember the number 7.")
    first.ask_for(sc.Dispose(first.id()))
    first.session_dir.joinpath("9999-later.jsonl").write_bytes(Path(path).read_bytes())

    second = launch()
    assert second.start(session_path=path).session_path == path


def test_a_session_that_is_gone_is_an_error(launch: Launch, tmp_path: Path) -> None:
    running = launch()
    with pytest.raises(Refused) as refused:
        running.start(session_path=os.fspath(tmp_path / "elsewhere" / "gone.jsonl"))
    assert refused.value.error.name == "HarnessFailed"
    assert "gone.jsonl" in refused.value.error.message


def test_a_session_that_cannot_be_read_is_an_error(launch: Launch) -> None:
    running = launch()
    path = running.session_dir / "torn.jsonl"
    path.write_bytes(b"\x00\x01 this is no session\n")
    with pytest.raises(Refused) as refused:
        running.start(session_path=os.fspath(path))
    assert refused.value.error.name == "HarnessFailed"


@pytest.mark.needs("model_names")
def test_an_unknown_model_is_an_error_with_the_nearest_names(launch: Launch) -> None:
    running = launch()
    with pytest.raises(Refused) as refused:
        running.start(model="fake/smal")
    assert refused.value.error.name == "ModelUnknown"
    assert refused.value.error.data["model"] == "fake/smal"
    assert refused.value.error.data["nearest"][0] == "fake/small"


@pytest.mark.needs("model_names")
def test_after_a_failed_start_another_one_may_succeed(launch: Launch) -> None:
    running = launch()
    with pytest.raises(Refused):
        running.start(model="fake/nothing")
    assert running.start().model == "fake/small"


@pytest.mark.needs("catalogue")
def test_without_a_model_the_configured_default_is_used(launch: Launch) -> None:
    assert launch().start(model="").model == "fake/small"


def test_nothing_can_be_asked_of_a_session_that_is_not_there(launch: Launch) -> None:
    running = launch()
    with pytest.raises(Refused):
        running.prompt("hello")
    running.abort()


@pytest.mark.needs("model_names")
@pytest.mark.needs("models_alone")
def test_the_models_are_listed_without_a_session(launch: Launch) -> None:
    running = launch()
    answer = running.ask_for(sc.Models(running.id()))
    models = msgspec.json.decode(answer, type=sc.ModelList).models
    assert {model.id for model in models} >= {"fake/small", "fake/large"}
    assert {model.provider for model in models} == {"fake"}
