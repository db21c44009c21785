"""A tool call asks with what would really run, runs what was allowed, and tells how it went."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.conftest import Kind, Launch
from tests.contract.driver import Sidecar


def call(name: str, **arguments: Any) -> str:
    return f"@tool {name} {json.dumps(arguments)}"


def ask(sidecar: Sidecar, prompt: str) -> sc.Ask:
    sidecar.prompt(prompt)
    return sidecar.next(sc.Ask)


def test_a_command_asks_with_its_words_and_directory(sidecar: Sidecar) -> None:
    asked = ask(sidecar, call("bash", command="echo hi > out.txt"))
    request = asked.request
    assert (request.tool, request.access) == ("bash", "run")
    assert request.command == "echo hi > out.txt"
    assert request.cwd == os.fspath(sidecar.cwd)
    assert len(request.digest) >= 32
    assert not sidecar.cwd.joinpath("out.txt").exists()
    sidecar.allow(asked)
    sidecar.end()
    assert sidecar.cwd.joinpath("out.txt").read_text() == "hi\n"


@pytest.mark.needs("own_shell")
def test_the_item_shows_what_the_call_is_doing(sidecar: Sidecar) -> None:
    sidecar.turn(call("bash", command="echo hi"))
    (opened,) = sidecar.opened("tool")
    closed = sidecar.closed(opened.item)
    changes = [line.tool for line in sidecar.all(sc.ItemChange) if line.tool.phase != "writing"]
    assert [tool.phase for tool in changes] == ["asking", "running"]
    assert msgspec.json.decode(changes[0].input) == {"command": "echo hi"}
    assert changes[0].title == "echo hi"
    assert closed.tool and (closed.tool.phase, closed.tool.exit_code) == ("ended", 0)
    assert (closed.status, sidecar.text(opened.item)) == ("done", "hi\n")


@pytest.mark.needs("groups")
def test_the_group_of_a_command_is_told_before_its_output(sidecar: Sidecar) -> None:
    sidecar.turn(call("bash", command="echo hi"))
    (opened,) = sidecar.opened("tool")
    group = sidecar.next(sc.Group)
    delta = next(line for line in sidecar.all(sc.ItemDelta) if line.item == opened.item)
    assert group.item == opened.item
    assert sidecar.index(group) < sidecar.index(delta)
    assert sidecar.next(sc.GroupEnd).pgid == group.pgid


@pytest.mark.needs("early_output")
def test_output_streams_while_the_command_runs(sidecar: Sidecar) -> None:
    sidecar.cwd.mkdir(exist_ok=True)
    os.mkfifo(sidecar.cwd / "door")
    sidecar.prompt(call("bash", command="echo first; read x < door; echo $x"))
    sidecar.allow(sidecar.next(sc.Ask))
    assert sidecar.next(sc.ItemDelta).text == "first\n"
    (sidecar.cwd / "door").write_text("second\n")
    sidecar.end()
    assert sidecar.text(sidecar.opened("tool")[0].item) == "first\nsecond\n"


@pytest.mark.needs("own_shell")
@pytest.mark.fresh
def test_the_exit_code_is_told_to_people_and_to_the_model(sidecar: Sidecar) -> None:
    sidecar.turn(f"{call('bash', command='echo no; exit 3')} @then @echo-history")
    closed = sidecar.closed(sidecar.opened("tool")[0].item)
    assert closed.status == "failed"
    assert closed.tool and closed.tool.exit_code == 3
    assert "exited with code 3" in sidecar.texts()[0]


@pytest.mark.needs("own_shell")
def test_output_is_text_whatever_the_command_prints(sidecar: Sidecar) -> None:
    sidecar.turn(call("bash", command="printf 'naïve \\342\\200\\250 日本 🎉\\n'"))
    assert sidecar.text(sidecar.opened("tool")[0].item) == "naïve \u2028 日本 🎉\n"


def test_a_command_reads_nothing_of_the_sidecars_input(sidecar: Sidecar) -> None:
    assert sidecar.turn(call("bash", command="cat")).reason == "done"


@pytest.mark.needs("parallel_commands")
def test_calls_of_one_round_ask_at_once_and_run_as_they_are_allowed(sidecar: Sidecar) -> None:
    calls = [call("bash", command=f"echo {name}") for name in ("one", "two")]
    sidecar.prompt(" ".join(calls))
    first = sidecar.next(sc.Ask)
    second = sidecar.next(sc.Ask, after=first)
    assert {first.request.command, second.request.command} == {"echo one", "echo two"}
    sidecar.allow(second)
    assert sidecar.closed(second.item).status == "done"
    assert not [line for line in sidecar.all(sc.ItemClose) if line.item == first.item]
    sidecar.allow(first)
    assert sidecar.end().reason == "done"


@pytest.mark.needs("reasons")
@pytest.mark.fresh
def test_the_reason_of_a_denial_reaches_the_model(sidecar: Sidecar) -> None:
    asked = ask(sidecar, f"{call('bash', command='touch made')} @then @echo-history")
    sidecar.deny(asked, "Use the makefile instead.")
    assert sidecar.end().reason == "done"
    closed = sidecar.closed(asked.item)
    assert closed.status == "failed"
    assert closed.tool and "Use the makefile instead." in closed.tool.error
    assert "Use the makefile instead." in sidecar.texts()[0]
    assert not sidecar.cwd.joinpath("made").exists()


def test_an_answer_that_comes_again_changes_nothing(sidecar: Sidecar) -> None:
    """A deny on a full disk is told at once, and once more when it is stored."""
    asked = ask(
        sidecar, f"{call('bash', command='touch made')} @then {call('bash', command='echo')}"
    )
    sidecar.deny(asked)
    second = sidecar.next(sc.Ask, asked)
    sidecar.deny(asked)
    sidecar.allow(asked)
    sidecar.allow(second)
    sidecar.end()
    assert not sidecar.cwd.joinpath("made").exists()


def test_a_denied_command_never_began(sidecar: Sidecar) -> None:
    sidecar.deny(ask(sidecar, call("bash", command="touch made")))
    sidecar.end()
    assert not sidecar.all(sc.Group)


@pytest.mark.needs("file_tools")
def test_reading_asks_with_the_real_path(sidecar: Sidecar) -> None:
    real = sidecar.place / "elsewhere.txt"
    real.write_text("secret\n")
    (sidecar.cwd / "link.txt").symlink_to(real)
    asked = ask(sidecar, call("read", path="link.txt"))
    assert (asked.request.tool, asked.request.access) == ("read", "read")
    assert asked.request.paths == [os.fspath(real)]
    sidecar.allow(asked)
    sidecar.end()
    assert "secret" in sidecar.text(asked.item)


@pytest.mark.needs("file_tools")
@pytest.mark.needs("listing")
def test_listing_asks_too(sidecar: Sidecar) -> None:
    (sidecar.cwd / "a.txt").touch()
    asked = ask(sidecar, call("ls", path="."))
    assert (asked.request.access, asked.request.paths) == ("list", [os.fspath(sidecar.cwd)])
    sidecar.allow(asked)
    sidecar.end()
    assert "a.txt" in sidecar.text(asked.item)


@pytest.mark.needs("file_tools")
def test_writing_asks_with_the_change_and_makes_that_change(sidecar: Sidecar) -> None:
    path = sidecar.cwd / "deep" / "new.txt"
    asked = ask(sidecar, call("write", path="deep/new.txt", content="one\ntwo\n"))
    assert (asked.request.tool, asked.request.access) == ("write", "write")
    assert asked.request.paths == [os.fspath(path)]
    assert "+one" in asked.request.diff
    assert not path.parent.exists()
    sidecar.allow(asked)
    sidecar.end()
    assert path.read_text() == "one\ntwo\n"


@pytest.mark.needs("file_tools")
def test_editing_asks_with_a_unified_diff(sidecar: Sidecar) -> None:
    path = sidecar.cwd / "a.txt"
    path.write_text("one\ntwo\nthree\n")
    edits = [{"oldText": "two", "newText": "$& 2"}]
    asked = ask(sidecar, call("edit", path="a.txt", edits=edits))
    assert asked.request.access == "edit"
    assert "-two" in asked.request.diff and "+$& 2" in asked.request.diff
    sidecar.allow(asked)
    sidecar.end()
    assert path.read_text() == "one\n$& 2\nthree\n"
    closed = sidecar.closed(asked.item)
    assert closed.tool and "+$& 2" in closed.tool.diff


@pytest.mark.needs("file_tools")
@pytest.mark.needs("second_look")
def test_a_file_that_changed_meanwhile_is_asked_about_again(sidecar: Sidecar) -> None:
    path = sidecar.cwd / "meanwhile.txt"
    path.write_text("one\n")
    asked = ask(sidecar, call("write", path="meanwhile.txt", content="two\n"))
    path.write_text("other\n")
    sidecar.allow(asked)
    again = sidecar.next(sc.Ask, after=asked)
    assert (again.supersedes, again.item) == (asked.ask, asked.item)
    assert "-other" in again.request.diff
    assert again.request.digest != asked.request.digest
    assert path.read_text() == "other\n"
    sidecar.deny(again)
    sidecar.end()
    assert path.read_text() == "other\n"


def test_the_digest_is_of_what_would_run(sidecar: Sidecar) -> None:
    commands = ["echo a", "echo a", "echo b"]
    for number, command in enumerate(commands):
        sidecar.turn(call("bash", command=command), f"T{number}")
    one, same, other = (line.request.digest for line in sidecar.all(sc.Ask))
    assert one == same != other


@pytest.mark.needs("long_prompts")
@pytest.mark.fresh
def test_arguments_longer_than_a_line_arrive_whole(sidecar: Sidecar) -> None:
    content = "日本 🎉\n" * 200_000
    end = sidecar.turn(call("write", path="big.txt", content=content))
    assert end.reason == "done"
    # They may come after the request, which does not wait for them.
    given = [msgspec.json.decode(line.tool.input) for line in sidecar.all(sc.ItemChange)]
    assert content in [arguments.get("content") for arguments in given]
    assert sidecar.cwd.joinpath("big.txt").read_text() == content


@pytest.mark.parametrize(
    "attempt",
    [
        call("bash", command="touch made"),
        call("write", path="made", content="x"),
        call("edit", path="kept", edits=[{"oldText": "a", "newText": "b"}]),
    ],
    ids=["bash", "write", "edit"],
)
@pytest.mark.needs("tool_choice")
def test_readonly_has_no_tool_that_changes_anything(launch: Launch, attempt: str) -> None:
    running = launch()
    running.cwd.joinpath("kept").write_text("a")
    running.start(level="readonly")
    end = running.turn(f"{attempt} @then @text done")
    assert end.reason == "done"
    assert not running.all(sc.Ask)
    assert running.closed(running.opened("tool")[0].item).status == "failed"
    assert [path.name for path in running.cwd.iterdir()] == ["kept"]
    assert running.cwd.joinpath("kept").read_text() == "a"


def test_readonly_reads_when_it_is_allowed(launch: Launch) -> None:
    running = launch()
    running.cwd.joinpath("a.txt").write_text("hello")
    running.start(level="readonly")
    running.turn(call("read", path="a.txt"))
    assert "hello" in running.text(running.opened("tool")[0].item)


@pytest.mark.needs("tool_choice")
@pytest.mark.fresh
def test_a_level_changes_in_a_live_session(sidecar: Sidecar) -> None:
    attempt = f"{call('bash', command='touch made')} @then @text done"
    sidecar.ask_for(sc.Configure(sidecar.id(), level="readonly"))
    sidecar.turn(attempt)
    assert not sidecar.all(sc.Ask)
    sidecar.ask_for(sc.Configure(sidecar.id(), level="standard"))
    sidecar.turn(attempt, "T2")
    assert len(sidecar.all(sc.Ask)) == 1
    assert sidecar.cwd.joinpath("made").exists()


@pytest.mark.needs("catalogue")
@pytest.mark.fresh
def test_a_model_changes_in_a_live_session(sidecar: Sidecar) -> None:
    answer = sidecar.ask_for(sc.Configure(sidecar.id(), model="fake/large"))
    assert msgspec.json.decode(answer, type=sc.Started).model == "fake/large"
    sidecar.turn("@text ok")
    assert sidecar.opened("message")[0].model == "fake/large"


@pytest.mark.needs("file_tools")
def test_a_workspace_behind_a_link_is_worked_in(kind: Kind, tmp_path: Path) -> None:
    running = kind.launch(tmp_path / "linked")
    link = tmp_path / "link"
    link.symlink_to(running.cwd)
    running.cwd.joinpath("a.txt").write_text("hello")
    running.start(cwd=link)
    asked = ask(running, call("read", path="a.txt"))
    assert asked.request.paths == [os.fspath(running.cwd / "a.txt")]
    running.allow(asked)
    assert running.end().reason == "done"
